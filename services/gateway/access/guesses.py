"""Wrong passwords: after some of them nobody looks at what that address sends, for a while."""

import contextlib
import time
from collections.abc import Callable, Iterator

from libs.errors import WeirError
from services.gateway.errors import LoginLimited

MAX_FAILURES = 10
FAILURES_S = 60.0
"""So many wrong passwords within this time, and no password of that address is looked at."""
MAX_ADDRESSES = 4096


class Guesses:
    """By address, so that a stranger who guesses does not lock the owner out."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, list[float]] = {}

    @contextlib.contextmanager
    def guess(self, address: str) -> Iterator[None]:
        """Around a look at a password, which ends with an error if that was wrong. It counts as
        wrong from the start, so that many at once are no way around the limit, and no more once it
        was right, or nobody could look at it. Raises `LoginLimited`.
        """
        attempt = self._begin(address)
        try:
            yield
        except WeirError as error:
            if error.retry:
                self._forgive(address, attempt)
            raise
        self._forgive(address, attempt)

    def _begin(self, address: str) -> float:
        now = self._clock()
        since = now - FAILURES_S
        for known, failures in list(self._failures.items()):
            if failures[-1:] < [since] or len(self._failures) > MAX_ADDRESSES:
                del self._failures[known]
        recent = [at for at in self._failures.get(address, []) if at > since]
        if len(recent) >= MAX_FAILURES:
            raise LoginLimited("Too many wrong passwords; wait a minute.")
        self._failures[address] = [*recent, now]
        return now

    def _forgive(self, address: str, attempt: float) -> None:
        failures = self._failures.get(address, [])
        if attempt in failures:
            failures.remove(attempt)
        if not failures:
            self._failures.pop(address, None)
