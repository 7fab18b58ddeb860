"""DASH periods: runs of segments that one SegmentTemplate can tell of.

A new period begins at each discontinuity, where segments or tracks do not run on, and where the
cadence begins or ceases to be steady: in a steady period a segment's number tells its time, so that
players may ask for the segment that is in the making; in any other they are listed one by one.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from libs.cutting.cuts import SegmentCut
from services.packager.entries import Entry

TOLERANCE = 0.05
"""How much a segment of a steady period may differ from the others' mean."""
SETTLED = 4
"""So many segments that last equally long make a cadence steady that was not."""


class Period(NamedTuple):
    id: str
    start_90k: int
    first_msn: int
    is_steady: bool


def period_of(cut: SegmentCut, before: Sequence[Entry], *, wanted_s: float) -> Period:
    """The period of a new segment, behind those `before`; `wanted_s` is its usual duration."""
    discontinuity = cut.discontinuity_sequence
    last = before[-1] if before else None
    if (
        last is None
        or last.discontinuity_sequence != discontinuity
        or (last.is_lead_in and not cut.is_lead_in)
    ):
        passed = cut.msn - cut.timeline_msn
        mean = (cut.start_90k - cut.timeline_90k) / passed if passed else wanted_s * 90_000
        is_steady = not cut.is_lead_in and _is_near(cut.duration_90k, mean)
        period_id = f"{discontinuity}.lead" if cut.is_lead_in else str(discontinuity)
        return Period(period_id, cut.timeline_90k, cut.timeline_msn, is_steady)
    if not _run_on(cut, last):
        is_steady = _is_near(cut.duration_90k, wanted_s * 90_000)
        return Period(f"{discontinuity}.{cut.msn}", cut.start_90k, cut.msn, is_steady)
    same = Period(last.period, last.period_90k, last.period_msn, last.is_steady)
    if last.is_steady:
        mean = (cut.start_90k - last.period_90k) / (cut.msn - last.period_msn)
        if _is_near(cut.duration_90k, mean):
            return same
        return Period(f"{discontinuity}.{cut.msn}", cut.start_90k, cut.msn, is_steady=False)
    if not cut.is_lead_in and _has_settled(cut, before):
        return Period(f"{discontinuity}.{cut.msn}", cut.start_90k, cut.msn, is_steady=True)
    return same


def _has_settled(cut: SegmentCut, before: Sequence[Entry]) -> bool:
    """Whether it is the last of `SETTLED` in one period that last equally long."""
    alike = takewhile(
        lambda entry: (
            entry.period == before[-1].period and _is_near(entry.duration_90k, cut.duration_90k)
        ),
        reversed(before),
    )
    return sum(1 for _ in alike) >= SETTLED - 1


def _run_on(cut: SegmentCut, last: Entry) -> bool:
    before = {track.kind: track.config_id for track in last.tracks.values()}
    return before == {track.kind: track.config_id for track in cut.tracks}


def _is_near(duration: float, mean: float) -> bool:
    return abs(duration - mean) <= TOLERANCE * mean
