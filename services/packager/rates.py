"""Bit rates and frame rate of a session, as measured from its segments."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from libs.cutting.cuts import SegmentCut
from libs.events import TrackKind
from services.packager.entries import Entry


@dataclass
class Rates:
    """What the session's segments measured so far."""

    peak_bps: int = 0
    size_bytes: int = 0
    duration_90k: int = 0
    frames: int = 0
    frames_90k: int = 0

    def add(self, cut: SegmentCut) -> None:
        self.size_bytes += len(cut.data)
        self.duration_90k += cut.duration_90k
        for track in cut.tracks:
            if track.kind == "video":
                self.frames += track.samples
                self.frames_90k += track.duration
        # A peak counts over at least half a target duration (RFC 8216, 4.3.4.2).
        if not self.peak_bps or 2 * cut.duration_90k >= cut.target_s * 90_000:
            self.peak_bps = max(self.peak_bps, len(cut.data) * 8 * 90_000 // cut.duration_90k)

    @property
    def average_bps(self) -> int:
        return self.size_bytes * 8 * 90_000 // self.duration_90k if self.duration_90k else 0

    @property
    def frame_rate(self) -> float:
        return self.frames * 90_000 / self.frames_90k if self.frames_90k else 0.0


class TrackRates(NamedTuple):
    """Of one track."""

    peak_bps: int
    average_bps: int


def track_rates(entries: Iterable[Entry], kind: TrackKind) -> TrackRates:
    """What one track of some segments measures; nothing if they lack it."""
    peak = size_bytes = duration_90k = 0
    for entry in entries:
        track = entry.tracks.get(kind)
        if track is not None:
            size_bytes += track.size_bytes
            duration_90k += entry.duration_90k
            peak = max(peak, track.size_bytes * 8 * 90_000 // entry.duration_90k)
    return TrackRates(peak, size_bytes * 8 * 90_000 // duration_90k if duration_90k else 0)
