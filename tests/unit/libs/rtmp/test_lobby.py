"""Who must go when too many wait."""

from collections.abc import Callable

from libs.rtmp.lobby import Lobby


class Visitors:
    def __init__(self, *, max_waiting: int = 4, max_per_address: int = 2) -> None:
        self.lobby = Lobby(max_waiting=max_waiting, max_per_address=max_per_address)
        self.evicted: list[str] = []

    def enter(self, name: str, address: str) -> Callable[[], None]:
        def evict() -> None:
            self.evicted.append(name)

        self.lobby.enter(evict, address)
        return evict


def test_full_lobby_turns_out_the_one_that_waits_longest() -> None:
    visitors = Visitors(max_per_address=9)
    for number in range(6):
        visitors.enter(str(number), f"10.0.0.{number}")
    assert visitors.evicted == ["0", "1"]
    assert len(visitors.lobby) == 4


def test_one_address_pushes_out_its_own() -> None:
    visitors = Visitors()
    visitors.enter("other", "10.0.0.1")
    for number in range(3):
        visitors.enter(str(number), "10.0.0.2")
    assert visitors.evicted == ["0"]


def test_who_left_is_not_turned_out_and_leaves_no_trace() -> None:
    visitors = Visitors()
    first = visitors.enter("first", "10.0.0.1")
    visitors.lobby.leave(first)
    visitors.lobby.leave(first)
    visitors.enter("second", "10.0.0.1")
    visitors.enter("third", "10.0.0.1")
    assert visitors.evicted == []
    assert len(visitors.lobby) == 2
