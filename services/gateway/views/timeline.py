"""Rows as periods (ISO/IEC 23009-1, 5.3.2): runs of segments that one SegmentTemplate can tell of.

Fed row by row as a `Listing` is, it keeps runs of equal durations instead of rows: an hour of a
steady camera is a handful of numbers.
"""

from bisect import bisect_right
from collections.abc import Iterable
from copy import copy
from datetime import datetime, timedelta
from typing import NamedTuple

from libs.events import Segment, TrackKind, TrackRange


class Run(NamedTuple):
    """What one S element says, in ticks."""

    start: int
    duration: int
    repeats: int


class Entry(NamedTuple):
    """Where play can begin: a keyframe's segment, and those that need it."""

    starts_at: datetime
    ends_at: datetime
    msn: int


class TrackRuns:
    """One track over a period."""

    __slots__ = ("_last", "_runs", "config_id", "size_bytes", "ticks", "timescale")

    def __init__(self, first: TrackRange) -> None:
        self.config_id = first.config_id
        self.timescale = first.timescale
        self.size_bytes = first.size_bytes
        self.ticks = first.duration
        self._last = first
        self._runs: list[Run] = []
        """Of all but the last segment, whose end the next one decides."""

    def add(self, track: TrackRange) -> None:
        _append(self._runs, self._last.pts, track.pts - self._last.pts)
        self._last = track
        self.size_bytes += track.size_bytes
        self.ticks += track.duration

    def behind(self, count: int) -> "TrackRuns":
        """Without its first `count` segments, which are not all of them."""
        rest = copy(self)
        rest._runs = list(_skip(self._runs, count))
        return rest

    @property
    def runs(self) -> list[Run]:
        found = list(self._runs)
        _append(found, self._last.pts, self._last.duration)
        return found

    @property
    def bandwidth_bps(self) -> int:
        return max(1, self.size_bytes * 8 * self.timescale // max(1, self.ticks))


class Period:
    """Segments of one session without hole, discontinuity and change of tracks."""

    __slots__ = ("end_s", "first_msn", "last", "longest_s", "start_s", "starts_with_sap", "tracks")

    def __init__(self, first: Segment) -> None:
        self.tracks: dict[TrackKind, TrackRuns] = {
            each.kind: TrackRuns(each) for each in first.tracks
        }
        self.first_msn = first.msn
        self.start_s = _start_s(first)
        """Session time of its first picture, else sound."""
        self.end_s = self.start_s + first.duration_s
        self.starts_with_sap = first.is_independent
        """Whether each of its segments does (stream access point)."""
        self.longest_s = first.duration_s
        self.last = first

    @property
    def id(self) -> str:
        return f"{self.last.session}.{self.first_msn}"

    def since(self, msn: int) -> "Period":
        """What it has from this segment on."""
        if msn <= self.first_msn:
            return self
        rest = copy(self)
        rest.first_msn = msn
        rest.tracks = {
            kind: each.behind(msn - self.first_msn) for kind, each in self.tracks.items()
        }
        leading = rest.tracks.get("video") or rest.tracks["audio"]
        rest.start_s = leading.runs[0].start / leading.timescale
        return rest

    def goes_on_with(self, segment: Segment) -> bool:
        last = self.last
        return (last.session, last.discontinuity_sequence, last.msn + 1, _configs(last)) == (
            segment.session,
            segment.discontinuity_sequence,
            segment.msn,
            _configs(segment),
        )

    def add(self, segment: Segment) -> None:
        for each in segment.tracks:
            self.tracks[each.kind].add(each)
        self.end_s = _start_s(segment) + segment.duration_s
        self.starts_with_sap = self.starts_with_sap and segment.is_independent
        self.longest_s = max(self.longest_s, segment.duration_s)
        self.last = segment


class Timeline:
    """One rendition of a view."""

    def __init__(self) -> None:
        self.periods: list[Period] = []
        self.began_at: datetime | None = None
        """Wall clock of its first row."""
        self._entries: list[Entry] = []

    def add(self, segment: Segment) -> None:
        """The row behind those before it; one without tracks is a hole."""
        if self.began_at is None:
            self.began_at = segment.starts_at
        if self.periods and self.periods[-1].goes_on_with(segment):
            self.periods[-1].add(segment)
        else:
            self.periods.append(Period(segment))
        ends_at = segment.starts_at + timedelta(seconds=segment.duration_s)
        if segment.is_independent:
            self._entries.append(Entry(segment.starts_at, ends_at, segment.msn))
        elif self._entries:
            self._entries[-1] = self._entries[-1]._replace(ends_at=ends_at)

    def entry(self, at: datetime) -> Entry | None:
        """What shows `at`, or else comes next; None: it is yet to come. (Of one session.)

        It stays the same, however much is added.
        """
        index = bisect_right(self._entries, at, key=_starts_at)
        if index and self._entries[index - 1].ends_at > at:
            return self._entries[index - 1]
        return self._entries[index] if index < len(self._entries) else None

    def since(self, at: datetime) -> "Timeline":
        """What it has from `at` on; nothing, if that is yet to come."""
        rest, entry = Timeline(), self.entry(at)
        if entry is not None:
            rest.began_at = entry.starts_at
            rest.periods = [
                each.since(entry.msn) for each in self.periods if each.last.msn >= entry.msn
            ]
        return rest

    def covers(self, period: Period) -> Period | None:
        """The run of this rendition that has all segments of another's `period`, but for those
        that are yet to come.
        """
        newest = self.periods[-1].last if self.periods else None
        for own in self.periods:
            if own.last.session != period.last.session or not own.tracks:
                continue
            needed = period.last.msn
            if newest is not None and newest.session == period.last.session:
                needed = min(needed, newest.msn)
            if own.first_msn <= period.first_msn and own.last.msn >= needed >= period.first_msn:
                return own
        return None


def _starts_at(entry: Entry) -> datetime:
    return entry.starts_at


def _skip(runs: Iterable[Run], count: int) -> Iterable[Run]:
    """What follows the first `count` segments."""
    for start, duration, repeats in runs:
        if count <= repeats:
            yield Run(start + count * duration, duration, repeats - count)
        count = max(0, count - repeats - 1)


def _configs(segment: Segment) -> list[tuple[str, str]]:
    return sorted((each.kind, each.config_id) for each in segment.tracks)


def _start_s(segment: Segment) -> float:
    """To the tick, where the segment's tracks tell."""
    found = {each.kind: each.pts / each.timescale for each in segment.tracks}
    return found.get("video", found.get("audio", segment.start_ms / 1000))


def _append(runs: list[Run], start: int, duration: int) -> None:
    if runs and runs[-1].duration == duration:
        runs[-1] = runs[-1]._replace(repeats=runs[-1].repeats + 1)
    else:
        runs.append(Run(start, duration, 0))
