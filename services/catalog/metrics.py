"""What the catalog counts. Labels never hold an id."""

from prometheus_client import Counter, Gauge

SEGMENTS = Counter(
    "weir_catalog_segments_total",
    "segment.ready facts by what became of them: stored, duplicate, orphan (other bytes).",
    ["outcome"],
)
SESSIONS_CLOSED = Counter(
    "weir_catalog_sessions_closed_total",
    "Sessions that the catalog itself closed, by cause.",
    ["cause"],
)
GRANTS = Counter(
    "weir_catalog_grants_total", "Asks to publish, by outcome: new, joined, refused.", ["outcome"]
)
DISCARDED = Counter("weir_catalog_discarded_total", "Rows that retention took out of the log.")
DISCARDED_FILES = Counter(
    "weir_catalog_discarded_files_total", "Files made of what was on air that retention let go of."
)
MOVED = Counter(
    "weir_catalog_moved_total",
    "Rows whose objects were moved, by the tier they are in now.",
    ["to"],
)
OFFERS = Counter("weir_catalog_offers_total", "Offers of live jobs, repeated ones included.")
OUTBOX_PENDING = Gauge("weir_catalog_outbox_pending", "Messages that are true and not yet said.")
DELIVERIES = Counter(
    "weir_catalog_webhook_deliveries_total",
    "Deliveries to webhooks, by what came of them: delivered, failed (once), dead (for good).",
    ["outcome"],
)
