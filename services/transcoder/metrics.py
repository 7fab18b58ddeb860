"""Metrics of the transcoder; no label names a stream."""

from prometheus_client import Counter, Gauge

LADDERS = Gauge("weir_transcoder_ladders", "Sessions whose rungs this process makes.")
SLOTS = Gauge("weir_transcoder_slots_taken", "Cores that the sessions taken on are judged to need.")
REFUSED = Counter("weir_transcoder_refused_total", "Offers that there was no room for.")
TAKES = Counter("weir_transcoder_takes_total", "Processes that were begun.")
FAILURES = Counter("weir_transcoder_failures_total", "Processes that did not do.", ["cause"])
SHED = Counter("weir_transcoder_shed_total", "Times that a rung was left out for speed.")
FENCED = Counter("weir_transcoder_fenced_total", "Sessions given up because of a newer epoch.")
FINITE_SLOTS = Gauge(
    "weir_transcoder_finite_slots_taken", "Cores that the finite jobs begun here may use."
)
ATTEMPTS = Counter("weir_transcoder_attempts_total", "Ends of finite jobs' attempts.", ["outcome"])
PAUSED = Counter(
    "weir_transcoder_paused_total", "Times that a finite job was paused for live streams."
)
