"""What is wrong with a publisher's clocks and timestamps."""

from libs.vitals import Drift, Vitals
from services.gateway.doctor.finding import Finding, changes_of

DRIFT = 0.001
"""A thousandth: a minute and a half a day."""
MOST_DRIFT = 0.03
"""No clock is that wrong; a line may be that slow."""
DRIFT_MS = 100
SURE = 4
"""Standard deviations by which a drift must stand out."""
STALL_MS = 1_000
"""A stall that players without much of a buffer show."""
APART_MS = 500
SERIOUS_APART_MS = 2_000


def is_drifting(drift: Drift | None) -> bool:
    """Whether it is a clock that is off, and neither noise nor a line that is slow."""
    if drift is None or not DRIFT <= abs(drift.rate) < MOST_DRIFT:
        return False
    return abs(drift.rate) * drift.span_s * 1000 >= max(DRIFT_MS, SURE * drift.error_ms)


def clock_drift(vitals: Vitals) -> Finding | None:
    drift = vitals.drift
    if drift is None or not is_drifting(drift) or vitals.stalls.longest_ms >= STALL_MS:
        return None
    ms_per_minute = round(drift.rate * 60_000)
    way = "fast" if drift.rate > 0 else "slow"
    return Finding(
        code="clock_drift",
        severity="warning",
        figures={
            "rate_percent": round(drift.rate * 100, 2),
            "ms_per_minute": ms_per_minute,
            "span_s": round(drift.span_s),
        },
        detail=f"The publisher's clock runs too {way}, by {abs(ms_per_minute)} ms a minute: in time"
        " players run dry or fall behind, and sound parts from the picture.",
        obs="Settings → Audio → Sample Rate: that of the devices (48 kHz), and for the device"
        " “Use Device Timestamps” off. A camera: switch NTP on.",
        ffmpeg="-use_wallclock_as_timestamps 1 -i INPUT -af aresample=async=1",
    )


def tracks_apart(vitals: Vitals) -> Finding | None:
    apart_ms = vitals.apart_ms
    if abs(apart_ms) < APART_MS:
        return None
    first, second = ("picture", "sound") if apart_ms > 0 else ("sound", "picture")
    return Finding(
        code="tracks_apart",
        severity="serious" if abs(apart_ms) >= SERIOUS_APART_MS else "warning",
        figures={"apart_ms": apart_ms},
        detail=f"By their timestamps the {first} is {abs(apart_ms)} ms ahead of the {second}: lips"
        " and voice do not agree, or players wait for the one with the other.",
        obs="Audio Mixer → Advanced Audio Properties → Sync Offset: 0 ms for all sources; then"
        " restart the stream.",
        ffmpeg="-af aresample=async=1:first_pts=0 -max_interleave_delta 1000000",
    )


def timestamp_jumps(vitals: Vitals) -> Finding | None:
    found = changes_of(vitals, "timestamp_jump")
    if not found:
        return None
    return Finding(
        code="timestamp_jumps",
        severity="warning",
        figures={"count": len(found), "ago_s": round(found[-1].ago_s)},
        detail=f"The publisher's timestamps have jumped {len(found)} times in ten minutes; players"
        " begin anew at each.",
        obs="Media sources: do not restart them while live; update the plug-in of the capture"
        " device.",
        ffmpeg="-fflags +genpts -use_wallclock_as_timestamps 1 -i INPUT",
    )


def picture_changed(vitals: Vitals) -> Finding | None:
    found = changes_of(vitals, "codec_change")
    if not found:
        return None
    last = found[-1]
    size = last.was.rpartition(" ")[2]
    return Finding(
        code="picture_changed",
        severity="warning",
        figures={"count": len(found), "ago_s": round(last.ago_s)},
        was=last.was,
        now=last.now,
        detail=f"Size or codec has changed while live, from {last.was} to {last.now}: players begin"
        " anew, and a recording has a seam.",
        obs="Settings → Video → Output (Scaled) Resolution: keep it for the whole broadcast; an"
        " encoder that changes it with the line is set to a fixed one.",
        ffmpeg=f"-s {size}" if "x" in size else "",
    )
