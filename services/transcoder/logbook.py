"""The newest lines that a job's processes say, told to the catalog at most every few seconds."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from libs.events import JobLogged, Message

LINES, LINE_CHARS = 100, 400
EVERY_S = 2.0


class Logbook:
    def __init__(
        self, job: str, attempt: int, *, worker: str, say: Callable[[Message], None]
    ) -> None:
        self._job = job
        self._attempt = attempt
        self._worker = worker
        self._say = say
        self._lines: deque[str] = deque(maxlen=LINES)
        self._number = 0
        self._said_s = -EVERY_S
        self._later: asyncio.TimerHandle | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(self._lines)

    def add(self, line: str) -> None:
        self._lines.append(line[:LINE_CHARS])
        if self._later is None:
            wait_s = max(0.0, self._said_s + EVERY_S - time.monotonic())
            self._later = asyncio.get_running_loop().call_later(wait_s, self.flush)

    def flush(self) -> None:
        """Say what has not been said yet."""
        if self._later is None:
            return
        self._later.cancel()
        self._later = None
        self._said_s = time.monotonic()
        self._number += 1
        self._say(
            JobLogged(
                job=self._job,
                attempt=self._attempt,
                number=self._number,
                worker=self._worker,
                lines=tuple(self._lines),
            )
        )


async def read_lines(stream: asyncio.StreamReader, add: Callable[[str], None]) -> None:
    """Hand on each line of a process, cut to `LINE_CHARS`, until it says no more."""
    rest = b""
    while data := await stream.read(4096):
        *lines, rest = (rest[-LINE_CHARS:] + data).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if line:
                add(line.decode("utf-8", "replace")[:LINE_CHARS])
    if rest:
        add(rest.decode("utf-8", "replace")[:LINE_CHARS])
