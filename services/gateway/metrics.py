"""The gateway's metrics; labels have a handful of values each."""

from prometheus_client import Counter, Gauge

VIEWERS = Gauge("weir_gateway_viewers", "Viewers that are connected now.", ["kind"])
REQUESTS = Counter("weir_gateway_requests", "Media requests answered.", ["route"])
BYTES = Counter("weir_gateway_bytes", "Bytes of media sent.", ["route"])
MISSES = Counter("weir_gateway_misses", "Media requests that memory could not answer.", ["route"])
SKIPS = Counter("weir_gateway_skips", "Slow FLV viewers that went on at a later keyframe.")
PULLS = Counter("weir_gateway_pulls", "FLV pulls begun from ingest.")
ORIGIN_FAILURES = Counter(
    "weir_gateway_origin_failures", "Calls to other services that got no answer.", ["service"]
)
