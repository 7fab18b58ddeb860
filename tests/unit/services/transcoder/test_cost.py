"""Who is let in."""

from typing import get_args

from libs.events import TEMPLATES, Ladder, LadderCodec, TranscodePlan
from services.transcoder.cost import HEVC_FACTOR, Slots, cost_of

LD, SD, HD, UD = TEMPLATES.values()


def test_cost_rises_with_the_pixels() -> None:
    costs = [
        cost_of(TranscodePlan(version=1, ladder=Ladder(rungs=rungs)))
        for rungs in ((LD,), (LD, SD), (LD, SD, HD), (UD,))
    ]
    assert costs == sorted(costs)
    assert 0.5 < costs[2] < 0.8, "as was measured"


def test_h265_costs_a_multiple() -> None:
    h264, h265 = (
        cost_of(TranscodePlan(version=1, ladder=Ladder(rungs=(LD, SD), codec=codec)))
        for codec in get_args(LadderCodec)
    )
    assert 2 < h265 / h264 < HEVC_FACTOR, "decoding costs the same"


def test_sound_alone_costs_little() -> None:
    assert 0 < cost_of(TranscodePlan(version=1, makes_sound=True)) < 0.05


def test_jobs_are_let_in_while_there_is_room() -> None:
    slots = Slots(2.0)
    assert [slots.enter(name, 0.7) for name in "abc"] == [True, True, False]
    slots.leave("a")
    assert slots.enter("c", 0.7)
    slots.leave("never came")


def test_one_job_is_let_in_however_large_it_is() -> None:
    slots = Slots(0.1)
    assert slots.enter("a", 5.0)
    assert not slots.enter("b", 0.01)
