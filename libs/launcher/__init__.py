"""Embedded mode and the CLI `weir`: the six services and a real NATS server on one machine."""
