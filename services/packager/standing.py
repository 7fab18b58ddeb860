"""How far a session's source is packaged: what a look at its latency needs."""

from libs.standing import Standing
from services.packager.entries import OpenEntry
from services.packager.manifest import has_media, latency_ms
from services.packager.playlist import HOLD_BACK_TARGETS, Surroundings, hold_back_s
from services.packager.window import Window


def standing_of(window: Window, surroundings: Surroundings) -> Standing | None:
    """None while there is no segment."""
    if not has_media(window) or not window.listed:
        return None
    last = window.listed[-1]
    segment_ms = (last.start_90k + last.duration_90k) // 90
    reached = [segment_ms, *(_reached_ms(entry) for entry in window.open_entries)]
    plain_ms = HOLD_BACK_TARGETS * window.target_s * 1000
    parts_ms = round(hold_back_s(window, surroundings) * 1000)
    return Standing(
        part_ms=max(reached) if window.part_target_ms else segment_ms,
        segment_ms=segment_ms,
        low_latency_ms=parts_ms if window.part_target_ms else plain_ms,
        hold_back_ms=plain_ms,
        dash_ms=latency_ms(window),
    )


def _reached_ms(entry: OpenEntry) -> int:
    """Where its newest part of the picture ends, or of sound if there is none."""
    parts = entry.parts.get("video") or entry.parts.get("audio") or ()
    return entry.opened.start_90k // 90 + round(sum(part.duration_s for part in parts) * 1000)
