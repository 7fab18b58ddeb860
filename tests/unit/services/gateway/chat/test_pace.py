"""How fast anybody may speak."""

from services.gateway.chat import pace as module
from services.gateway.chat.pace import Pace


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_some_come_at_once_then_one_after_the_other() -> None:
    clock = Clock()
    pace = Pace(burst=3, every_s=2.0, clock=clock)
    for _ in range(3):
        assert pace.wait_s("ann") == 0
        pace.note("ann")
    assert pace.wait_s("ann") == 2.0
    assert pace.wait_s("ben") == 0
    clock.now += 2.0
    assert pace.wait_s("ann") == 0
    pace.note("ann")
    clock.now += 1.5
    assert pace.wait_s("ann") == 0.5


def test_who_was_silent_has_all_of_its_burst_again_and_no_more() -> None:
    clock = Clock()
    pace = Pace(burst=3, every_s=2.0, clock=clock)
    pace.note("ann")
    clock.now += 3600
    for _ in range(3):
        assert pace.wait_s("ann") == 0
        pace.note("ann")
    assert pace.wait_s("ann") > 0


def test_strangers_do_not_fill_memory() -> None:
    pace = Pace(burst=1, every_s=1.0, clock=Clock())
    for number in range(module.REMEMBERED + 10):
        pace.note(str(number))
    assert len(pace._due) == module.REMEMBERED
    assert pace.wait_s(str(module.REMEMBERED)) == 1.0
    assert pace.wait_s("0") == 0
