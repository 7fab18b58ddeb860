"""Viewers' own marks, burned into the segments that each of them gets."""
