from datetime import timedelta

import pytest

from services.catalog.dispatch import GIVE_UP_AFTER, SILENT_S, Verdict, judge


def test_job_with_a_beating_lease_is_running() -> None:
    verdict = judge(silent_s=SILENT_S - 0.1, offered_s=999, unanswered=3, ended_for=None)
    assert verdict is Verdict.IS_RUNNING


def test_job_whose_leases_cannot_be_seen_is_left_alone() -> None:
    verdict = judge(silent_s=None, offered_s=999, unanswered=0, ended_for=GIVE_UP_AFTER * 9)
    assert verdict is Verdict.WAIT


def test_job_whose_lease_fell_silent_is_offered_again() -> None:
    verdict = judge(silent_s=SILENT_S, offered_s=60, unanswered=0, ended_for=None)
    assert verdict is Verdict.OFFER


@pytest.mark.parametrize(("unanswered", "patience_s"), [(0, 4), (1, 8), (3, 32), (4, 60), (99, 60)])
def test_offers_that_nobody_takes_become_rare(unanswered: int, patience_s: float) -> None:
    early = judge(silent_s=99, offered_s=patience_s - 1, unanswered=unanswered, ended_for=None)
    late = judge(silent_s=99, offered_s=patience_s, unanswered=unanswered, ended_for=None)
    assert (early, late) == (Verdict.WAIT, Verdict.OFFER)


def test_ended_session_is_still_offered_while_its_tags_may_be_held() -> None:
    verdict = judge(silent_s=99, offered_s=99, unanswered=0, ended_for=timedelta(seconds=60))
    assert verdict is Verdict.OFFER


def test_session_long_over_without_a_packager_is_given_up() -> None:
    ended_for = GIVE_UP_AFTER + timedelta(seconds=1)
    verdict = judge(silent_s=99, offered_s=1, unanswered=0, ended_for=ended_for)
    assert verdict is Verdict.GIVE_UP


def test_session_long_over_with_a_packager_at_work_is_left_to_it() -> None:
    verdict = judge(silent_s=1, offered_s=99, unanswered=0, ended_for=GIVE_UP_AFTER * 2)
    assert verdict is Verdict.IS_RUNNING
