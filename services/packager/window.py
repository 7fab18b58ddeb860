"""The live window: a session's last segments, its open parts and its init segments, in memory.

Playlists are views over it. Requests for what is about to exist wait here; nothing polls.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from libs.events import Track, TrackKind, TrackRange
from services.packager.cuts import (
    Cut,
    Part,
    SegmentCut,
    SegmentsLost,
    SessionEnded,
    TrackConfigured,
)

Found = TypeVar("Found")

LISTED_TARGETS = 3
"""Least duration of a live playlist, in target durations (RFC 8216, 6.2.2)."""
LISTED_MAX_S = 600
"""Longest live playlist; a longer look back is the DVR playlist's."""
AHEAD = 3
"""How far beyond the newest segment a request may ask and be held."""


@dataclass(frozen=True)
class Entry:
    """One line of the playlists: a segment, or a gap where one should be."""

    msn: int
    start_90k: int
    duration_90k: int
    starts_at_ms: int
    discontinuity_sequence: int
    is_independent: bool
    period: str
    """Id of its DASH period."""
    period_90k: int
    """Session time at which that period begins."""
    tracks: dict[TrackKind, TrackRange] = field(default_factory=dict)
    """Empty for a gap."""
    data: bytes = b""

    @property
    def duration_us(self) -> int:
        """As EXTINF says it: whoever adds up the playlist gets the same."""
        return (self.duration_90k * 100 + 4) // 9


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


class Window:
    """The newest `playlist_segments` segments are listed; as many more stay fetchable."""

    def __init__(self, playlist_segments: int) -> None:
        self._wanted = max(playlist_segments, LISTED_TARGETS)
        self._kept: deque[Entry] = deque()
        self._unlisted = 0
        self._inits: dict[str, TrackConfigured] = {}
        self._parts: dict[tuple[int, TrackKind], list[Part]] = {}
        self._changed: asyncio.Future[None] | None = None
        self.rates = Rates()
        self.target_s = 0
        self.origin_ms = 0
        self.is_behind = False
        """Whether a taker-over is still cutting again what its predecessor showed: a playlist of
        now would go back in time."""
        self.is_ended = False
        self.is_closed = False
        """Whether this process no longer packages the session; waiters give up."""

    # --- what there is ----------------------------------------------------------------------------

    @property
    def listed(self) -> list[Entry]:
        """The entries of the live playlist, oldest first."""
        return list(self._kept)[self._unlisted :]

    @property
    def newest_msn(self) -> int | None:
        return self._kept[-1].msn if self._kept else None

    def find(self, msn: int, kind: TrackKind) -> bytes | None:
        """One track of a segment that is still in memory."""
        for entry in reversed(self._kept):
            if entry.msn == msn:
                track = entry.tracks.get(kind)
                if track is None:
                    return None
                return entry.data[track.offset : track.offset + track.size_bytes]
        return None

    def init(self, config_id: str) -> bytes | None:
        configured = self._inits.get(config_id)
        return configured.init if configured else None

    def track(self, config_id: str) -> Track:
        return self._inits[config_id].track

    def parts(self, msn: int, kind: TrackKind) -> list[Part]:
        """The parts of a segment that is still open."""
        return self._parts.get((msn, kind), [])

    def may_come(self, msn: int) -> bool:
        """Whether a segment is not there yet but is about to be."""
        if self.is_ended or self.is_closed:
            return False
        newest = self.newest_msn
        return newest is None or (newest < msn and (self.is_behind or msn <= newest + AHEAD))

    # --- what comes -------------------------------------------------------------------------------

    def take(self, cut: Cut) -> None:
        match cut:
            case TrackConfigured():
                self._inits[cut.track.config_id] = cut
            case Part():
                self._parts.setdefault((cut.msn, cut.kind), []).append(cut)
            case SegmentCut():
                self._add_segment(cut)
            case SegmentsLost():
                self._add_gaps(cut)
            case SessionEnded():
                self.is_ended = True
        self._tell()

    def catch_up(self, *, is_behind: bool) -> None:
        self.is_behind = is_behind
        self._tell()

    def close(self) -> None:
        """Let go of the session: nothing more will come from this process."""
        self.is_closed = True
        self._tell()

    async def wait_for(self, find: Callable[[], Found | None], *, hold_s: float) -> Found | None:
        """What `find` returns as soon as that is not None; None after `hold_s` or the end."""
        loop = asyncio.get_running_loop()
        until = loop.time() + hold_s
        while True:
            found = find()
            left_s = until - loop.time()
            if found is not None or left_s <= 0 or self.is_ended or self.is_closed:
                return found
            if self._changed is None:
                self._changed = loop.create_future()
            await asyncio.wait({self._changed}, timeout=left_s)

    def _tell(self) -> None:
        if self._changed is not None:
            self._changed.set_result(None)
            self._changed = None

    def _add_segment(self, cut: SegmentCut) -> None:
        period, period_90k = self._period(cut)
        self.target_s, self.origin_ms = cut.target_s, cut.origin_ms
        self.rates.add(cut)
        self._parts = {key: parts for key, parts in self._parts.items() if key[0] > cut.msn}
        self._append(
            Entry(
                msn=cut.msn,
                start_90k=cut.start_90k,
                duration_90k=cut.duration_90k,
                starts_at_ms=cut.starts_at_ms,
                discontinuity_sequence=cut.discontinuity_sequence,
                is_independent=cut.is_independent,
                period=period,
                period_90k=period_90k,
                tracks={track.kind: track for track in cut.tracks},
                data=cut.data,
            )
        )

    def _period(self, cut: SegmentCut) -> tuple[str, int]:
        """A period is a run of segments with the same tracks and without a gap."""
        last = self._kept[-1] if self._kept else None
        if last is None or last.discontinuity_sequence != cut.discontinuity_sequence:
            return str(cut.discontinuity_sequence), cut.timeline_90k
        before = {track.kind: track.config_id for track in last.tracks.values()}
        if before == {track.kind: track.config_id for track in cut.tracks}:
            return last.period, last.period_90k
        return f"{cut.discontinuity_sequence}.{cut.msn}", cut.start_90k

    def _add_gaps(self, lost: SegmentsLost) -> None:
        self.target_s = lost.target_s
        count = lost.last_msn - lost.first_msn + 1
        for index in range(count):
            start = lost.duration_90k * index // count
            end = lost.duration_90k * (index + 1) // count
            self._append(
                Entry(
                    msn=lost.first_msn + index,
                    start_90k=lost.start_90k + start,
                    duration_90k=end - start,
                    starts_at_ms=lost.starts_at_ms + start // 90,
                    discontinuity_sequence=lost.discontinuity_sequence,
                    is_independent=True,
                    period="",
                    period_90k=0,
                )
            )

    def _append(self, entry: Entry) -> None:
        self._kept.append(entry)
        listed_us = sum(entry.duration_us for entry in self.listed)
        while len(self._kept) - self._unlisted > 1:
            rest_us = listed_us - self._kept[self._unlisted].duration_us
            is_over = len(self._kept) - self._unlisted > self._wanted
            is_enough = rest_us >= LISTED_TARGETS * self.target_s * 1_000_000
            if not (is_over and is_enough) and listed_us <= LISTED_MAX_S * 1_000_000:
                break
            self._unlisted += 1
            listed_us = rest_us
        # A removed segment stays for its duration and that of the longest playlist that had it.
        listed = len(self._kept) - self._unlisted
        while self._unlisted > listed + 1:
            self._kept.popleft()
            self._unlisted -= 1
        self._forget_inits()

    def _forget_inits(self) -> None:
        if len(self._inits) > 2:  # noqa: PLR2004 - one a track: nothing to forget
            used = {track.config_id for entry in self._kept for track in entry.tracks.values()}
            newest = {each.track.kind: key for key, each in self._inits.items()}
            keep = used | set(newest.values())
            self._inits = {key: each for key, each in self._inits.items() if key in keep}
