"""What ingest counts; never a stream id in a label."""

from prometheus_client import Counter, Gauge

PUBLISHERS = Gauge("weir_ingest_publishers", "Publishers that are connected now.")
RECEIVED = Counter("weir_ingest_media_bytes_total", "Media bytes from publishers.")
REFUSALS = Counter("weir_ingest_refusals_total", "Publishes that were refused.", ["code"])
