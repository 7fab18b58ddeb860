"""The whole house: what a publisher sends is what is stored, row for row and frame for frame."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import httpx2
import nats
import pytest

from libs.media.flv import FLVReader, TagType
from tests.media import encode, push
from tests.oracles.frame_ledger import Frames, input_frames
from tests.running import RunningWeir, all_houses, both_houses
from tests.stored import assert_balanced, assert_gapless, begun, ended_rows, frames_of
from tests.viewing import until_live

pytestmark = pytest.mark.integration

BEGIN_MS = 10_000
"""Session time of a session's first tag."""
INPUTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "b_frames": {"b_frames": 3},
    "ntsc": {"rate": "30000/1001", "gop": 60},
    "audio_only": {"has_video": False},
    "video_only": {"has_audio": False},
}


@all_houses
async def test_every_frame_is_stored_exactly_once(weir: RunningWeir, tmp_path: Path) -> None:
    """Every kind of input at the same time."""
    sources = {
        name: encode(tmp_path / f"{name}.flv", seconds=7, **options)
        for name, options in INPUTS.items()
    }
    streams = {name: weir.create_stream(name=name, reconnectWindow=1) for name in INPUTS}
    publishers = [push(sources[name], streams[name]["push"]["url"]) for name in INPUTS]
    for publisher in publishers:
        assert await asyncio.to_thread(publisher.wait, 30) == 0
    for name, source in sources.items():
        rows = await ended_rows(weir, streams[name]["id"])
        assert_gapless(rows, name)
        assert_balanced(input_frames(source), await frames_of(weir, rows), name)


async def test_a_gop_of_twenty_seconds_is_cut_and_lost_nowhere(
    weir: RunningWeir, tmp_path: Path
) -> None:
    source = encode(tmp_path / "in.flv", seconds=21, gop=500)
    stream = weir.create_stream(name="long", reconnectWindow=1)
    publisher = push(source, stream["push"]["url"])
    assert await asyncio.to_thread(publisher.wait, 60) == 0
    rows = await ended_rows(weir, stream["id"])
    assert not all(row["is_independent"] for row in rows)
    assert_balanced(input_frames(source), await frames_of(weir, rows))


@both_houses
async def test_facts_rows_and_objects_are_the_same(weir: RunningWeir, tmp_path: Path) -> None:
    """A consumer of our own on the bus hears of exactly the rows that the catalog lists."""
    source = encode(tmp_path / "in.flv", seconds=5)
    stream = weir.create_stream(name="facts", reconnectWindow=1)
    heard: list[int] = []
    client = await nats.connect(weir.bus_url, user="weir", password=weir.credentials["nats_token"])

    async def hear(message: Any) -> None:
        segment = json.loads(message.data)["data"]["segment"]
        if segment["stream"] == stream["id"]:
            heard.append(segment["msn"])

    await client.subscribe("segment.ready", cb=hear)
    publisher = push(source, stream["push"]["url"])
    assert await asyncio.to_thread(publisher.wait, 30) == 0
    rows = await ended_rows(weir, stream["id"])
    await client.drain()  # hears what is still on its way, then closes
    assert sorted(set(heard)) == [row["msn"] for row in rows]
    store = weir.open_store()
    folder = rows[0]["object_key"].rpartition("/")[0]
    objects = [item.key async for item in store.list(f"{folder}/") if item.key.endswith(".m4s")]
    await store.close()
    assert objects == [row["object_key"] for row in rows]


@both_houses
async def test_a_reconnect_within_the_window_goes_on_in_the_same_session(
    weir: RunningWeir, tmp_path: Path
) -> None:
    source = encode(tmp_path / "in.flv", seconds=5)
    stream = weir.create_stream(name="again", reconnectWindow=4)
    for _ in range(2):
        publisher = push(source, stream["push"]["url"])
        assert await asyncio.to_thread(publisher.wait, 30) == 0
    rows = await ended_rows(weir, stream["id"])
    sent = input_frames(source)
    both: Frames = {kind: frames * 2 for kind, frames in sent.items()}
    assert_balanced(both, await frames_of(weir, rows))
    assert {row["discontinuity_sequence"] for row in rows} == {0, 1}


async def test_a_publisher_that_is_killed_loses_nothing_that_was_seen(
    weir: RunningWeir, tmp_path: Path
) -> None:
    """Ffmpeg does not say what it has sent before the kill; a viewer knows what has come."""
    source = encode(tmp_path / "in.flv", seconds=30)
    stream = weir.create_stream(name="killed", reconnectWindow=1)
    publisher = push(source, stream["push"]["url"])
    await until_live(weir, stream["id"])
    seen_ms = await newest_picture_ms(weir, stream["id"], BEGIN_MS + 5000)
    publisher.send_signal(signal.SIGKILL)
    publisher.wait()
    stored = await frames_of(weir, await ended_rows(weir, stream["id"]))
    sent = input_frames(source)
    assert len(stored["video"]) > (seen_ms - BEGIN_MS) * 25 // 1000
    assert_balanced(begun(sent, stored), stored)


async def newest_picture_ms(weir: RunningWeir, stream_id: str, wanted_ms: int) -> int:
    """Session time of the newest picture that a viewer has, once it is `wanted_ms` or later."""
    reader = FLVReader()
    async with (
        asyncio.timeout(30),
        httpx2.AsyncClient(trust_env=False) as client,
        client.stream("GET", f"{weir.http_url}/{stream_id}/live.flv") as answer,
    ):
        async for data in answer.aiter_raw():
            pictures = [tag.dts_ms for tag in reader.feed(data) if tag.type is TagType.VIDEO]
            if pictures and pictures[-1] >= wanted_ms:
                return pictures[-1]
    raise AssertionError("the stream ended")
