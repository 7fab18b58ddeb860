"""A segment in the making: it comes part by part and is sent on to all who asked for it."""

from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from libs.errors import WeirError
from services.gateway.playback.reply import IMMUTABLE, Asked, headers

Listener = Callable[[bytes], None]

_UNBUFFERED = b"x-accel-buffering: no\r\n"
"""To an nginx in front: bytes go on as they come."""


class Growth(NamedTuple):
    """An answer that grows. `headers` are as a `Reply`'s."""

    headers: bytes
    growing: "Growing"


class Growing:
    """Bytes so far, and who wants the rest.

    A listener is called with each new piece and, last, with b"" when the segment is whole. If it
    breaks off, `is_broken` is set before that last call: what was sent is not a segment.
    """

    def __init__(self, content_type: bytes) -> None:
        self._content_type = content_type
        self.pieces: list[bytes] = []
        self.is_done = False
        self.is_broken = False
        self._listeners: set[Listener] = set()

    def answer(self, _: Asked) -> "Growth":
        """A range of what has no end yet would be no use; all of it is lawful."""
        return Growth(headers(self._content_type, IMMUTABLE, _UNBUFFERED), self)

    def listen(self, listener: Listener) -> None:
        self._listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)

    async def read(self, source: AsyncIterator[bytes]) -> bytes | None:
        """Take all that comes; returns the whole, or None if it broke off."""
        try:
            async for piece in source:
                self.pieces.append(piece)
                self._tell(piece)
        except WeirError:
            self.is_broken = True
        finally:
            self.is_broken = self.is_broken or not self.pieces
            self.is_done = True
            self._tell(b"")
        return None if self.is_broken else b"".join(self.pieces)

    def _tell(self, piece: bytes) -> None:
        for listener in list(self._listeners):
            listener(piece)
