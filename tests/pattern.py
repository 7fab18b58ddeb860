"""A live test picture that tells its own time (`time_code`), and how to read it in a browser."""

import asyncio
import contextlib
import time
from types import TracebackType
from typing import Self

from libs.ffmpeg import find_ffmpeg
from tests.time_code import BLOCKS, TIME_BITS, blocks_of

WIDTH, HEIGHT, RATE = 640, 360, 25
CODE_ROWS = 80
WHITE, BLACK, GREY = 235, 16, 110

READ_CODE = """
() => {
  const video = document.querySelector('video');
  if (!video || !video.videoWidth) return null;
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const block = canvas.width / 32;
  const bits = [];
  for (let i = 0; i < 32; i++) {
    const pixel = context.getImageData(Math.floor(block * (i + 0.5)), 40, 1, 1).data;
    bits.push(pixel[1] > 127 ? 1 : 0);
  }
  if (bits.slice(0, 4).join('') !== '1010') return null;
  const time = bits.slice(4, 31);
  if (time.reduce((a, b) => a ^ b, 0) !== bits[31]) return null;
  const shown = time.reduce((value, bit) => value * 2 + bit, 0);
  const now = Date.now() % 2 ** 27;
  return {shown, age_ms: (now - shown + 2 ** 27) % 2 ** 27, media_s: video.currentTime};
}
"""
"""JavaScript: what the video shows now (`shown` ms, `age_ms`), or null."""


def frame(now_ms: int) -> bytes:
    """One yuv420p frame that shows `now_ms`."""
    row = b"".join(
        bytes((WHITE if block else BLACK,)) * (WIDTH // BLOCKS) for block in blocks_of(now_ms)
    )
    bar = now_ms % (1 << TIME_BITS) // 40 % WIDTH
    plain = bytes((GREY,)) * bar + bytes((WHITE,)) + bytes((GREY,)) * (WIDTH - bar - 1)
    luma = row * CODE_ROWS + plain * (HEIGHT - CODE_ROWS)
    return luma + bytes((128,)) * (WIDTH * HEIGHT // 2)


class PatternPublisher:
    """Pushes the picture and a beep live: x264 veryfast zerolatency."""

    def __init__(self, push_url: str, *, gop_s: int = 2) -> None:
        self._argv = [
            find_ffmpeg(), "-nostdin", "-loglevel", "error",
            "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE),
            "-i", "pipe:0",
            "-f", "lavfi", "-re", "-i", "sine=frequency=330:beep_factor=4:sample_rate=48000",
            "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency",
            "-g", str(gop_s * RATE), "-sc_threshold", "0", "-c:a", "aac", "-b:a", "96k",
            "-f", "flv", push_url,
        ]  # fmt: skip

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._argv, stdin=asyncio.subprocess.PIPE
        )
        self._task = asyncio.create_task(self._feed())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionError, BrokenPipeError):
            await self._task
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _feed(self) -> None:
        """A frame each 40 ms of the wall clock."""
        pipe = self._process.stdin
        assert pipe is not None
        began, sent = time.monotonic(), 0
        while True:
            pipe.write(frame(int(time.time() * 1000)))
            await pipe.drain()
            sent += 1
            await asyncio.sleep(max(0.0, began + sent / RATE - time.monotonic()))
