"""Outbound pushes to other platforms, with per-target state. It has no targets yet."""
