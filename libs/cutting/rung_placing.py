"""Placing a rung's frames: each goes into the interval of the source that its time lies in.

What comes of it are parts, in `cuts`. An interval that lacks a frame is lost, with the cause.
"""

from collections import deque
from dataclasses import replace
from typing import NamedTuple

from libs.cutting.cuts import Cut, Part
from libs.cutting.frames import TICKS_A_MS, Frame
from libs.cutting.interval import Interval
from libs.cutting.rung_intervals import Intervals
from libs.cutting.sequencer import WAIT_MS
from libs.cutting.track_cut import PARTS_A_SEGMENT, TrackCut
from libs.cutting.tracks import VideoSetup
from libs.media.cmaf import VIDEO_TIMESCALE
from libs.names import session_started_at_s

LAZY_START, LATE, TAKEOVER, CODEC_CHANGE = "lazy_start", "late", "takeover", "codec_change"
"""Why an interval is lost: the rung had not begun; it came too late; a process that took over began
behind a hole; its configuration changed within the interval. While nobody feeds a rung it is what
its process said at its end (`stopped`, `shed`…)."""

_STEPS = 1.5
"""Two frames that are further apart than so many usual steps have a hole between them."""
_TAIL = VIDEO_TIMESCALE // 2
_EDGE = WAIT_MS * TICKS_A_MS
"""A timeline may begin with sound: its first picture comes so much later at most."""


class Hole(NamedTuple):
    """Between frames something may be missing."""

    cause: str


class Placing:
    def __init__(self, session: str, intervals: Intervals) -> None:
        self.queue: deque[Frame | VideoSetup | Hole] = deque()
        """What the source's cut list does not reach yet."""
        self.cuts: list[Cut] = []
        self.told_90k = 0
        """Where the segment ends that was given out last."""
        self.is_decodable = False
        """Whether that segment is no gap."""
        self._intervals = intervals
        self._first_msn = session_started_at_s(session)
        self._setup: VideoSetup | None = None
        """The configuration of the frames that are placed."""
        self._last: Frame | None = None
        """The newest frame that was placed."""
        self._step = VIDEO_TIMESCALE // 30
        self._hole: str | None = LAZY_START
        """Why the next frame does not follow the last one, if so."""
        self._has_begun = False

    def place(self, *, until: int | None) -> None:
        """Put the frames up to session time `until` (None: all) where they belong."""
        while self.queue:
            match self.queue[0]:
                case Frame() as frame:
                    if until is not None and (frame.pts > until or self._is_untold(frame)):
                        return
                    self._put(frame)
                case VideoSetup() as setup:
                    self._setup = setup
                    self.cuts.append(setup.configured)
                case Hole(cause=cause):
                    self._hole = self._hole or cause
            self.queue.popleft()

    def pass_last(self, interval: Interval, *, is_over: bool) -> None:
        """No frame behind it comes (in time); it may still be whole."""
        assert interval.end is not None
        # Sound may go on for a while when the pictures have ended.
        room = _TAIL if is_over and self._hole is None else 0
        if interval.track is None or not self._reaches(interval, room):
            interval.lose(self._cause)
        else:
            interval.is_passed = True
            self._finish(interval, interval.track, interval.end)

    def tell_up_to(self, last: Interval) -> None:
        """Say that intervals have begun, in order: a playlist must know what stands before."""
        for interval in self._intervals:
            if interval.msn > last.msn:
                break
            self._tell(interval)
        self._tell(last)

    def _is_untold(self, frame: Frame) -> bool:
        """Whether the source has yet to say in which segment the frame will be: a timeline's first
        one is told with its first part.
        """
        end = self._intervals.newest.end if self._intervals else self.told_90k
        return end is not None and frame.pts >= end

    def _put(self, frame: Frame) -> None:
        for interval in self._intervals:
            if interval.end is not None and interval.end <= frame.pts:
                self._pass(interval, interval.end)
                continue
            if frame.pts < interval.start:
                break  # between timelines, or before everything that is still to be given out
            self._add(interval, frame)
            break
        last, self._last = self._last, frame
        if last is not None and 0 < frame.pts - last.pts < VIDEO_TIMESCALE:
            self._step = frame.pts - last.pts
        self._hole = None

    def _pass(self, interval: Interval, end: int) -> None:
        if interval.is_passed:
            return
        interval.is_passed = True
        if self._hole is not None and not self._reaches(interval):
            interval.lose(self._hole)
        if interval.track is None:
            interval.lose(self._cause)
        elif interval.lost is None:
            self._finish(interval, interval.track, end)

    @property
    def _cause(self) -> str:
        return self._hole or (LATE if self._has_begun else LAZY_START)

    def _reaches(self, interval: Interval, room: int = 0) -> bool:
        """Whether the newest frame may be the interval's last."""
        end = (interval.end or 0) - room
        return self._last is not None and self._last.pts + _STEPS * self._step >= end

    def _follows(self, frame: Frame) -> bool:
        return self._last is not None and frame.pts - self._last.pts <= _STEPS * self._step

    def _add(self, interval: Interval, frame: Frame) -> None:
        assert self._setup is not None
        if interval.track is None:
            self._begin(interval, frame)
        elif self._hole is not None and not self._follows(frame):
            interval.lose(self._hole)
        elif interval.track.track.config_id != self._setup.configured.track.config_id:
            interval.lose(CODEC_CHANGE)
        if interval.lost is None and interval.track is not None:
            self.tell_up_to(interval)
            self._emit(interval, self._foretold(interval, interval.track.add(frame)))

    def _foretold(self, interval: Interval, parts: list[Part]) -> list[Part]:
        """Say of the newest part whether its segment ends with it, which the source knows first."""
        next_dts = interval.track.next_dts if interval.track else None
        if not parts or next_dts is None or interval.end is None:
            return parts
        if 2 * (interval.end - next_dts) > self._step:
            return parts
        return [*parts[:-1], replace(parts[-1], ends_segment=True)]

    def _begin(self, interval: Interval, frame: Frame) -> None:
        """The interval's first frame stands at its start, or the interval is not whole."""
        assert self._setup is not None
        room = _EDGE if interval.begins_timeline and frame.is_key else _STEPS * self._step
        follows = self._hole is None or self._follows(frame)
        is_whole = frame.is_key if not follows else (frame.is_key or self._was_whole(interval))
        first = max(interval.start, interval.opened.picture_90k)
        if frame.pts - first > room or not is_whole:
            interval.lose(self._cause)
        interval.first_pts = frame.pts
        self._has_begun = self._has_begun or interval.lost is None
        track = self._setup.configured.track
        sequence = (interval.msn - self._first_msn) * PARTS_A_SEGMENT
        part_ms = interval.opened.part_target_ms
        interval.track = TrackCut(
            track,
            interval.msn,
            sequence,
            start=interval.start,
            goes_on=not interval.begins_timeline,
            part_ms=part_ms,
        )

    def _was_whole(self, interval: Interval) -> bool:
        """Whether what stands before the interval can be decoded."""
        before = self._intervals.before(interval)
        return self.is_decodable if before is None else before.lost is None

    def _finish(self, interval: Interval, track: TrackCut, end: int) -> None:
        self._emit(interval, track.finish(end))
        self._emit(interval, track.fill(end))

    def _tell(self, interval: Interval) -> None:
        if not interval.is_told:
            interval.is_told = True
            self.cuts.append(interval.opened)

    def _emit(self, interval: Interval, parts: list[Part]) -> None:
        if parts:
            self.tell_up_to(interval)
            self.cuts += parts
