"""A window of one stream beside the same window of others: what its players show when.

A player's time begins with the first picture of its playlist, which may be an earlier keyframe, or
much later than the window; between two sessions no time passes for it. Holes within a session are
gaps of the playlist, so that there it does.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from libs.events import LoggedRun
from services.gateway.views.span import Span

SEAM = timedelta(milliseconds=50)
"""What is less is no hole: wall clocks of rows are rounded, and drift."""


class Shown(NamedTuple):
    """What can be seen, from an instant to another."""

    session: str
    from_at: datetime
    until_at: datetime
    position_s: float
    """Of `from_at`, in the time of the playlist."""


class Hole(NamedTuple):
    from_at: datetime
    until_at: datetime


class Alignment(NamedTuple):
    shown: tuple[Shown, ...]
    holes: tuple[Hole, ...]
    """Times within the window of which there is nothing."""
    duration_s: float
    """Of the playlist."""


def align(span: Span, runs: Sequence[LoggedRun], *, now: datetime) -> Alignment:
    """`runs` in order. What is yet to come is no hole."""
    shown: list[Shown] = []
    begun_s = end_s = 0.0
    first: LoggedRun | None = None
    for run in runs:
        if first is None or run.session != first.session:
            # Another session begins where the one before ended.
            first, begun_s = run, end_s
        position_s = begun_s + (run.start_ms - first.start_ms) / 1000
        shown.append(Shown(run.session, run.starts_at, run.ends_at, round(position_s, 3)))
        end_s = position_s + (run.end_ms - run.start_ms) / 1000
    holes = tuple(_holes(span.from_at, min(span.until_at, now), runs))
    return Alignment(tuple(shown), holes, round(end_s, 3))


def _holes(from_at: datetime, until_at: datetime, runs: Iterable[LoggedRun]) -> Iterable[Hole]:
    at = from_at
    for run in runs:
        if run.starts_at - at > SEAM:
            yield Hole(at, run.starts_at)
        at = max(at, run.ends_at)
    if until_at - at > SEAM:
        yield Hole(at, until_at)
