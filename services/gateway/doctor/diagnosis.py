"""From vitals to findings: pure, one function an illness."""

from collections.abc import Callable

from libs.vitals import Vitals
from services.gateway.doctor import encoder, line, missing, timing
from services.gateway.doctor.finding import RANK, Finding

WARM_UP_S = 10.0
"""Of a younger publish nothing is said: encoders begin with what they have saved up."""

Diagnose = Callable[[Vitals], Finding | None]

DIAGNOSES: tuple[Diagnose, ...] = (
    line.upload_stopped,
    missing.video_stopped,
    missing.audio_stopped,
    line.upload_slow,
    line.upload_stalls,
    line.too_fast,
    timing.tracks_apart,
    encoder.gop_long,
    line.reconnects,
    timing.timestamp_jumps,
    timing.picture_changed,
    timing.clock_drift,
    missing.audio_missing,
    missing.audio_silent,
    encoder.frame_rate_unsteady,
    encoder.bitrate_unsteady,
    missing.video_missing,
    encoder.b_frames,
)


def diagnose(vitals: Vitals) -> list[Finding]:
    """What is wrong, the worst first; nothing of what has only just begun."""
    if vitals.age_s < WARM_UP_S:
        return []
    found = [finding for look in DIAGNOSES if (finding := look(vitals)) is not None]
    return sorted(found, key=lambda finding: RANK[finding.severity])
