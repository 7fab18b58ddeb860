"""Wrong passwords of one address are limited."""

import pytest

from services.gateway.access.guesses import FAILURES_S, MAX_ADDRESSES, MAX_FAILURES, Guesses
from services.gateway.errors import LoginLimited


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_address_waits_after_so_many_and_others_do_not() -> None:
    clock = Clock()
    guesses = Guesses(clock=clock)
    for _ in range(MAX_FAILURES):
        guesses.begin("192.0.2.1")
    with pytest.raises(LoginLimited):
        guesses.begin("192.0.2.1")
    guesses.begin("192.0.2.2")
    clock.now += FAILURES_S + 1
    guesses.begin("192.0.2.1")


def test_what_was_right_does_not_count() -> None:
    guesses = Guesses(clock=Clock())
    for _ in range(3 * MAX_FAILURES):
        guesses.forgive("a", guesses.begin("a"))
    guesses.forgive("a", 5.0)
    assert guesses._failures == {}


def test_attempts_under_way_count() -> None:
    """Or a thousand passwords sent at once would all be looked at."""
    guesses = Guesses(clock=Clock())
    for _ in range(MAX_FAILURES):
        guesses.begin("a")
    with pytest.raises(LoginLimited):
        guesses.begin("a")


def test_number_of_addresses_is_bounded() -> None:
    guesses = Guesses(clock=Clock())
    for number in range(MAX_ADDRESSES + 10):
        guesses.begin(str(number))
    assert len(guesses._failures) <= MAX_ADDRESSES + 1
