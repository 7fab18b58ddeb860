"""The live window: a session's last segments, its open parts and its init segments, in memory.

Playlists are views over it. Requests for what is about to exist wait here; nothing polls.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from libs.cutting.cuts import (
    Cut,
    Part,
    SegmentCut,
    SegmentOpened,
    SegmentsLost,
    SessionEnded,
    TrackConfigured,
)
from libs.events import Track, TrackKind
from services.packager.entries import Entry, OpenEntry, Position
from services.packager.period import Period, period_of
from services.packager.rates import Rates

Found = TypeVar("Found")

LISTED_TARGETS = 3
"""Least duration of a live playlist, in target durations (RFC 8216, 6.2.2)."""
LISTED_MAX_S = 600
"""Longest live playlist; a longer look back is the DVR playlist's."""
AHEAD = 3
"""How far beyond the newest segment a request may ask and be held."""
PARTS_AHEAD = 2
"""How far beyond the newest part of a segment a request may ask and be held."""


class Window:
    """The newest `playlist_segments` segments are listed; as many more stay fetchable."""

    def __init__(
        self,
        playlist_segments: int,
        *,
        segment_s: float = 2.0,
        gaps_of: TrackKind | None = None,
    ) -> None:
        """`gaps_of`: a playlist of this track is shown although it is nothing but gaps."""
        self._segment_s = segment_s
        self._gaps_of = gaps_of
        self._wanted = max(playlist_segments, LISTED_TARGETS)
        self._kept: deque[Entry] = deque()
        self._unlisted = 0
        self._inits: dict[str, TrackConfigured] = {}
        self._open: deque[OpenEntry] = deque()
        self._changed: asyncio.Future[None] | None = None
        self.rates = Rates()
        self.target_s = 0
        self.part_target_ms = 0
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

    def has_track(self, kind: TrackKind) -> bool:
        """Whether there is anything of this track to play."""
        return any(kind in entry.tracks for entry in self.listed)

    def has_playlist(self, kind: TrackKind) -> bool:
        """Whether a media playlist of this kind has anything to list."""
        return self.has_track(kind) or (kind == self._gaps_of and bool(self.listed))

    @property
    def has_playlists(self) -> bool:
        """Whether there is anything to list at all."""
        return self.has_playlist("video") or self.has_playlist("audio")

    @property
    def is_sparse(self) -> bool:
        """Whether keyframes are further apart than segments; in a lead-in one of them may be so."""
        dependent = [entry for entry in self.listed if not entry.is_independent]
        return len(dependent) > 1 or any(not entry.is_lead_in for entry in dependent)

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
        if kind == "video":
            for opened in self.open_entries[:-1]:
                if opened.opened.msn == msn:
                    parts = opened.parts.get(kind, [])
                    return b"".join(part.data for part in parts) or None
        return None

    def is_whole(self, msn: int, kind: TrackKind) -> bool:
        """Whether this track of the segment gets nothing more."""
        waiting = self.open_entries[:-1] if kind == "video" else []
        entries = [entry.msn for entry in self._kept] + [entry.opened.msn for entry in waiting]
        return msn in entries

    def init(self, config_id: str) -> bytes | None:
        configured = self._inits.get(config_id)
        return configured.init if configured else None

    def track(self, config_id: str) -> Track:
        return self._inits[config_id].track

    def newest(self, kind: TrackKind) -> TrackConfigured | None:
        """The track's configuration in the newest segment that has it."""
        for entry in reversed(self.listed):
            if kind in entry.tracks:
                return self._inits[entry.tracks[kind].config_id]
        return None

    def open_entry(self, kind: TrackKind) -> OpenEntry | None:
        """The segment that takes this track's next part.

        Its video is whole when the next one opens, its audio when all of it is cut.
        """
        if not self._open:
            return None
        return self._open[-1 if kind == "video" else 0]

    @property
    def open_entries(self) -> list[OpenEntry]:
        """The segments in the making, oldest first; all but the last only lack audio."""
        return list(self._open)

    def position(self, kind: TrackKind) -> Position:
        """What this track's playlist lacks next."""
        entry = self.open_entry(kind)
        if entry is not None:
            return Position(entry.opened.msn, len(entry.parts.get(kind, ())))
        return Position((self.newest_msn or 0) + 1, 0)

    def part(self, msn: int, kind: TrackKind, index: int) -> bytes | None:
        """One part of a segment that is open or still in memory; b"" if it is a gap."""
        for opened in self._open:
            if opened.opened.msn == msn:
                parts = opened.parts.get(kind, ())
                return parts[index].data if index < len(parts) else None
        for entry in reversed(self._kept):
            if entry.msn == msn:
                entries = entry.parts.get(kind, ())
                if index >= len(entries):
                    return None
                start = entry.tracks[kind].offset + entries[index].offset
                return entry.data[start : start + entries[index].size_bytes]
        return None

    def part_count(self, msn: int, kind: TrackKind) -> int:
        """How many parts of a segment there are, as far as is known."""
        for opened in self._open:
            if opened.opened.msn == msn:
                return len(opened.parts.get(kind, ()))
        for entry in reversed(self._kept):
            if entry.msn == msn:
                return len(entry.parts.get(kind, ()))
        return 0

    def may_come(self, msn: int) -> bool:
        """Whether a segment is not there yet but is about to be."""
        if self.is_ended or self.is_closed:
            return False
        newest = self.newest_msn
        return newest is None or (newest < msn and (self.is_behind or msn <= newest + AHEAD))

    def part_may_come(self, msn: int, kind: TrackKind, index: int) -> bool:
        """Whether a part is not there yet but is about to be: the one hinted at, or nearly."""
        if self.is_behind:
            return self.may_come(msn)
        if self.is_ended or self.is_closed:
            return False
        position = self.position(kind)
        if msn == position.msn:
            return position.part <= index <= position.part + PARTS_AHEAD
        return msn == position.msn + 1 and index == 0

    def is_passed_over(self, msn: int, kind: TrackKind, index: int) -> bool:
        """Whether a part that was the next one will not exist: its segment has ended without it,
        or it is a gap.
        """
        if self.is_behind:
            return False
        count = self.part_count(msn, kind)
        if index < count:
            return self.part(msn, kind, index) == b""
        return bool(count) and msn < self.position(kind).msn

    # --- what comes -------------------------------------------------------------------------------

    def take(self, cut: Cut) -> None:
        match cut:
            case TrackConfigured():
                self._inits[cut.track.config_id] = cut
            case SegmentOpened():
                self.target_s, self.part_target_ms = cut.target_s, cut.part_target_ms
                self._open.append(OpenEntry(cut))
            case Part():
                self._add_part(cut)
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

    def keep_to(self, other: "Window") -> None:
        """Say of segments and parts what another rendition's playlists say."""
        self.target_s, self.part_target_ms = other.target_s, other.part_target_ms
        self.origin_ms = other.origin_ms

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

    def _add_part(self, part: Part) -> None:
        for entry in reversed(self._open):
            if entry.opened.msn == part.msn:
                entry.parts.setdefault(part.kind, []).append(part)
                return

    def _shut(self, msn: int) -> OpenEntry | None:
        """The segments up to `msn` are not open any more; returns the last of them."""
        entry = None
        while self._open and self._open[0].opened.msn <= msn:
            entry = self._open.popleft()
        return entry

    def _add_segment(self, cut: SegmentCut) -> None:
        period = self._period(cut)
        self.target_s, self.origin_ms = cut.target_s, cut.origin_ms
        self.rates.add(cut)
        opened = self._shut(cut.msn)
        self._append(
            Entry(
                msn=cut.msn,
                start_90k=cut.start_90k,
                duration_90k=cut.duration_90k,
                starts_at_ms=cut.starts_at_ms,
                discontinuity_sequence=cut.discontinuity_sequence,
                is_independent=cut.is_independent,
                period=period.id,
                period_90k=period.start_90k,
                period_msn=period.first_msn,
                is_steady=period.is_steady,
                is_lead_in=cut.is_lead_in,
                tracks={track.kind: track for track in cut.tracks},
                data=cut.data,
                parts={kind: opened.entries(kind) for kind in opened.parts} if opened else {},
            )
        )

    def _period(self, cut: SegmentCut) -> Period:
        return period_of(cut, self._kept, wanted_s=self._segment_s)

    def _add_gaps(self, lost: SegmentsLost) -> None:
        self.target_s = lost.target_s
        self._shut(lost.last_msn)
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
            if (
                not (is_over and is_enough and self._is_playable_without_first())
                and listed_us <= LISTED_MAX_S * 1_000_000
            ):
                break
            self._unlisted += 1
            listed_us = rest_us
        # A removed segment stays for its duration and that of the longest playlist that had it.
        listed = len(self._kept) - self._unlisted
        while self._unlisted > listed + 1:
            self._kept.popleft()
            self._unlisted -= 1
        self._forget_inits()

    def _is_playable_without_first(self) -> bool:
        """Whether the list will still have a keyframe, the newest segment's aside."""
        first, *others = self.listed
        return not first.is_independent or any(entry.is_independent for entry in others[:-1])

    def _forget_inits(self) -> None:
        if len(self._inits) > 2:  # noqa: PLR2004 - one a track: nothing to forget
            used = {track.config_id for entry in self._kept for track in entry.tracks.values()}
            newest = {each.track.kind: key for key, each in self._inits.items()}
            keep = used | set(newest.values())
            self._inits = {key: each for key, each in self._inits.items() if key in keep}
