"""Cutting a rung: the source's cut list says where, the rung's tags say what.

Segment n of a rung holds its frames with PTS in [start n, start n+1) of the source, under the same
number, start and duration. An interval that the rung has not got all frames of is lost, with the
cause, and never shortened. A rung is behind its source; it is waited for in media time, at most
`WAIT_TARGETS` target durations. Like `cutter` this is pure: no clock, no timer.
"""

from collections.abc import Iterable

from libs.cutting.cuts import Cut, SegmentCut, SegmentOpened, SegmentsLost
from libs.cutting.frames import TICKS_A_MS, Frame
from libs.cutting.interval import Interval
from libs.cutting.rung_intervals import Intervals
from libs.cutting.rung_placing import LATE, TAKEOVER, Hole, Placing
from libs.cutting.tracks import set_up_rung
from libs.errors import Invalid
from libs.media.cmaf import VIDEO_TIMESCALE
from libs.media.flv import FLVInvalid, PacketKind, Tag, TagType, parse_video
from libs.tags.cues import RungCue, RungEndCue, read_cue

WAIT_TARGETS = 2


class RungCutter:
    """`follow` takes the source's cuts, `feed` the rung's tags, in whatever order they come."""

    def __init__(
        self, session: str, *, first_news_msn: int = 0, is_only_planned: bool = False
    ) -> None:
        """What is lost before `first_news_msn` has been told of by a predecessor.

        What is only planned is not waited for, and that it is missing is no news: until `expect`.
        """
        self._intervals = Intervals(first_news_msn=first_news_msn, is_quiet=is_only_planned)
        self._placing = Placing(session, self._intervals)
        self._record: bytes | None = None
        """Of the configuration that was read last."""
        self._newest: int | None = None
        self._next_tag = 0
        self._is_fed = not is_only_planned
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
        return self._intervals.oldest.msn if self._intervals else None

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
    ) -> list[Cut]:
        """What the source had before the rung was known, each with its end, if there is one.

        `is_quiet`: it is no news that the rung lacks them.
        """
        for opened, end in intervals:
            self._intervals.open(Interval(opened, end, generation, is_quiet=is_quiet))
        return [] if self._is_fed else self._go_on()

    def follow(self, cuts: Iterable[Cut], *, known_90k: int, generation: int = 0) -> list[Cut]:
        """What the source has cut; all its boundaries up to `known_90k` have been told."""
        self._intervals.follow(cuts, known_90k=known_90k, generation=generation)
        return self._go_on()

    # --- the rung ---------------------------------------------------------------------------------

    def expect(self) -> None:
        """The rung is made from now on."""
        self._intervals.is_quiet = False
        self._is_fed = True

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
            self._placing.queue.append(Hole(LATE))
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
                self._placing.queue.append(Hole(TAKEOVER))
                self._is_fed = True
            case RungEndCue(cause="session_ended"):
                self._is_fed = False
                self.is_over = True
            case RungEndCue(cause=cause):
                self._placing.queue.append(Hole(cause))
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
            self._placing.queue.append(Frame(number, dts, pts, header.is_keyframe, data))
            self._newest = pts

    def _configure(self, codec: str, record: bytes) -> None:
        if record == self._record:
            return
        self._record = None  # an unreadable header must not leave the old one in force
        self._placing.queue.append(set_up_rung(codec, record))
        self._record = record

    # --- giving out -------------------------------------------------------------------------------

    def _go_on(self) -> list[Cut]:
        placing, intervals = self._placing, self._intervals
        placing.place(until=intervals.known_90k if intervals.ended is None else None)
        while intervals and self._is_decided(intervals.oldest):
            self._give_out(intervals.pop())
        if intervals.ended is not None and not intervals and not self.is_done:
            self.is_done = True
            placing.cuts.append(intervals.ended)
        cuts, placing.cuts = placing.cuts, []
        return cuts

    def _is_decided(self, interval: Interval) -> bool:
        if interval.end is None:
            return False
        if interval.lost is not None or interval.is_passed:
            return True
        if self._placing.queue:
            return False
        newest = self._intervals.newest.start
        is_late = newest - interval.end >= WAIT_TARGETS * interval.opened.target_s * VIDEO_TIMESCALE
        if self._is_fed and (self.is_catching_up or not is_late):
            return False
        self._placing.pass_last(interval, is_over=self.is_over)
        return True

    def _give_out(self, interval: Interval) -> None:
        assert interval.end is not None
        placing = self._placing
        placing.told_90k = interval.end
        placing.is_decodable = interval.lost is None
        if interval.lost is not None or interval.track is None:
            placing.cuts.append(_lost(interval, interval.end - interval.start))
            return
        placing.tell_up_to(interval)
        opened, track = interval.opened, interval.track
        numbers = [ref[0] for ref in track.refs]
        placing.cuts.append(
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


def _lost(interval: Interval, duration_90k: int) -> SegmentsLost:
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
