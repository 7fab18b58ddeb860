"""Four streams of different habits are recorded through a bad day, and nothing of them is lost.

One has B-frames, one is sound alone, one comes and goes, and one's encoder moves its clock.
Meanwhile the store is away, the packager is killed twice, and so is the bus.
"""

import asyncio
import io
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import av
import httpx2
import pytest
from PIL import Image
from playwright.async_api import Page

from libs.events import TrackKind
from libs.rtmp import RTMPPublisher
from tests import faults
from tests.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.faults import Push, healthy
from tests.integration.test_verify import verify
from tests.oracles.flv_source import make_flv
from tests.oracles.frame_ledger import Frames, input_frames
from tests.players import RATE, play_file, play_hls, play_through
from tests.running import RunningWeir
from tests.s3 import S3Server
from tests.stored import assert_balanced, assert_gapless, ended_rows, frames_of
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration]

FPS = 25
PIECE_S, AWAY_S = 4.0, 0.3
"""Of the stream that comes and goes."""
HOUR_MS = 3_600_000
BACK_S = 30.0
DRAINED_S = 90.0
"""From the end of the pushes until all is stored and made, on a busy machine."""
VIDEO_S, IMAGE_S = 5, 5
SIZE = (160, 90)
KEYS = {
    "mp4": r"mp4/\d{4}/[1-9]\d?/[1-9]\d?/capture-\d{3}-\d{4}(-\d\d){2}_\d\d(-\d\d){2}\.mp4",
    "jpeg": r"images/\d{4}/[1-9]\d?/[1-9]\d?/capture-\d{4}(-\d\d){2}_\d\d(-\d\d){2}\.jpg",
}
"""Those of the replaced system, behind the stream's name."""


class Day(NamedTuple):
    """When what happens, in seconds from the first frame."""

    lasts_s: float
    store_away_s: tuple[float, float]
    packager_killed_s: tuple[float, float]
    bus_killed_s: float


SHORT = Day(15, (2, 8), (4, 9), 11.5)
LONG = Day(600, (60, 120), (90, 300), 400)


class Publishing(NamedTuple):
    stream: dict[str, Any]
    pushes: Sequence[Push]
    """One after the other, each in a connection of its own."""
    frames: Frames
    discontinuities: int


@pytest.mark.parametrize("house", ["distributed"])
@pytest.mark.parametrize(
    "day", [SHORT, pytest.param(LONG, marks=pytest.mark.soak)], ids=["short", "long"]
)
@pytest.mark.timeout(1200)
async def test_bad_day_costs_no_frame(
    own_weir: RunningWeir, s3: S3Server, page: Page, day: Day
) -> None:
    with fault_proxy(s3.port) as proxy:
        own_weir.environment["WEIR_STORE_URL"] = own_weir.store_url.replace(
            f":{s3.port}/", f":{proxy.port}/"
        )
        own_weir.start()
        streams = publishings(own_weir, day)
        async with asyncio.TaskGroup() as group:
            group.create_task(trouble(own_weir, proxy, day))
            for each in streams:
                group.create_task(publish(each))
        assert proxy.faults > 0
        for each in streams:
            await check(own_weir, each)
        videos = await check_files(own_weir, streams[0], day)
        await check_in_browser(own_weir, page, streams, videos)
        code, said = await asyncio.to_thread(verify, own_weir, "--hashes")
        assert (code, "0 troubles" in said) == (0, True), said


def publishings(weir: RunningWeir, day: Day) -> list[Publishing]:
    def publishing(
        name: str, flv: bytes, *, times: int = 1, discontinuities: int = 0, **item: Any
    ) -> Publishing:
        stream = weir.create_stream(name=name, reconnectWindow=5, hls_time=2, **item)
        frames = {kind: found * times for kind, found in input_frames(flv).items()}
        return Publishing(stream, [healthy(flv)] * times, frames, discontinuities)

    seconds = day.lasts_s
    recorded = {"isVideo": True, "video_time": VIDEO_S, "isImage": True, "image_time": IMAGE_S}
    plain = make_flv(seconds=seconds)
    times = int(seconds // (PIECE_S + AWAY_S))
    jumping = publishing("jumping", plain, discontinuities=1)
    jumps = faults.jumping(healthy(plain), at_ms=1000 * seconds / 2, by_ms=HOUR_MS)
    return [
        publishing("with B-frames", make_flv(seconds=seconds, b_frames=3, gop=25), **recorded),
        publishing("sound alone", make_flv(seconds=seconds, video=False)),
        publishing("flapping", make_flv(seconds=PIECE_S), times=times, discontinuities=times - 1),
        jumping._replace(pushes=[jumps]),
    ]


async def publish(publishing: Publishing) -> None:
    """In real time; connections end with a farewell or without one by turns."""
    loop = asyncio.get_running_loop()
    for number, push in enumerate(publishing.pushes):
        publisher = RTMPPublisher(publishing.stream["push"]["url"])
        await publisher.connect()
        began = loop.time()
        for at_ms, tag in push:
            await asyncio.sleep(max(0.0, began + at_ms / 1000 - loop.time()))
            await publisher.send(tag)
        is_last = number == len(publishing.pushes) - 1
        if is_last or number % 2:
            await publisher.close()
        else:
            publisher.abort()
        await asyncio.sleep(0 if is_last else AWAY_S)


async def trouble(weir: RunningWeir, proxy: FaultProxy, day: Day) -> None:
    async def set_fault(fault: Fault) -> None:
        proxy.fault = fault

    acts: list[tuple[float, Callable[[], Awaitable[None]]]] = [
        (day.store_away_s[0], lambda: set_fault(Fault.REFUSED)),
        (day.store_away_s[1], lambda: set_fault(Fault.NONE)),
        *((at_s, lambda: kill(weir, "packager")) for at_s in day.packager_killed_s),
        (day.bus_killed_s, lambda: kill(weir, "nats")),
    ]
    loop = asyncio.get_running_loop()
    began = loop.time()
    for at_s, act in sorted(acts, key=lambda each: each[0]):
        await asyncio.sleep(max(0.0, began + at_s - loop.time()))
        await act()


async def kill(weir: RunningWeir, victim: str) -> None:
    before = weir.pid(victim)
    weir.kill(victim)
    await until(
        lambda: weir.find(victim) not in {None, before}, within_s=BACK_S, what=f"another {victim}"
    )


async def check(weir: RunningWeir, publishing: Publishing) -> None:
    """Every frame is stored once; the log has no hole; ffmpeg's player gets all of it, in its real
    time.
    """
    name = publishing.stream["item"]["name"]
    rows = await ended_rows(weir, publishing.stream["id"], within_s=DRAINED_S)
    assert_gapless(rows, name)
    assert rows[-1]["discontinuity_sequence"] == publishing.discontinuities, name
    assert_balanced(publishing.frames, await frames_of(weir, rows), name)
    session = rows[0]["session"]
    detail = weir.call("GET", f"/api/v1/sessions/{session}")
    assert [(each["holes"], each["gaps"]) for each in detail["renditions"]] == [([], [])], name
    kind: TrackKind = "video" if "video" in publishing.frames else "audio"
    frames = len(publishing.frames[kind])
    frame_s = 1 / FPS if kind == "video" else 1024 / 48_000
    folder = recording_of(weir, publishing)
    async with httpx2.AsyncClient(trust_env=False) as client:
        playlist = (await client.get(f"{folder}/source/{kind}.m3u8")).text
    said_s = sum(map(float, re.findall(r"#EXTINF:([0-9.]+),", playlist)))
    # Each publish ends with its sound, which may be a little longer than its picture.
    close_s = 1.01 * frame_s * len(publishing.pushes)
    assert said_s == pytest.approx(frames * frame_s, abs=close_s), name
    assert await asyncio.to_thread(played, f"{folder}/index.m3u8", kind) == frames, name


def recording_of(weir: RunningWeir, publishing: Publishing) -> str:
    """Where the stream's one session is played again."""
    stream = publishing.stream["id"]
    return f"{weir.http_url}/{stream}/{weir.sessions(stream)[0]['id']}"


def played(url: str, kind: TrackKind) -> int:
    """How many frames ffmpeg's player decodes."""
    with av.open(url, "r") as container:
        if kind == "video":
            return sum(1 for _ in container.decode(video=0))
        return sum(1 for _ in container.decode(audio=0))


async def check_in_browser(
    weir: RunningWeir, page: Page, publishings: Sequence[Publishing], videos: dict[str, int]
) -> None:
    """Chromium plays each recording by hls.js, over all its discontinuities, and an MP4; nothing is
    left out on the way, and nobody complains.
    """
    browser = page.context.browser
    assert browser is not None

    async def check_one(publishing: Publishing) -> None:
        name = publishing.stream["item"]["name"]
        url = f"{recording_of(weir, publishing)}/index.m3u8"
        own = await browser.new_page()
        found = await play_through(own, play_hls, url, within_s=lasts_s / RATE)
        assert (found.is_ended, found.problems) == (True, []), (name, found)
        assert found.ranges == [[0, found.duration_s]], (name, found)
        assert found.duration_s == pytest.approx(seconds(publishing), abs=0.2), (name, found)
        assert found.frames == len(publishing.frames.get("video", [])), (name, found)
        await own.close()

    def seconds(publishing: Publishing) -> float:
        """As pictures last, where there are any: each publish may end with a little more sound."""
        pictures = len(publishing.frames.get("video", []))
        return pictures / FPS or len(publishing.frames["audio"]) * 1024 / 48_000

    lasts_s = max(map(seconds, publishings))
    await asyncio.gather(*map(check_one, publishings))
    key, frames = min(videos.items())
    found = await play_through(page, play_file, f"{weir.http_url}/{key}", within_s=VIDEO_S)
    assert (found.is_ended, found.problems, found.frames) == (True, [], frames), found


async def check_files(weir: RunningWeir, publishing: Publishing, day: Day) -> dict[str, int]:
    """MP4s hold every picture; a JPEG was taken each time. Returns the MP4s' keys and pictures."""
    stream = publishing.stream["id"]

    def are_whole() -> bool:
        files = weir.files(stream)
        seconds = sum(float(each["duration_s"]) for each in files if each["kind"] == "mp4")
        return seconds > day.lasts_s - 0.2 and all(each["state"] == "ready" for each in files)

    await until(are_whole, within_s=DRAINED_S, what="files of the whole day")
    files = weir.files(stream)
    frames: dict[str, int] = {}
    async with httpx2.AsyncClient(base_url=weir.http_url, trust_env=False) as client:
        for file in files:
            reply = await client.get(f"/{file['key']}")
            assert reply.status_code == httpx2.codes.OK, file
            assert re.fullmatch(f"{stream}/{KEYS[file['kind']]}", file["key"]), file
            if file["kind"] == "mp4":
                with av.open(io.BytesIO(reply.content), "r") as container:
                    frames[file["key"]] = sum(1 for _ in container.decode(video=0))
            else:
                with Image.open(io.BytesIO(reply.content)) as image:
                    assert (image.format, image.convert("RGB").size) == ("JPEG", SIZE), file
    assert sum(frames.values()) == len(publishing.frames["video"])
    pictures = sum(each["kind"] == "jpeg" for each in files)
    assert abs(pictures - day.lasts_s / IMAGE_S) <= 1
    return frames
