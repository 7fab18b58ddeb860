"""A worker that stands still and goes on later: nothing that it made in between is seen."""

import asyncio
import io
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from libs.events import Segment
from libs.ffmpeg import find_ffmpeg
from libs.media.flv import FLV_HEADER, Tag, write_tag
from tests.media import encode, push
from tests.rungs import Inside, children_of, frames
from tests.running import RunningWeir
from tests.stored import ended_rows
from tests.waiting import until

pytestmark = pytest.mark.integration

TINY = {"name": "tiny", "width": 160, "height": 90, "bitrate": 100_000}
TAKEOVER_S = 16.0
"""8 s, and as much for a machine that has other work."""
LIVE_S = 20.0
SOAK_S = 60.0
WHITE = 220
"""Mean luma of a corner that is painted white; that of the test picture is far below."""
PAINTING = """#!{python}
import os, sys
paint = "drawbox=x=0:y=0:w=iw/2:h=ih/2:color=white:t=fill,scale="
os.execv({ffmpeg!r}, [{ffmpeg!r}, *(each.replace("scale=", paint) for each in sys.argv[1:])])
"""
"""An ffmpeg that marks everything that it makes."""


def painting_ffmpeg(folder: Path) -> Path:
    script = folder / "painting-ffmpeg"
    script.write_text(PAINTING.format(python=sys.executable, ffmpeg=find_ffmpeg()))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


def is_painted(media: bytes) -> Iterator[bool]:
    """Of each picture in the order in which they are shown."""
    with av.open(io.BytesIO(media), "r") as container:
        for picture in container.decode(video=0):
            plane = picture.reformat(format="gray").planes[0]
            luma, width, height = bytes(plane), picture.width // 2 - 4, picture.height // 2 - 4
            rows = [
                luma[plane.line_size * y + 4 : plane.line_size * y + width]
                for y in range(4, height)
            ]
            yield sum(map(sum, rows)) > WHITE * sum(map(len, rows))


async def stored(weir: RunningWeir, rows: list[dict[str, Any]]) -> bytes:
    """What is stored of a rendition, as one file."""
    store = weir.open_store()
    try:
        segments = [Segment.model_validate(row) for row in rows]
        folder = segments[0].object_key.rpartition("/")[0]
        init = await store.get(f"{folder}/init-{segments[0].tracks[0].config_id}.mp4")
        return init + b"".join([await store.get(each.object_key) for each in segments])
    finally:
        await store.close()


def assert_never_again(painted: list[bool]) -> None:
    assert painted[0], "the zombie was the first to make it"
    assert not painted[-1], "another has made it since"
    taken_over = painted.index(False)
    assert painted[taken_over:].count(True) == 0, "nothing of the zombie is seen again"


async def stand_still(weir: RunningWeir, folder: Path, *, seconds: float) -> None:
    weir.environment = {
        "WEIR_ENCODER_PRESET": "ultrafast",
        "WEIR_FFMPEG": str(painting_ffmpeg(folder)),
    }
    weir.start()
    source = encode(folder / "in.flv", seconds=int(seconds) + 60, size="640x360", rate="30", gop=30)
    stream = weir.create_stream(ladder={"rungs": [TINY]}, reconnectWindow=1)
    publisher = push(source, stream["push"]["url"])
    try:
        await _stand_still(weir, stream["id"], publisher, seconds)
    finally:
        publisher.kill()
        publisher.wait()


async def _stand_still(
    weir: RunningWeir, stream: str, publisher: subprocess.Popen[bytes], seconds: float
) -> None:
    inside = await Inside.of(weir, stream)
    await until(lambda: epoch_of(inside) == 1, within_s=LIVE_S, what="live")
    path = f"/api/v1/sessions/{inside.session}/segments?rendition=tiny&limit=1000"
    await until(lambda: weir.call("GET", path)["segments"], within_s=LIVE_S, what="stored")
    weir.add("transcoder", WEIR_FFMPEG=find_ffmpeg())
    said = weir.data_dir / "logs" / "transcoder-2.log"
    await until(lambda: "service.started" in said.read_text(), what="the other worker")
    zombie = weir.pid("transcoder")
    (encoder,) = children_of(zombie)
    weir.kill("transcoder", signal.SIGSTOP)
    try:
        await until(lambda: epoch_of(inside) == 2, within_s=TAKEOVER_S, what="taken over")
        await asyncio.sleep(max(0.0, seconds - TAKEOVER_S))
    finally:
        os.kill(zombie, signal.SIGCONT)
    log = weir.data_dir / "logs" / "transcoder.log"
    await until(lambda: "job.fenced" in log.read_text(), within_s=20, what="fenced")
    await until(lambda: not Path(f"/proc/{encoder}").exists(), what="its ffmpeg went")
    assert epoch_of(inside) == 2
    pulls = [asyncio.create_task(inside.pull(name)) for name in ("", "tiny")]
    publisher.kill()
    source_tags, tags = await asyncio.gather(*pulls)
    got = frames(tags)
    assert got == sorted(set(got))
    assert set(got) <= set(frames(source_tags))
    assert_never_again(list(is_painted(as_file(tags))))

    await ended_rows(weir, stream)
    rows = weir.call("GET", path)["segments"]
    assert_never_again(list(is_painted(await stored(weir, rows))))


def epoch_of(inside: Inside) -> int | None:
    """Whose pictures are taken."""
    rung = inside.rungs().get("tiny") or {}
    current = rung.get("current") or {}
    epoch: int | None = current.get("epoch")
    return epoch


def as_file(tags: list[Tag]) -> bytes:
    return FLV_HEADER + b"".join(map(write_tag, tags))


async def test_zombie_is_fenced(own_weir: RunningWeir, tmp_path: Path) -> None:
    await stand_still(own_weir, tmp_path, seconds=0)


@pytest.mark.soak
@pytest.mark.timeout(SOAK_S + 240)
async def test_zombie_of_a_minute_is_fenced(own_weir: RunningWeir, tmp_path: Path) -> None:
    await stand_still(own_weir, tmp_path, seconds=SOAK_S)


def test_paint_is_told_from_the_test_picture(tmp_path: Path) -> None:
    """The oracle sees it where it is, and nowhere else."""
    plain = encode(tmp_path / "plain.flv", seconds=1, size="320x180", rate="30", gop=30)
    painted = tmp_path / "painted.flv"
    subprocess.run(
        [str(painting_ffmpeg(tmp_path)), "-loglevel", "error", "-i", str(plain), "-vf",
         "scale=160:90", "-c:v", "libx264", "-preset", "ultrafast", str(painted)],
        check=True, timeout=30,
    )  # fmt: skip
    assert not any(is_painted(plain.read_bytes()))
    assert all(is_painted(painted.read_bytes()))
