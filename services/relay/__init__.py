"""Outbound pushes to other platforms: one job per session and target."""
