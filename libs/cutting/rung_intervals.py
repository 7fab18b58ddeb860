"""The source's cut list, as the intervals in which a rung's segments are still to be cut."""

from collections import deque
from collections.abc import Iterable, Iterator

from libs.cutting.cuts import Cut, SegmentCut, SegmentOpened, SegmentsLost, SessionEnded
from libs.cutting.frames import TICKS_A_MS
from libs.cutting.interval import Interval


class Intervals:
    """Oldest first; who gives one out takes it by `pop`."""

    def __init__(self, *, first_news_msn: int = 0, is_quiet: bool = False) -> None:
        """What is lost before `first_news_msn` has been told of by a predecessor."""
        self.is_quiet = is_quiet
        """Whether it is no news what the rung lacks of the intervals that open now."""
        self.known_90k = 0
        """The source's cut list is known up to here."""
        self.ended: SessionEnded | None = None
        self._first_news_msn = first_news_msn
        self._pending: deque[Interval] = deque()

    def __iter__(self) -> Iterator[Interval]:
        return iter(self._pending)

    def __bool__(self) -> bool:
        return bool(self._pending)

    @property
    def oldest(self) -> Interval:
        return self._pending[0]

    @property
    def newest(self) -> Interval:
        return self._pending[-1]

    def before(self, interval: Interval) -> Interval | None:
        """The one before it that is not given out either."""
        index = self._pending.index(interval)
        return self._pending[index - 1] if index else None

    def pop(self) -> Interval:
        return self._pending.popleft()

    def open(self, interval: Interval) -> None:
        if self._pending and self._pending[-1].end is None:
            self._pending[-1].end = interval.start
        interval.is_quiet |= self.is_quiet or interval.msn < self._first_news_msn
        self._pending.append(interval)

    def follow(self, cuts: Iterable[Cut], *, known_90k: int, generation: int) -> None:
        """What the source has cut; all its boundaries up to `known_90k` have been told."""
        for cut in cuts:
            match cut:
                case SegmentOpened():
                    self.open(Interval(cut, generation=generation))
                case SegmentCut():
                    self._end(cut.msn, cut.start_90k + cut.duration_90k)
                case SegmentsLost():
                    self._lose(cut)
                case SessionEnded():
                    self.ended = cut
                case _:
                    pass
        self.known_90k = max(self.known_90k, known_90k)

    def _end(self, msn: int, end: int) -> None:
        for interval in self._pending:
            if interval.msn == msn and interval.end is None:
                interval.end = end

    def _lose(self, lost: SegmentsLost) -> None:
        """An interval that the source has not got, nobody has."""
        for interval in self._pending:
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
            self.open(interval)
