"""The pacer: reads publishers' sockets at one tick for all, while nobody waits for their tags.

An encoder sends each frame alone, and being woken for it costs a process several times what
becomes of the frame. What lies in the kernel meanwhile costs nothing. A tick later all of it is
read at once, of all paced publishers one after the other.

For a publisher that is alone the tick begins when its first bytes have come: nothing waits longer,
and there are fewer ticks. Of several somebody's bytes are always there.
"""

import asyncio
import contextlib
import os
import select
from typing import Protocol

TICK_S = 0.1
READ_BYTES = 256 * 1024


class Paced(Protocol):
    """One connection. `transport` must be plain TCP: its socket is read here."""

    @property
    def transport(self) -> asyncio.Transport: ...

    @property
    def may_wait(self) -> bool:
        """False: from now on its bytes are wanted as they come."""

    def pace(self, *, is_paced: bool) -> None:
        """Pause the transport, or let it read again."""

    def data_received(self, data: bytes) -> None: ...


class Pacer:
    """Made within a running loop."""

    def __init__(self, *, tick_s: float = TICK_S) -> None:
        self._tick_s = tick_s
        self._paced: dict[Paced, int] = {}
        """With their descriptors."""
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._timer: asyncio.TimerHandle | None = None
        self._poll = select.epoll()
        """Its own, because the event loop lets nobody watch a transport's descriptor."""
        self._watched: int | None = None
        """The descriptor whose first bytes begin the tick."""
        self._is_heard = False
        """Whether the event loop watches `_poll`."""

    def __contains__(self, paced: Paced) -> bool:
        return paced in self._paced

    def add(self, paced: Paced) -> None:
        """Twice is fine."""
        if paced in self._paced or paced.transport.is_closing():
            return
        paced.pace(is_paced=True)
        self._watch(None)
        self._paced[paced] = paced.transport.get_extra_info("socket").fileno()
        if self._timer is None:
            self._set_timer()

    def discard(self, paced: Paced) -> None:
        """It is being closed."""
        descriptor = self._paced.pop(paced, None)
        if descriptor is not None and descriptor == self._watched:
            self._watch(None)

    def close(self) -> None:
        if self._is_heard:
            asyncio.get_running_loop().remove_reader(self._poll.fileno())
        self._poll.close()

    def _set_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._tick_s, self._on_tick)

    def _on_tick(self) -> None:
        self._timer = None
        for paced, descriptor in list(self._paced.items()):
            if not paced.may_wait or not self._read(paced, descriptor):
                self._give_back(paced)
        if self._paced:
            self._set_timer()
        self._watch(next(iter(self._paced.values())) if len(self._paced) == 1 else None)

    def _watch(self, descriptor: int | None) -> None:
        """Hear once of the next bytes that come there; None: of nobody's."""
        once = select.EPOLLIN | select.EPOLLONESHOT
        if descriptor is not None and descriptor == self._watched:
            self._poll.modify(descriptor, once)
            return
        if self._watched is not None:
            with contextlib.suppress(OSError):  # one that was closed is gone by itself
                self._poll.unregister(self._watched)
        self._watched = descriptor
        if descriptor is not None:
            self._poll.register(descriptor, once)
            if not self._is_heard:
                self._is_heard = True
                asyncio.get_running_loop().add_reader(self._poll.fileno(), self._on_first_bytes)

    def _on_first_bytes(self) -> None:
        if self._poll.poll(0) and self._timer is not None:
            self._timer.cancel()
            self._set_timer()

    def _read(self, paced: Paced, descriptor: int) -> bool:
        """Take all that has come; False if the transport must see to it: an end, an error."""
        size = READ_BYTES
        # Once it is closed, the descriptor may be somebody else's.
        while size == READ_BYTES and paced in self._paced and not paced.transport.is_closing():
            try:
                size = os.readv(descriptor, [self._buffer])
            except BlockingIOError:
                break
            except OSError:
                return False
            if not size:
                return False
            paced.data_received(bytes(self._buffer[:size]))
        return True

    def _give_back(self, paced: Paced) -> None:
        # A socket whose error was taken from it reads as ended: the transport will find that.
        if self._paced.pop(paced, None) is not None and not paced.transport.is_closing():
            paced.pace(is_paced=False)
