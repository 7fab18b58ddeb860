"""A reader that has all there is, and takes what comes without waking up."""

import asyncio
import math
from collections.abc import Callable
from typing import Protocol

from libs.pull import GATHER_S
from services.ingest.gathering import Gathering
from services.ingest.replay import Batch, ReplayWindow


class Log(Protocol):
    """What a listener needs of its `TagLog`."""

    replay: ReplayWindow
    gathering: Gathering
    is_ended: bool
    is_gathered: bool


class Listener:
    """Writes each piece as it is numbered, or what has gathered if the reader wants it so.

    `blocked` is set when it needs another way, from tag `cursor` on: the log has ended, the reader
    is fenced or led to another, or too slow, or what comes next lies on disk.
    """

    def __init__(
        self,
        log: Log,
        cursor: int,
        write: Callable[[bytes], bool],
        *,
        reader: str,
        is_over: Callable[[int], bool],
    ) -> None:
        self.cursor = cursor
        self._loop = asyncio.get_running_loop()
        self.blocked: asyncio.Future[None] = self._loop.create_future()
        self._log = log
        self._write = write
        self._reader = reader
        self._is_over = is_over
        self._handed_at = -math.inf
        """When what had gathered went out."""
        self._timer: asyncio.TimerHandle | None = None

    def tell(self) -> None:
        """There is something new."""
        wait_s = self._log.gathering.wait_s(self._reader)
        due_at, slack_s = self._handed_at + wait_s, 0.0
        if self._log.is_gathered:
            # It comes by the tick: what waits no longer than that has waited already, and for the
            # rest the nearest tick will do. The timer is for a publisher that falls silent.
            slack_s = GATHER_S / 2 if wait_s > GATHER_S else wait_s
        if self._loop.time() >= due_at - slack_s or self._must_go_on():
            self._hand_over()
        elif self._timer is None:
            self._timer = self._loop.call_at(due_at + slack_s, self._hand_over)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _must_go_on(self) -> bool:
        return self._log.is_ended or self._is_over(self.cursor)

    def _hand_over(self) -> None:
        self.close()
        self._handed_at = self._loop.time()
        replay = self._log.replay
        may_write = not self._is_over(self.cursor)
        while may_write and self.cursor < replay.next_tag:
            found = replay.batch(self.cursor) if self.cursor >= replay.oldest_tag else None
            may_write = isinstance(found, Batch) and self._write(found.wire)
            if may_write and found is not None:
                self.cursor = found.next_tag
        if (self._log.is_ended or not may_write) and not self.blocked.done():
            self.blocked.set_result(None)
