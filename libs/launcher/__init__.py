"""Embedded mode and the CLI `weir`: the same six services and a real NATS server, on one machine."""
