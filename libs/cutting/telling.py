"""What is told of a session's segments, in order: each opens, has its parts, is whole or lost."""

from collections.abc import Callable

from libs.cutting.cut_rule import CutRule
from libs.cutting.cuts import Cut, Part, SegmentsLost
from libs.cutting.frames import TICKS_A_MS
from libs.cutting.open_segment import OpenSegment
from libs.media.cmaf import VIDEO_TIMESCALE


class Telling:
    """Collect what was told with `take`."""

    def __init__(
        self, rule: CutRule, *, timeline: int, first_msn: int, part_ms: Callable[[], int]
    ) -> None:
        """`part_ms` is asked for PART-TARGET when something is told for the first time."""
        self.origin_ms = 0
        """Wall clock of session time 0."""
        self.starts_at_ms = 0
        """Wall clock of the newest segment's start."""
        self.timeline = timeline
        """Where the newest timeline began, in 90 kHz ticks."""
        self.timeline_msn = first_msn
        self._rule = rule
        self._part_ms = part_ms
        self._cuts: list[Cut] = []

    def take(self) -> list[Cut]:
        cuts = self._cuts
        if cuts:
            self._cuts = []
            return cuts
        return []

    def open(self, segment: OpenSegment) -> None:
        """Say that the segment has begun, once; from now on its start stands."""
        if segment.is_told:
            return
        segment.is_told = True
        if segment.starts_at_ms is None:
            segment.starts_at_ms = self._wall_clock(segment)
        if segment.begins_timeline and segment.timeline is None:
            self.timeline, self.timeline_msn = segment.start, segment.msn
        segment.timeline = segment.timeline or (self.timeline, self.timeline_msn)
        self._cuts.append(
            segment.opened(
                target_s=self._rule.target_s,
                part_target_ms=self._part_ms(),
                origin_ms=self.origin_ms,
            )
        )

    def parts(self, segment: OpenSegment, parts: list[Part]) -> None:
        if parts:
            self.open(segment)
            self._cuts += parts

    def close(self, segment: OpenSegment, end: int) -> None:
        """The segment gets no more; one without a frame is lost."""
        self.open(segment)
        cut = segment.cut(end, target_s=self._rule.target_s, origin_ms=self.origin_ms)
        if cut is None:
            self._lose(segment, segment.msn, end, "no_media")
        else:
            self._cuts.append(cut)

    def gap(self, before: OpenSegment, count: int, span: int, cause: str) -> None:
        """In the place of `before` and the segments after it, `count` in all, there is nothing for
        `span` ticks.
        """
        before.starts_at_ms = self._wall_clock(before)
        self._lose(before, before.msn + count - 1, before.start + span, cause)
        self.starts_at_ms += span * (count - 1) // count // TICKS_A_MS

    def count_of(self, span: int) -> int:
        """How many segments stand for a gap of `span` ticks."""
        return -(-span // (self._rule.target_s * VIDEO_TIMESCALE))

    def _wall_clock(self, segment: OpenSegment) -> int:
        """When the newest segment begins, by the cue that was in force. It rises from segment to
        segment: a cue that corrects the clock backwards may come right behind a cut between cues.
        """
        self.starts_at_ms = max(segment.by_its_clock_ms(), self.starts_at_ms + 1)
        return self.starts_at_ms

    def _lose(self, segment: OpenSegment, last: int, end: int, cause: str) -> None:
        self._cuts.append(
            SegmentsLost(
                first_msn=segment.msn,
                last_msn=last,
                start_90k=segment.start,
                duration_90k=end - segment.start,
                starts_at_ms=segment.starts_at_ms or 0,
                discontinuity_sequence=segment.discontinuity_sequence,
                target_s=self._rule.target_s,
                cause=cause,
            )
        )
