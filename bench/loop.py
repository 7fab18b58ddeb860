"""The loader's epoll loop: one thread, one receive buffer, no asyncio.

What costs here costs on core 1; a run in which this loop uses more than 80 % of its core is void.
"""

import heapq
import itertools
import select
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

BUFFER = memoryview(bytearray(1024 * 1024))
"""Everybody receives into it; what must live longer than a handler is copied."""
EVENTS_AT_ONCE = 512

Handler = Callable[[int], None]


class Loop:
    """Sockets by descriptor, timers by time."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._closers: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for close in self._closers:
            close()
        self._epoll.close()

    def on_close(self, close: Callable[[], None]) -> None:
        """Called when the loop ends; must bear being the second who closes."""
        self._closers.append(close)

    def watch(self, fd: int, handler: Handler, events: int = select.EPOLLIN) -> None:
        self._handlers[fd] = handler
        self._epoll.register(fd, events)

    def change(self, fd: int, events: int) -> None:
        self._epoll.modify(fd, events)

    def rehandle(self, fd: int, handler: Handler) -> None:
        """From now on `handler` takes the descriptor's events."""
        self._handlers[fd] = handler

    def forget(self, fd: int) -> None:
        if self._handlers.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Call at `when` on the monotonic clock."""
        heapq.heappush(self._timers, (when, next(self._numbers), call))

    def run(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (now := time.monotonic()) < end:
            self._turn(now, end)

    def until(self, condition: Callable[[], bool], *, timeout_s: float, what: str) -> None:
        """Run until `condition` holds. Raises `TimeoutError` that names `what` was awaited."""
        end = time.monotonic() + timeout_s
        while not condition():
            now = time.monotonic()
            if now > end:
                raise TimeoutError(f"{what} did not come within {timeout_s:g} s")
            self._turn(now, min(end, now + 0.02))

    def _turn(self, now: float, end: float) -> None:
        timers = self._timers
        while timers and timers[0][0] <= now:
            heapq.heappop(timers)[2]()
        if timers:
            end = min(end, timers[0][0])
        handlers = self._handlers
        for fd, events in self._epoll.poll(max(0.0, end - time.monotonic()), EVENTS_AT_ONCE):
            handler = handlers.get(fd)
            if handler is not None:
                handler(events)
