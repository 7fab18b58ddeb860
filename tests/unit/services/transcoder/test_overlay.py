"""Pictures on their way into ffmpeg: a still once, a clock's one by one, drawn beside the loop."""

import asyncio
import os
import threading

from libs.marks import Picture
from services.transcoder.layers import Clock, Still
from services.transcoder.overlay import AHEAD_MS, Overlay
from tests.waiting import until

CLOCK_BYTES = 8


class Reading:
    """What has come out of the pipe."""

    def __init__(self, overlay: Overlay) -> None:
        self.data = b""
        self._descriptor = os.dup(overlay.descriptor)
        os.set_blocking(self._descriptor, False)
        overlay.close_reading()

    def more(self) -> bytes:
        try:
            while data := os.read(self._descriptor, 65536):
                self.data += data
        except BlockingIOError:
            pass
        return self.data

    def times(self) -> list[int]:
        data = self.more()
        return [int(data[at : at + CLOCK_BYTES]) for at in range(0, len(data), CLOCK_BYTES)]

    def close(self) -> None:
        os.close(self._descriptor)


async def test_still_is_sent_once_and_the_pipe_ends() -> None:
    picture = Picture(2, 1, bytes(8))
    overlay = Overlay(Still(picture, 0, 0))
    reading = Reading(overlay)
    await overlay.open()
    await until(lambda: reading.more() == picture.png())
    reading.close()


async def test_clock_is_drawn_in_order_ahead_of_the_frames_and_beside_the_loop() -> None:
    threads: set[int] = set()

    def draw(at_s: float) -> bytes:
        threads.add(threading.get_ident())
        return b"%08d" % at_s

    overlay = Overlay(Clock(0, 0, 2, 1, draw))
    reading = Reading(overlay)
    await overlay.open()
    ahead = AHEAD_MS // 1000
    overlay.show_until(1000, lambda ms: ms / 1000 + 500)
    await until(lambda: reading.times() == list(range(500, 502 + ahead)))
    # The publisher's clock was set: what is not drawn yet says so.
    overlay.show_until(3000, lambda ms: ms / 1000 + 900)
    news = [902 + ahead, 903 + ahead]
    await until(lambda: reading.times()[-2:] == news)
    assert threading.get_ident() not in threads
    overlay.close()
    overlay.show_until(9000, lambda ms: ms / 1000)
    await asyncio.sleep(0.05)
    assert reading.times()[-2:] == news
    reading.close()
