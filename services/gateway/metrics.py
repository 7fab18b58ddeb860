"""The gateway's metrics; labels have a handful of values each."""

from collections import defaultdict
from collections.abc import Iterator

from prometheus_client import REGISTRY, Counter, Gauge
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector


class Tally(Collector):
    """A counter per route without a lock, counted by the event loop's thread only.

    Two locked increments would cost as much as the rest of a small answer.
    """

    def __init__(self, name: str, documentation: str) -> None:
        self.counts: defaultdict[str, int] = defaultdict(int)
        self._name = name
        self._documentation = documentation
        REGISTRY.register(self)

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self._name, self._documentation, labels=["route"])
        for route, count in list(self.counts.items()):
            family.add_metric([route], count)
        yield family


REQUESTS = Tally("weir_gateway_requests", "Media requests answered.")
BYTES = Tally("weir_gateway_bytes", "Bytes of media sent.")
VIEWERS = Gauge("weir_gateway_viewers", "Viewers that are connected now.", ["kind"])
REFUSALS = Counter("weir_gateway_refusals", "Requests for media that got 403.", ["reason"])
MISSES = Counter("weir_gateway_misses", "Media requests that memory could not answer.", ["route"])
STORE_READS = Counter("weir_gateway_store_reads", "Objects asked of the store.")
CACHE_BYTES = Gauge("weir_gateway_cache_bytes", "Segments and init segments in memory.")
SKIPS = Counter("weir_gateway_skips", "Slow FLV viewers that went on at a later keyframe.")
PULLS = Counter("weir_gateway_pulls", "FLV pulls begun from ingest.")
ORIGIN_FAILURES = Counter(
    "weir_gateway_origin_failures", "Calls to other services that got no answer.", ["service"]
)
CHAT_PARTICIPANTS = Gauge("weir_gateway_chat_participants", "Connections to chats now.")
CHAT_MESSAGES = Counter(
    "weir_gateway_chat_messages", "Messages to chats, said or why not.", ["outcome"]
)
CHAT_FRAMES = Counter("weir_gateway_chat_frames", "Times that a participant was told something.")
CHAT_DROPS = Counter("weir_gateway_chat_drops", "Participants that were cut off.", ["reason"])
