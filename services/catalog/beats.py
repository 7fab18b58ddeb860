"""The heartbeats of live jobs' leases, judged by our own clock: no two clocks are compared."""

import math
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from libs.errors import Unavailable


class LeaseRecord(Protocol):
    """What a lease says of itself."""

    @property
    def epoch(self) -> int: ...
    @property
    def beat(self) -> int: ...
    @property
    def is_released(self) -> bool: ...


ReadLease = Callable[[str], Awaitable[LeaseRecord | None]]
"""Raises `Unavailable` while the leases cannot be read."""


class LeaseBeats:
    """How long each lease has been silent.

    A lease counts from when it was first looked at, and again after a time in which nobody could
    look: then its holder could not write either. One that vanished (a wiped bucket) is written
    again by a holder that lives.
    """

    def __init__(self, read: ReadLease, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._monotonic = monotonic
        self._seen: dict[str, tuple[tuple[int, int] | None, float]] = {}

    async def silent_s(self, key: str) -> float | None:
        """Seconds since the lease last changed; infinite if there is none; None if unreadable."""
        try:
            record = await self._read(key)
        except Unavailable:
            self._seen.clear()
            return None
        if record is not None and record.is_released:
            return math.inf
        now = self._monotonic()
        known = self._seen.get(key)
        if record is None and known is None:
            return math.inf
        mark = None if record is None else (record.epoch, record.beat)
        if known is None or known[0] != mark:
            known = self._seen[key] = (mark, now)
        return now - known[1]

    def mark(self, key: str) -> tuple[int, int] | None:
        """Epoch and beat that were last seen; None for a lease that is not there."""
        return self._seen[key][0] if key in self._seen else None

    def keep_only(self, keys: Collection[str]) -> None:
        """Forget all other leases."""
        self._seen = {key: seen for key, seen in self._seen.items() if key in keys}
