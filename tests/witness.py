"""A stream that has nothing to do with the trouble beside it, and must not notice any."""

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.ffmpeg import find_ffmpeg
from tests.oracles.flv_source import make_flv
from tests.oracles.frame_ledger import Frames, input_frames
from tests.running import RunningWeir
from tests.stored import ended_rows, frames_of
from tests.waiting import until

LOOP_S = 4
FPS = 25


@asynccontextmanager
async def witness(weir: RunningWeir) -> AsyncIterator[None]:
    """On air for as long as the block runs; afterwards every frame of that time is stored."""
    source = weir.data_dir / "witness.flv"
    flv = make_flv(seconds=LOOP_S)
    source.write_bytes(flv)
    stream = weir.create_stream(name="witness", reconnectWindow=1)
    argv = [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1",
        "-i", str(source), "-c", "copy", "-f", "flv", stream["push"]["url"],
    ]  # fmt: skip
    publisher = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    try:
        path = f"/api/v1/streams/{stream['id']}"
        await until(lambda: weir.call("GET", path)["is_live"], within_s=15, what="witness on air")
        began = time.monotonic()
        yield
        assert publisher.poll() is None, "the witness was cut off"
        seconds = time.monotonic() - began
    finally:
        publisher.send_signal(signal.SIGINT)
        await asyncio.to_thread(publisher.wait, 10)
    rows = await ended_rows(weir, stream["id"])
    stored = await frames_of(weir, rows)
    assert len(stored["video"]) >= 0.9 * seconds * FPS
    assert_unbroken(input_frames(flv), stored)


def assert_unbroken(loop: Frames, stored: Frames) -> None:
    """What is stored is the source again and again, up to some frame."""
    for kind, frames in stored.items():
        expected = loop[kind] * (len(frames) // len(loop[kind]) + 1)
        assert frames == expected[: len(frames)], kind
