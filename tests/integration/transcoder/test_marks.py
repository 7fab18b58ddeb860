"""Marks in the picture of live streams: what the world gets of them, from a whole Weir."""

import asyncio
import io
import itertools
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest

from libs.ffmpeg import find_ffmpeg
from libs.media.flv import FLV_HEADER, FLVReader, Tag, TagType, is_sequence_header, write_tag
from libs.tags.cues import ClockCue, EndCue, is_cue, read_cue
from tests.media import push
from tests.rungs import Inside, frames, sounds
from tests.running import RunningWeir
from tests.waiting import until

pytestmark = pytest.mark.integration

FPS, GOP_FRAMES = 25, 25
BRIGHT = 128
BLOCK = "\u2588"
"""A letter that fills its whole box."""
LEFT = [{"kind": "text", "text": BLOCK, "size": 60, "x": 20, "y": 20}]
RIGHT = [{"kind": "text", "text": BLOCK, "size": 60, "x": 20, "y": 20, "anchor": "top_right"}]
EDGE_SOUNDS = 3
"""A session that is marked begins with its first picture; some sound is sent before it."""
SHOWN_S = 3.0
"""How soon a change shows."""
BUSY_S = 5.0
"""What a machine that has other work may take on top."""


@pytest.fixture(scope="module")
def marking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    weir = RunningWeir(tmp_path_factory.mktemp("marking"))
    weir.environment = {"WEIR_ENCODER_PRESET": "ultrafast"}
    weir.start()
    yield weir
    weir.stop()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A black picture: whatever is bright on it was laid over it."""
    path = tmp_path_factory.mktemp("media") / "black.flv"
    picture = f"color=c=black:size=320x180:rate={FPS}:duration=90"
    tone = "sine=frequency=440:sample_rate=48000:duration=90"
    argv = [
        find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error",
        "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone,
        "-c:v", "libx264", "-preset", "ultrafast", "-g", str(GOP_FRAMES), "-sc_threshold", "0",
        "-bf", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", str(path),
    ]  # fmt: skip
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.fixture
async def publishers() -> AsyncIterator[list[subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for publisher in running:
        publisher.kill()
        publisher.wait()


class World:
    """Reads a session as the gateway does: on by number, whenever a pull ends."""

    def __init__(self, inside: Inside, *, is_inside: bool = False) -> None:
        self.tags: list[Tag] = []
        self._inside = inside
        self._query = "&inside=true" if is_inside else ""
        self._reading = asyncio.create_task(self._read())

    @property
    def is_over(self) -> bool:
        return (
            bool(self.tags)
            and is_cue(self.tags[-1])
            and isinstance(read_cue(self.tags[-1]), EndCue)
        )

    async def end(self) -> list[Tag]:
        async with asyncio.timeout(30):
            await self._reading
        return self.tags

    def pictures(self) -> list[tuple[int, str]]:
        return bright(self.tags)

    def now(self) -> str:
        """Where the newest pictures are bright."""
        last = self.tags_of_last_gop()
        if not last:
            return ""
        return bright(last)[-1][1]

    def tags_of_last_gop(self) -> list[Tag]:
        header, gop = None, list[Tag]()
        for tag in self.tags:
            if tag.type is not TagType.VIDEO:
                continue
            if is_sequence_header(tag):
                header, gop = tag, []
            elif tag.body[0] >> 4 == 1:
                gop = [tag]
            else:
                gop.append(tag)
        return [header, *gop] if header is not None and gop else []

    async def _read(self) -> None:
        next_tag = 0
        async with httpx2.AsyncClient(
            headers=self._inside.headers, timeout=30, trust_env=False
        ) as client:
            while not self.is_over:
                url = f"{self._inside.origin_url}/flv/{self._inside.session}"
                asked = f"{url}?after={next_tag - 1}{self._query}"
                async with client.stream("GET", asked) as response:
                    response.raise_for_status()
                    reader, has_position = FLVReader(), False
                    async for chunk in response.aiter_raw():
                        for tag in reader.feed(chunk):
                            if has_position:
                                self.tags.append(tag)
                                next_tag += 1
                            has_position = has_position or (
                                is_cue(tag) and tag.body[8:16] == b"position"
                            )


def bright(tags: list[Tag]) -> list[tuple[int, str]]:
    """Session time of each picture, and where it is bright: "left", "right" or ""."""
    wire = b"".join(write_tag(tag) for tag in tags if tag.type is TagType.VIDEO)
    found = []
    with av.open(io.BytesIO(FLV_HEADER + wire), "r", format="flv") as container:
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            luma = memoryview(plane)
            row = 45 * plane.line_size
            left, right = luma[row + 30], luma[row + frame.width - 30]
            where = "left" if left > BRIGHT else "right" if right > BRIGHT else ""
            assert frame.pts is not None
            found.append((frame.pts, where))
    return found


def assert_whole(world: list[Tag], source: list[Tag]) -> None:
    """Every picture of the source, and every sound behind the first one, once, with its time; a
    clock before each keyframe.
    """
    assert frames(world) == frames(source)
    heard = sounds(world)
    assert heard == sounds(source)[-len(heard) :]
    assert len(sounds(source)) - len(heard) <= EDGE_SOUNDS
    for before, tag in itertools.pairwise(world):
        if tag.type is TagType.VIDEO and not is_sequence_header(tag) and tag.body[0] >> 4 == 1:
            assert isinstance(read_cue(before) if is_cue(before) else None, ClockCue)


async def marked(world: World, where: str, what: str, within_s: float = SHOWN_S + BUSY_S) -> None:
    await until(lambda: world.now() == where, within_s=within_s, what=what)


async def test_stream_with_marks_shows_no_picture_without_them(
    marking: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    stream = marking.create_stream(watermark=LEFT, reconnectWindow=1)
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(marking, stream["id"])
    world, clean = World(inside), World(inside, is_inside=True)
    await marked(world, "left", "the mark", within_s=20)
    url = f"{marking.http_url}/{stream['id']}/live.flv"
    shot = subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", url, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt",
         "gray", "-"], capture_output=True, check=True, timeout=30,
    ).stdout  # fmt: skip
    assert shot[45 * 320 + 30] > BRIGHT, "the public FLV is marked"
    publishers[0].kill()
    await asyncio.gather(world.end(), clean.end())
    assert {where for _, where in world.pictures()} == {"left"}
    assert {where for _, where in clean.pictures()} == {""}
    assert_whole(world.tags, clean.tags)


async def test_marks_are_set_changed_and_taken_away_while_live_and_no_picture_is_lost(
    marking: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    stream = marking.create_stream(reconnectWindow=1)
    path = f"/api/v1/streams/{stream['id']}"
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(marking, stream["id"])
    world, clean = World(inside), World(inside, is_inside=True)
    await until(lambda: len(world.tags) > 100, what="the source")
    took: list[float] = []
    for marks, where in ((LEFT, "left"), (RIGHT, "right"), (None, ""), (RIGHT, "right")):
        began = time.monotonic()
        marking.call("PATCH", path, {"item": {"watermark": marks}})
        await marked(world, where, f"{where or 'no'} mark")
        took.append(time.monotonic() - began)
    print("shown after", [f"{seconds:.1f} s" for seconds in took])  # noqa: T201 - `pytest -s`
    publishers[0].kill()
    await asyncio.gather(world.end(), clean.end())
    assert_whole(world.tags, clean.tags)
    steps = [where for where, _ in itertools.groupby(where for _, where in world.pictures())]
    assert steps == ["", "left", "right", "", "right"]


async def test_maker_that_is_killed_leaves_a_hole_and_never_the_clean_picture(
    own_weir: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    own_weir.environment = {"WEIR_ENCODER_PRESET": "ultrafast"}
    own_weir.start()
    # As the replaced system's clients say it.
    stream = own_weir.create_stream(
        isWaterMark="true", WaterMarkText=BLOCK, WaterMarkFontSize="60", WaterMarkFontColor="white",
        WaterMarkTop="20", WaterMarkLeft="20", reconnectWindow=1,
    )  # fmt: skip
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(own_weir, stream["id"])
    world = World(inside)
    await marked(world, "left", "the mark", within_s=20)
    own_weir.add("transcoder")
    own_weir.kill("transcoder", signal.SIGKILL)
    seen = len(world.tags)
    await until(lambda: len(world.tags) > seen + 100, within_s=20, what="the successor")
    publishers[0].kill()
    await world.end()
    assert {where for _, where in world.pictures()} == {"left"}


@pytest.mark.parametrize(
    ("marks", "why"),
    [
        ([{"kind": "text", "text": "\U00010330"}], "cannot be drawn"),
        ([{"kind": "text", "text": " "}], "nothing to be seen"),
        ([{"kind": "image", "url": "http://127.0.0.1/x.png"}], "WEIR_EGRESS_ALLOW"),
    ],
)
def test_marks_that_cannot_be_are_refused_with_the_reason(
    marking: RunningWeir, marks: Any, why: str
) -> None:
    stream = marking.create_stream()
    answer = httpx2.patch(
        f"{marking.http_url}/api/v1/streams/{stream['id']}",
        json={"item": {"watermark": marks}},
        headers={"x-api-key": marking.credentials["api_key"]},
    )
    assert answer.status_code == 422
    assert why in answer.json()["detail"]
