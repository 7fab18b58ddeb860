"""The lobby: connections that neither publish nor play yet, of whom there may be only so many.

When it is full the one that has waited longest must go: an honest peer is through within
moments, so whoever fills the lobby with silence pushes out his own.
"""

from collections import defaultdict
from collections.abc import Callable

Evict = Callable[[], None]


class Lobby:
    """Keyed by the function that closes the connection; told apart by peer address."""

    def __init__(self, *, max_waiting: int, max_per_address: int) -> None:
        self._max_waiting = max_waiting
        self._max_per_address = max_per_address
        self._waiting: dict[Evict, str] = {}
        """Longest waiting first."""
        self._of_address: defaultdict[str, dict[Evict, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, evict: Evict, address: str) -> None:
        """`evict` is called if the connection must make room; it leaves then."""
        mates = self._of_address[address]
        if len(mates) >= self._max_per_address:
            self._turn_out(next(iter(mates)))
        elif len(self._waiting) >= self._max_waiting:
            self._turn_out(next(iter(self._waiting)))
        self._waiting[evict] = address
        self._of_address[address][evict] = None

    def leave(self, evict: Evict) -> None:
        """The connection publishes, plays, or is gone. Leaving twice is fine."""
        address = self._waiting.pop(evict, None)
        if address is None:
            return
        mates = self._of_address[address]
        del mates[evict]
        if not mates:
            del self._of_address[address]

    def _turn_out(self, evict: Evict) -> None:
        self.leave(evict)
        evict()
