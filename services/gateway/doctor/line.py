"""What is wrong on the way from the publisher to here."""

from libs.vitals import Vitals
from services.gateway.doctor.finding import Finding, changes_of
from services.gateway.doctor.timing import is_drifting

STOPPED_S = 3.0
"""Nothing at all for so long."""
STALL_MS = 1_000
"""A stall that players without much of a buffer show."""
STALLED_MS = 2_000
"""Shorter ones, too, if they add up to this within a minute."""
SERIOUS_STALLED_MS = 6_000
DELAYED_MS = 1_500
"""What waits before the line when the line is too slow."""
RUSH = 1.2
"""Media that come so much faster than time passes are no drift."""
RUSH_S = 5.0
RECONNECTS = 2


def _last_s(vitals: Vitals) -> float:
    return min(each.last_s for each in (vitals.picture, vitals.sound) if each is not None)


def _rate_bps(vitals: Vitals) -> int:
    return vitals.rates.usual_bps if vitals.rates is not None else 0


def _slower(vitals: Vitals) -> str:
    """A bit rate that leaves a quarter of the line free."""
    kbps = max(500, round(_rate_bps(vitals) * 0.7 / 100_000) * 100)
    return f"-b:v {kbps}k -maxrate {kbps}k -bufsize {kbps}k"


def upload_stopped(vitals: Vitals) -> Finding | None:
    last_s = _last_s(vitals)
    if last_s < STOPPED_S:
        return None
    return Finding(
        code="upload_stopped",
        severity="serious",
        figures={"last_s": round(last_s, 1)},
        detail=f"Nothing has come for {last_s:.0f} s, though the connection is open: viewers see a"
        " picture that stands still.",
        obs="Check the network of the machine that publishes; View → Stats shows dropped frames.",
        ffmpeg="",
    )


def upload_slow(vitals: Vitals) -> Finding | None:
    if vitals.delay_ms < DELAYED_MS or is_drifting(vitals.drift):
        return None
    kbps = _rate_bps(vitals) // 1000
    return Finding(
        code="upload_slow",
        severity="serious",
        figures={"delay_ms": vitals.delay_ms, "bitrate_kbps": kbps},
        detail=f"Frames come {vitals.delay_ms / 1000:.1f} s late: the line, or the encoder, does"
        f" not keep up with {kbps} kbit/s. Latency grows, then frames are lost.",
        obs="Settings → Output → Bitrate: lower it by a third, and use a cable; if View → Stats"
        " says “encoding overloaded”, choose a faster preset or a smaller picture.",
        ffmpeg=f"-preset veryfast {_slower(vitals)}",
    )


def upload_stalls(vitals: Vitals) -> Finding | None:
    stalls = vitals.stalls
    if stalls.longest_ms < STALL_MS and stalls.total_ms < STALLED_MS:
        return None
    is_serious = stalls.total_ms >= SERIOUS_STALLED_MS
    return Finding(
        code="upload_stalls",
        severity="serious" if is_serious else "warning",
        figures={
            "count": stalls.count,
            "longest_ms": stalls.longest_ms,
            "total_ms": stalls.total_ms,
        },
        detail=f"In the last minute frames were held up {stalls.count} times on their way, for up"
        f" to {stalls.longest_ms / 1000:.1f} s: players run dry.",
        obs="Settings → Output → Bitrate: lower it; use a cable rather than Wi-Fi; Settings →"
        " Advanced → Network → Dynamically change bitrate to manage congestion.",
        ffmpeg=_slower(vitals),
    )


def reconnects(vitals: Vitals) -> Finding | None:
    found = changes_of(vitals, "reconnect")
    if len(found) < RECONNECTS:
        return None
    return Finding(
        code="reconnects",
        severity="warning",
        figures={"count": len(found)},
        detail=f"The publisher has come back {len(found)} times in ten minutes; each time viewers"
        " lose the picture for a moment.",
        obs="Check the network; Settings → Output → Bitrate: lower it if connections break when"
        " there is much motion.",
        ffmpeg="",
    )


def too_fast(vitals: Vitals) -> Finding | None:
    ahead_s = vitals.media_s - vitals.age_s
    if ahead_s < RUSH_S or vitals.media_s < RUSH * vitals.age_s:
        return None
    speed = vitals.media_s / vitals.age_s
    return Finding(
        code="too_fast",
        severity="serious",
        figures={"speed": round(speed, 2), "ahead_s": round(ahead_s, 1)},
        detail=f"Media come {speed:.1f} times as fast as time passes: a file is pushed without a"
        " pace. Players jump, and cannot stay live.",
        obs="OBS keeps the pace by itself; a file is played as a media source.",
        ffmpeg="-re -i INPUT",
    )
