"""Metrics of the packager; no label names a stream."""

from prometheus_client import Counter, Gauge, Histogram

SESSIONS = Gauge("weir_packager_sessions", "Sessions that this process packages.")
SEGMENTS = Counter("weir_packager_segments_total", "Segments cut.")
PARTS = Counter("weir_packager_parts_total", "Parts cut.")
RENDERS = Counter("weir_playlist_renders_total", "Media playlists rendered.")
DISCARDED = Counter("weir_packager_discarded_total", "Objects deleted after retention let go.")
MOVED = Counter(
    "weir_packager_moved_total", "Segments moved between the stores, by where they went.", ["to"]
)
MOVED_BYTES = Counter(
    "weir_packager_moved_bytes_total",
    "Bytes copied between the stores, by where they went.",
    ["to"],
)
NOT_MOVED = Counter(
    "weir_packager_not_moved_total", "Segments left where they are: missing, altered.", ["why"]
)
MOVES_WAIT = Gauge(
    "weir_packager_moves_wait", "1 while something keeps moves between the stores from being done."
)
LOST = Counter("weir_packager_segments_lost_total", "Segments that will never be stored.")
FENCED = Counter("weir_packager_fenced_total", "Sessions given up because of a newer epoch.")
PULLS = Counter("weir_packager_pulls_total", "Pulls from ingest that were begun.")
PENDING = Gauge("weir_packager_pending_bytes", "Segments cut but not yet in the spool.")
SPOOLED = Histogram(
    "weir_packager_spool_seconds",
    "From a segment's cut until it outlives the process.",
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
