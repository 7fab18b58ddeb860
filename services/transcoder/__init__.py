"""The CPU farm: ladder rungs of live streams and finite media jobs. It takes no work yet."""
