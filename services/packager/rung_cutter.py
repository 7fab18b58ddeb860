"""Cutting a rung: the source's cut list says where, the rung's tags say what.

Segment n of a rung holds its frames with PTS in [start n, start n+1) of the source, under the same
number, start and duration. An interval that the rung has not got all frames of is lost, with the
cause, and never shortened. A rung is behind its source; it is waited for in media time, at most
`WAIT_TARGETS` target durations. Like `cutter` this is pure: no clock, no timer.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from libs.errors import Invalid
from libs.media.cmaf import VIDEO_TIMESCALE
from libs.media.flv import FLVInvalid, PacketKind, Tag, TagType, parse_video
from libs.names import session_started_at_s
from libs.tags.cues import RungCue, RungEndCue, read_cue
from services.packager.cuts import (
    Cut,
    Part,
    SegmentCut,
    SegmentOpened,
    SegmentsLost,
    SessionEnded,
)
from services.packager.frames import TICKS_A_MS, Frame
from services.packager.interval import Interval
from services.packager.sequencer import WAIT_MS
from services.packager.track_cut import PARTS_A_SEGMENT, TrackCut
from services.packager.tracks import VideoSetup, set_up_video

WAIT_TARGETS = 2
LAZY_START, LATE, STOPPED, TAKEOVER, CODEC_CHANGE = (
    "lazy_start", "late", "stopped", "takeover", "codec_change",
)  # fmt: skip
"""Why an interval is lost: the rung had not begun; it came too late; nobody fed it; a process that
took over began behind a hole; its configuration changed within the interval."""

_STEPS = 1.5
"""Two frames that are further apart than so many usual steps have a hole between them."""
_TAIL = VIDEO_TIMESCALE // 2
_EDGE = WAIT_MS * TICKS_A_MS
"""A timeline may begin with sound: its first picture comes so much later at most."""


class _Hole(NamedTuple):
    """Between frames something may be missing."""

    cause: str


class RungCutter:
    """`follow` takes the source's cuts, `feed` the rung's tags, in whatever order they come."""

    def __init__(self, session: str, *, first_news_msn: int = 0) -> None:
        """What is lost before `first_news_msn` has been told of by a predecessor."""
        self._first_news_msn = first_news_msn
        self._first_msn = session_started_at_s(session)
        self._cuts: list[Cut] = []
        self._intervals: deque[Interval] = deque()
        """Those that are not given out yet, oldest first."""
        self._queue: deque[Frame | VideoSetup | _Hole] = deque()
        """What the source's cut list does not reach yet."""
        self._record: bytes | None = None
        """Of the configuration that was read last."""
        self._setup: VideoSetup | None = None
        """The configuration of the frames that are placed."""
        self._newest: int | None = None
        self._next_tag = 0
        self._known = 0
        """The source's cut list is known up to here."""
        self._told = 0
        """Where the segment ends that was given out last."""
        self._last: Frame | None = None
        """The newest frame that was placed."""
        self._step = VIDEO_TIMESCALE // 30
        self._hole: str | None = LAZY_START
        """Why the next frame does not follow the last one, if so."""
        self._has_begun = False
        self._is_fed = True
        self._is_decodable = False
        """Whether the segment that was given out last is no gap."""
        self._ended: SessionEnded | None = None
        self.is_over = False
        """Whether nothing more comes of the rung."""
        self.is_catching_up = False
        """Whether what it is fed is old: then the rung is not late, its reader is."""
        self.is_done = False
        """Whether all of it is given out."""
        self.refusal: Invalid | None = None

    @property
    def next_tag(self) -> int:
        return self._next_tag

    @property
    def next_msn(self) -> int | None:
        """The oldest segment that is not given out yet; None if all that the source has is."""
        return self._intervals[0].msn if self._intervals else None

    @property
    def newest_90k(self) -> int | None:
        """Session time of the newest frame."""
        return self._newest

    # --- the source -------------------------------------------------------------------------------

    def begin(
        self,
        intervals: Iterable[tuple[SegmentOpened, int | None]],
        *,
        generation: int,
        is_quiet: bool,
    ) -> None:
        """What the source had before the rung was known, each with its end, if there is one.

        `is_quiet`: it is no news that the rung lacks them.
        """
        for opened, end in intervals:
            self._open(Interval(opened, end, generation, is_quiet=is_quiet))

    def follow(self, cuts: Iterable[Cut], *, known_90k: int, generation: int = 0) -> list[Cut]:
        """What the source has cut; all its boundaries up to `known_90k` have been told."""
        for cut in cuts:
            match cut:
                case SegmentOpened():
                    self._open(Interval(cut, generation=generation))
                case SegmentCut():
                    self._end(cut.msn, cut.start_90k + cut.duration_90k)
                case SegmentsLost():
                    self._lose(cut)
                case SessionEnded():
                    self._ended = cut
                case _:
                    pass
        self._known = max(self._known, known_90k)
        return self._go_on()

    def _open(self, interval: Interval) -> None:
        if self._intervals and self._intervals[-1].end is None:
            self._intervals[-1].end = interval.start
        interval.is_quiet |= interval.msn < self._first_news_msn
        self._intervals.append(interval)

    def _end(self, msn: int, end: int) -> None:
        for interval in self._intervals:
            if interval.msn == msn and interval.end is None:
                interval.end = end

    def _lose(self, lost: SegmentsLost) -> None:
        """An interval that the source has not got, nobody has."""
        for interval in self._intervals:
            if lost.first_msn <= interval.msn <= lost.last_msn:
                interval.end = lost.start_90k + lost.duration_90k
                interval.lose(lost.cause)
                return
        count = lost.last_msn - lost.first_msn + 1
        for index in range(count):
            start = lost.duration_90k * index // count
            end = lost.duration_90k * (index + 1) // count
            opened = SegmentOpened(
                msn=lost.first_msn + index,
                start_90k=lost.start_90k + start,
                starts_at_ms=lost.starts_at_ms + start // TICKS_A_MS,
                discontinuity_sequence=lost.discontinuity_sequence,
                target_s=lost.target_s,
                part_target_ms=0,
                timeline_90k=lost.start_90k,
                timeline_msn=lost.first_msn,
                origin_ms=0,
                is_lead_in=False,
            )
            interval = Interval(opened)
            interval.end, interval.lost = lost.start_90k + end, lost.cause
            self._open(interval)

    # --- the rung ---------------------------------------------------------------------------------

    def configure(self, header: Tag) -> list[Cut]:
        """Take a sequence header that is in force where the pull begins."""
        try:
            if header.type is TagType.VIDEO:
                self._read_video(-1, header)
        except Invalid as error:
            self.refusal = error
        return self._go_on()

    def skip_to(self, number: int) -> None:
        """The tags before `number` are gone."""
        if number > self._next_tag:
            self._queue.append(_Hole(LATE))
        self._next_tag = number

    def feed(self, number: int, tag: Tag) -> list[Cut]:
        """Take the rung's next tag."""
        self._next_tag = number + 1
        try:
            if tag.type is TagType.VIDEO:
                self._read_video(number, tag)
            elif tag.type is TagType.SCRIPT:
                self._read_script(tag)
        except Invalid as error:
            # One bad tag costs that tag only.
            self.refusal = error
        return self._go_on()

    def finish(self) -> list[Cut]:
        """Nothing more comes of the rung; what the source still brings is lost."""
        self._is_fed = False
        self.is_over = True
        return self._go_on()

    def _read_script(self, tag: Tag) -> None:
        match read_cue(tag):
            case RungCue():
                # Whether there is a hole before it is seen by its first frame.
                self._queue.append(_Hole(TAKEOVER))
                self._is_fed = True
            case RungEndCue(cause="session_ended"):
                self._is_fed = False
                self.is_over = True
            case RungEndCue():
                self._queue.append(_Hole(STOPPED))
                self._is_fed = False
            case _:
                pass

    def _read_video(self, number: int, tag: Tag) -> None:
        header = parse_video(tag.body)
        if header.kind is PacketKind.SEQUENCE_HEADER:
            self._configure(header.codec, tag.body[header.data_offset :])
        elif header.kind is PacketKind.FRAMES and len(tag.body) > header.data_offset:
            if self._record is None:
                raise FLVInvalid("Frames of a rung came before their sequence header; left out.")
            dts = tag.dts_ms * TICKS_A_MS
            pts = dts + header.composition_ms * TICKS_A_MS
            data = tag.body[header.data_offset :]
            self._queue.append(Frame(number, dts, pts, header.is_keyframe, data))
            self._newest = pts

    def _configure(self, codec: str, record: bytes) -> None:
        if record == self._record:
            return
        self._record = None  # an unreadable header must not leave the old one in force
        self._queue.append(set_up_video(codec, record))
        self._record = record

    # --- placing ----------------------------------------------------------------------------------

    def _go_on(self) -> list[Cut]:
        self._place(until=self._known if self._ended is None else None)
        while self._intervals and self._is_decided(self._intervals[0]):
            self._give_out(self._intervals.popleft())
        if self._ended is not None and not self._intervals and not self.is_done:
            self.is_done = True
            self._cuts.append(self._ended)
        cuts, self._cuts = self._cuts, []
        return cuts

    def _place(self, *, until: int | None) -> None:
        """Put the frames up to session time `until` (None: all) where they belong."""
        while self._queue:
            match self._queue[0]:
                case Frame() as frame:
                    if until is not None and (frame.pts > until or self._is_untold(frame)):
                        return
                    self._put(frame)
                case VideoSetup() as setup:
                    self._setup = setup
                    self._cuts.append(setup.configured)
                case _Hole(cause=cause):
                    self._hole = self._hole or cause
            self._queue.popleft()

    def _is_untold(self, frame: Frame) -> bool:
        """Whether the source has yet to say in which segment the frame will be: a timeline's first
        one is told with its first part.
        """
        end = self._intervals[-1].end if self._intervals else self._told
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
            interval.lose(self._hole or (LATE if self._has_begun else LAZY_START))
        elif interval.lost is None:
            self._finish(interval, interval.track, end)

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
            self._tell_up_to(interval)
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
            interval.lose(self._hole or (LATE if self._has_begun else LAZY_START))
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
        index = self._intervals.index(interval)
        return self._is_decodable if index == 0 else self._intervals[index - 1].lost is None

    # --- giving out -------------------------------------------------------------------------------

    def _is_decided(self, interval: Interval) -> bool:
        if interval.end is None:
            return False
        if interval.lost is not None or interval.is_passed:
            return True
        if self._queue:
            return False
        newest = self._intervals[-1].start
        is_late = newest - interval.end >= WAIT_TARGETS * interval.opened.target_s * VIDEO_TIMESCALE
        if self._is_fed and (self.is_catching_up or not is_late):
            return False
        self._pass_last(interval)
        return True

    def _pass_last(self, interval: Interval) -> None:
        """No frame behind it comes (in time); it may still be whole."""
        assert interval.end is not None
        cause = self._hole or (LATE if self._has_begun else LAZY_START)
        # Sound may go on for a while when the pictures have ended.
        room = _TAIL if self.is_over and self._hole is None else 0
        if interval.track is None or not self._reaches(interval, room):
            interval.lose(cause)
        else:
            interval.is_passed = True
            self._finish(interval, interval.track, interval.end)

    def _finish(self, interval: Interval, track: TrackCut, end: int) -> None:
        self._emit(interval, track.finish(end))
        self._emit(interval, track.fill(end))

    def _give_out(self, interval: Interval) -> None:
        assert interval.end is not None
        self._told = interval.end
        self._is_decodable = interval.lost is None
        opened = interval.opened
        if interval.lost is not None or interval.track is None:
            self._cuts.append(self._lost(interval, interval.end - interval.start))
            return
        self._tell_up_to(interval)
        track = interval.track
        numbers = [ref[0] for ref in track.refs]
        self._cuts.append(
            SegmentCut(
                msn=opened.msn,
                data=track.data(),
                tracks=(track.range(0),),
                start_90k=interval.start,
                duration_90k=interval.end - interval.start,
                starts_at_ms=opened.starts_at_ms,
                is_independent=track.is_independent,
                discontinuity_sequence=opened.discontinuity_sequence,
                generation=interval.generation,
                first_tag=min(numbers),
                last_tag=max(numbers),
                target_s=opened.target_s,
                timeline_90k=opened.timeline_90k,
                timeline_msn=opened.timeline_msn,
                origin_ms=opened.origin_ms,
                is_lead_in=opened.is_lead_in,
            )
        )

    def _lost(self, interval: Interval, duration_90k: int) -> SegmentsLost:
        opened = interval.opened
        return SegmentsLost(
            first_msn=opened.msn,
            last_msn=opened.msn,
            start_90k=interval.start,
            duration_90k=duration_90k,
            starts_at_ms=opened.starts_at_ms,
            discontinuity_sequence=opened.discontinuity_sequence,
            target_s=opened.target_s,
            cause=interval.lost or LATE,
            is_news=not interval.is_quiet,
        )

    def _tell_up_to(self, last: Interval) -> None:
        """Say that intervals have begun, in order: a playlist must know what stands before."""
        for interval in self._intervals:
            if interval.msn > last.msn:
                break
            self._tell(interval)
        self._tell(last)

    def _tell(self, interval: Interval) -> None:
        if not interval.is_told:
            interval.is_told = True
            self._cuts.append(interval.opened)

    def _emit(self, interval: Interval, parts: list[Part]) -> None:
        if parts:
            self._tell_up_to(interval)
            self._cuts += parts
