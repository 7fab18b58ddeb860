"""Marks come by lot: often enough, seldom enough, and nobody can tell when."""

import itertools

from services.gateway.burning.schedule import WINDOW, Schedule

SESSION = "69573000-0a0b0c0d"
FIRST = 0x69573000
ROWS = range(FIRST, FIRST + 3000)
SCHEDULE = Schedule("secret")


def shown(schedule: Schedule = SCHEDULE, *, token: str = "t", session: str = SESSION) -> list[int]:
    return [msn for msn in ROWS if schedule.shows(token, session, msn)]


def test_no_window_is_without_a_mark_and_the_share_is_small() -> None:
    numbers = shown()
    stretches = [after - before for before, after in itertools.pairwise(numbers)]
    assert max(stretches) <= WINDOW
    assert numbers[0] < FIRST + WINDOW
    assert 0.10 < len(numbers) / len(ROWS) < 0.135


def test_what_was_shown_tells_little_of_what_comes() -> None:
    numbers = shown()
    stretches = [after - before for before, after in itertools.pairwise(numbers)]
    # All lengths come, none of them most of the time.
    assert set(stretches) == set(range(1, WINDOW + 1))
    assert max(map(stretches.count, set(stretches))) < len(stretches) / 4


def test_other_tokens_sessions_and_secrets_have_other_lots() -> None:
    own = set(shown())
    others = (
        shown(token="u"), shown(session="69573000-0a0b0c0e"), shown(Schedule("another")),
    )  # fmt: skip
    for other in others:
        # About as many rows are in both as by chance.
        assert len(own & set(other)) < len(own) / 3
    assert own == set(shown(Schedule("secret")))


def test_moving_marks_lie_everywhere() -> None:
    places = [SCHEDULE.position("t", SESSION, msn) for msn in ROWS]
    assert set(places) == set(range(8))
    assert max(map(places.count, range(8))) < len(ROWS) / 4
