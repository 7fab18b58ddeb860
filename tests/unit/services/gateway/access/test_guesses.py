"""Wrong passwords of one address are limited."""

import contextlib

import pytest

from libs.errors import Unavailable
from services.gateway.access.guesses import FAILURES_S, MAX_ADDRESSES, MAX_FAILURES, Guesses
from services.gateway.errors import LoginLimited, LoginWrong


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def guess_wrong(guesses: Guesses, address: str) -> None:
    with pytest.raises(LoginWrong), guesses.guess(address):
        raise LoginWrong("It is.")


def test_address_waits_after_so_many_and_others_do_not() -> None:
    clock = Clock()
    guesses = Guesses(clock=clock)
    for _ in range(MAX_FAILURES):
        guess_wrong(guesses, "192.0.2.1")
    with pytest.raises(LoginLimited), guesses.guess("192.0.2.1"):
        pytest.fail("nobody looks at it")
    guess_wrong(guesses, "192.0.2.2")
    clock.now += FAILURES_S + 1
    guess_wrong(guesses, "192.0.2.1")


def test_what_was_right_does_not_count() -> None:
    guesses = Guesses(clock=Clock())
    for _ in range(3 * MAX_FAILURES):
        with guesses.guess("a"):
            pass
    assert guesses._failures == {}


def test_what_nobody_could_look_at_does_not_count() -> None:
    guesses = Guesses(clock=Clock())
    for _ in range(3 * MAX_FAILURES):
        with pytest.raises(Unavailable), guesses.guess("a"):
            raise Unavailable("The catalog is away.")
    assert guesses._failures == {}


def test_attempts_under_way_count() -> None:
    """Or a thousand passwords sent at once would all be looked at."""
    guesses = Guesses(clock=Clock())
    with contextlib.ExitStack() as under_way:
        for _ in range(MAX_FAILURES):
            under_way.enter_context(guesses.guess("a"))
        with pytest.raises(LoginLimited), guesses.guess("a"):
            pytest.fail("nobody looks at it")


def test_number_of_addresses_is_bounded() -> None:
    guesses = Guesses(clock=Clock())
    for number in range(MAX_ADDRESSES + 10):
        guess_wrong(guesses, str(number))
    assert len(guesses._failures) <= MAX_ADDRESSES + 1
