"""The CPU farm: the rungs of live streams."""
