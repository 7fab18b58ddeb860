"""What ingest counts; never a stream id in a label."""

from collections.abc import Iterator

from prometheus_client import REGISTRY, Counter, Gauge
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector


class Flow(Collector):
    """Counts per tag, without a lock: only the event loop's thread counts."""

    def __init__(self) -> None:
        self.bytes = 0
        self.tags = 0
        self.bad_tags = 0
        self.rung_bytes = 0

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily("weir_ingest_bytes", "Media from publishers.", value=self.bytes)
        yield CounterMetricFamily(
            "weir_ingest_rung_bytes", "Media of rungs, from transcoders.", value=self.rung_bytes
        )
        yield CounterMetricFamily("weir_ingest_tags", "Tags from publishers.", value=self.tags)
        yield CounterMetricFamily(
            "weir_ingest_bad_tags", "Tags left out because they could not be read.",
            value=self.bad_tags,
        )  # fmt: skip


FLOW = Flow()
REGISTRY.register(FLOW)
PUBLISHERS = Gauge("weir_ingest_publishers", "Publishers that are connected now.")
SESSIONS = Gauge("weir_ingest_sessions", "Sessions that have not ended.")
REFUSALS = Counter("weir_ingest_refusals", "Publishes that were refused.", ["code"])
LOST = Counter("weir_ingest_lost_tags", "Tags lost to the bound of a replay window.")
