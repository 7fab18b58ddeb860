"""What players of a window show when."""

from datetime import timedelta

from libs.events import LoggedRun
from services.gateway.views.alignment import Hole, align
from services.gateway.views.span import Span
from tests.unit.services.gateway.views.logged import AT, SESSION

LATER = "69573100-0a0b0c0d"


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def run(from_s: float, until_s: float, *, session: str = SESSION, start_s: float) -> LoggedRun:
    return LoggedRun(
        session=session,
        first_msn=1,
        last_msn=2,
        starts_at=AT + at(from_s),
        ends_at=AT + at(until_s),
        start_ms=round(start_s * 1000),
        end_ms=(start_s + until_s - from_s) * 1000,
    )


WINDOW = Span(AT + at(10), AT + at(60))
LONG_AFTER = AT + timedelta(days=1)


def test_holes_within_a_session_take_their_time_and_between_sessions_none() -> None:
    runs = [
        run(8, 20, start_s=18),
        run(24, 30, start_s=34),
        run(40, 50, session=LATER, start_s=10),
    ]
    found = align(WINDOW, runs, now=LONG_AFTER)
    assert [each.position_s for each in found.shown] == [0, 16, 22]
    assert found.duration_s == 32
    assert found.holes == (
        Hole(AT + at(20), AT + at(24)),
        Hole(AT + at(30), AT + at(40)),
        Hole(AT + at(50), AT + at(60)),
    )


def test_window_that_is_full_has_no_hole_and_its_end_may_lie_ahead() -> None:
    runs = [run(9, 30, start_s=10), run(30.02, 42, session=LATER, start_s=10)]
    assert align(WINDOW, runs, now=AT + at(42)).holes == ()
    assert align(WINDOW, runs, now=LONG_AFTER).holes == (Hole(AT + at(42), AT + at(60)),)


def test_window_of_nothing_is_one_hole() -> None:
    found = align(WINDOW, [], now=LONG_AFTER)
    assert (found.shown, found.duration_s) == ((), 0)
    assert found.holes == (Hole(WINDOW.from_at, WINDOW.until_at),)
    assert align(WINDOW, [], now=AT).holes == ()
