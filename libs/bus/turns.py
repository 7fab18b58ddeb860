"""Whose turn it is, among processes that share no memory: one write to a key in so many seconds.

A turn is taken by compare-and-set, so that of two who take it at once one gets it. Forgotten with
the server's memory: then everybody has a turn.
"""

import time
from collections.abc import Callable

from nats.errors import Error as NATSError
from nats.js.errors import Error as JetStreamError
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from libs.bus.errors import BusUnavailable
from libs.ending import heard

LONGEST_S = 3600.0
"""The bucket forgets a turn after so long; no pause may be longer."""


class Turns:
    """`wall`: Unix seconds; those of the processes may differ by little."""

    def __init__(
        self, bucket: Callable[[], KeyValue], *, wall: Callable[[], float] = time.time
    ) -> None:
        self._bucket = bucket
        self._wall = wall

    async def take(self, key: str, pause_s: float) -> float:
        """0: it is taken; else in how many seconds it can be. Raises `BusUnavailable`."""
        try:
            bucket, now = self._bucket(), self._wall()
            taken = repr(now).encode()
            try:
                entry = await heard(bucket.get(key))
            except KeyNotFoundError:
                await heard(bucket.create(key, taken))
                return 0.0
            assert entry.value is not None
            left_s = float(entry.value) + pause_s - now
            if left_s > 0:
                return min(left_s, pause_s)
            await heard(bucket.update(key, taken, last=entry.revision))
        except KeyWrongLastSequenceError:
            return pause_s  # somebody else has just taken it
        except (NATSError, JetStreamError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise BusUnavailable(f"The turn cannot be taken: {reason}.") from error
        return 0.0

    async def give_back(self, key: str) -> None:
        """It came to nothing: the next may be taken at once. Raises `BusUnavailable`."""
        try:
            await heard(self._bucket().delete(key))
        except (NATSError, JetStreamError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            raise BusUnavailable(f"The turn cannot be given back: {reason}.") from error
