"""One layer on its way into ffmpeg: a pipe that the picture, or a clock's pictures, go through."""

import asyncio
import os
from collections.abc import Callable

from services.transcoder.layers import Clock, Layer, Still

AHEAD_MS = 2000
"""A clock's pictures are there before the frames that they lie on: ffmpeg waits for the next one
to know how long one is shown."""


class Overlay:
    """`descriptor` is what ffmpeg reads; close it once ffmpeg has it."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.descriptor, self._writing = os.pipe()
        self._transport: asyncio.WriteTransport | None = None
        self._next_s = 0
        """Of the next picture of a clock, in the encoder's time: whole seconds."""
        self._until_ms = 0
        self._wall_s: Callable[[int], float] = float
        self._wanted = asyncio.Event()
        self._drawing: asyncio.Task[None] | None = None

    def close_reading(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(self._writing, "wb", 0)
        self._transport, _ = await loop.connect_write_pipe(asyncio.Protocol, pipe)
        if isinstance(self.layer, Still):
            self._transport.write(self.layer.picture.png())
            self.close()
        else:
            self._drawing = asyncio.create_task(self._draw(self.layer), name="clock")

    def show_until(self, encoder_ms: int, wall_s: Callable[[int], float]) -> None:
        """Send the pictures of all seconds up to `encoder_ms`, and some ahead. `wall_s` gives the
        wall clock (Unix seconds) of a time of the encoder's.
        """
        self._until_ms, self._wall_s = encoder_ms, wall_s
        if self._next_s * 1000 <= encoder_ms + AHEAD_MS:
            self._wanted.set()

    async def _draw(self, clock: Clock) -> None:
        """In a thread: it takes some milliseconds, and others wait for this loop."""
        assert self._transport is not None
        while not self._transport.is_closing():
            await self._wanted.wait()
            self._wanted.clear()
            while self._next_s * 1000 <= self._until_ms + AHEAD_MS:
                # The second begins within the picture's own: what is shown is never ahead.
                at_s = self._wall_s(self._next_s * 1000)
                self._transport.write(await asyncio.to_thread(clock.draw, at_s))
                self._next_s += 1

    def close(self) -> None:
        if self._drawing is not None:
            self._drawing.cancel()
        if self._transport is not None:
            self._transport.close()
        else:
            os.close(self._writing)
