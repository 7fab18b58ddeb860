"""Metrics of the relay; no label names a stream or a target."""

from prometheus_client import Counter, Gauge

RELAYS = Gauge("weir_relay_pushes", "Pushes that this process is about, by state.", ["state"])
CONNECTS = Counter("weir_relay_connects_total", "Connection attempts, by outcome.", ["outcome"])
FAILURES = Counter("weir_relay_failures_total", "Pushes that broke or never began.", ["cause"])
SENT_BYTES = Counter("weir_relay_sent_bytes_total", "Bytes sent to targets.")
SENT_FRAMES = Counter("weir_relay_sent_frames_total", "Frames sent to targets.")
SKIPPED_FRAMES = Counter(
    "weir_relay_skipped_frames_total", "Frames that targets were too slow for, or away."
)
FENCED = Counter("weir_relay_fenced_total", "Pushes given up because of a newer epoch.")
SENDING = Gauge("weir_relay_webhooks_sending", "Deliveries to webhooks that are being made.")
WEBHOOKS = Counter(
    "weir_relay_webhooks_total",
    "Attempts to deliver to webhooks, by outcome: taken, or the code of what went wrong.",
    ["outcome"],
)
