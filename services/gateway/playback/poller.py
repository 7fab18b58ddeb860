"""One epoll for the sockets of all FLV viewers, itself watched by the event loop.

A viewer's socket belongs to no asyncio transport: writing to a thousand of them is a thousand
`send` calls and nothing else. Only what is rare comes through here: a peer that says something or
goes, and room in the socket of a viewer that lags.
"""

import asyncio
import select
from typing import Protocol

STALL_S = 30.0
"""A viewer that takes no byte for this long while there are some for it is gone."""
EVENTS_AT_ONCE = 256

_LISTENING = select.EPOLLIN | select.EPOLLRDHUP
_GONE = _LISTENING | select.EPOLLHUP | select.EPOLLERR


class Polled(Protocol):
    """A socket's owner."""

    moved_at: float
    """When bytes last went out, on the loop's clock; kept up while it waits for room."""

    def fileno(self) -> int: ...

    def on_readable(self) -> None:
        """Bytes, an end or an error have come."""

    def on_writable(self) -> None:
        """There is room again; called once for each `wait_for_room`."""

    def leave(self) -> None:
        """It takes nothing any more."""


class Poller:
    """Made and used within a running loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoll = select.epoll()
        self._polled: dict[int, Polled] = {}
        self._waiting: dict[int, Polled] = {}
        self._stall_timer: asyncio.TimerHandle | None = None
        self._loop.add_reader(self._epoll.fileno(), self._on_events)

    def __len__(self) -> int:
        return len(self._polled)

    def add(self, polled: Polled) -> None:
        fd = polled.fileno()
        self._polled[fd] = polled
        self._epoll.register(fd, _LISTENING)

    def remove(self, polled: Polled) -> None:
        """Before its socket is closed."""
        fd = polled.fileno()
        if self._polled.pop(fd, None) is not None:
            self._waiting.pop(fd, None)
            self._epoll.unregister(fd)

    def wait_for_room(self, polled: Polled) -> None:
        """Call `on_writable` when its socket takes bytes, or `leave` when it does not for long."""
        fd = polled.fileno()
        if fd in self._waiting:
            return
        self._waiting[fd] = polled
        polled.moved_at = self._loop.time()
        self._epoll.modify(fd, _LISTENING | select.EPOLLOUT)
        self._time_stalls()

    def close(self) -> None:
        """Let go whoever is still here."""
        for polled in list(self._polled.values()):
            polled.leave()
        if self._stall_timer is not None:
            self._stall_timer.cancel()
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()

    def _on_events(self) -> None:
        for fd, events in self._epoll.poll(0, EVENTS_AT_ONCE):
            polled = self._polled.get(fd)
            if polled is None:
                continue  # it left while earlier events were handled
            if events & _GONE:
                polled.on_readable()
            if events & select.EPOLLOUT and fd in self._waiting:
                del self._waiting[fd]
                polled.on_writable()
                if fd in self._polled and fd not in self._waiting:
                    self._epoll.modify(fd, _LISTENING)

    def _time_stalls(self) -> None:
        if self._stall_timer is None:
            self._stall_timer = self._loop.call_later(STALL_S / 4, self._on_stall_check)

    def _on_stall_check(self) -> None:
        self._stall_timer = None
        last = self._loop.time() - STALL_S
        for polled in list(self._waiting.values()):
            if polled.moved_at < last:
                polled.leave()
        if self._waiting:
            self._time_stalls()
