from libs.back_off import GOOD_S, MAX_S, BackOff


def test_pauses_grow_to_a_limit_and_begin_anew_after_a_good_push() -> None:
    back_off = BackOff(uniform=lambda low, high: 1.0)
    assert [back_off.next_s(lasted_s=1) for _ in range(7)] == [1, 2, 4, 8, 16, MAX_S, MAX_S]
    assert back_off.next_s(lasted_s=GOOD_S) == 1


def test_pauses_differ_among_targets() -> None:
    pauses = {BackOff().next_s(lasted_s=0) for _ in range(20)}
    assert len(pauses) > 1
    assert all(0.75 <= pause <= 1.25 for pause in pauses)
