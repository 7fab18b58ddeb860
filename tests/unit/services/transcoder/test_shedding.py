"""How rungs are left out, and tried again."""

from services.transcoder.shedding import FIRST_TRY_S, LONGEST_TRY_S, Shedding


def test_a_rung_at_a_time_is_left_out_but_never_the_last() -> None:
    shedding = Shedding()
    for made in (3, 2, 1, 1):
        shedding.too_slow(0.0, made=made)
    assert shedding.count == 2


def test_one_more_is_tried_after_a_while() -> None:
    shedding = Shedding()
    assert not shedding.may_try(1e9)
    shedding.too_slow(0.0, made=3)
    assert not shedding.may_try(FIRST_TRY_S - 1)
    assert shedding.may_try(FIRST_TRY_S)
    shedding.try_more(FIRST_TRY_S)
    assert (shedding.count, shedding.may_try(1e9)) == (0, False)


def test_tries_that_fail_soon_are_made_ever_more_rarely() -> None:
    shedding = Shedding()
    now_s, pauses = 0.0, []
    shedding.too_slow(now_s, made=3)
    for _ in range(8):
        slow_s = now_s
        while not shedding.may_try(now_s):
            now_s += 1
        pauses.append(now_s - slow_s)
        shedding.try_more(now_s)
        now_s += 5
        shedding.too_slow(now_s, made=3)
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_TRY_S
