"""The whole house: what a publisher sends is what is stored, row for row and frame for frame."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import nats
import pytest

from tests.media import encode, push
from tests.oracles.frame_ledger import Frames, input_frames
from tests.running import RunningWeir, all_houses, both_houses
from tests.stored import assert_balanced, assert_gapless, begun, ended_rows, frames_of

pytestmark = pytest.mark.integration

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


async def test_a_publisher_that_is_killed_loses_nothing_it_had_sent(
    weir: RunningWeir, tmp_path: Path
) -> None:
    source = encode(tmp_path / "in.flv", seconds=12)
    stream = weir.create_stream(name="killed", reconnectWindow=1)
    publisher = push(source, stream["push"]["url"])
    await asyncio.sleep(6)
    publisher.send_signal(signal.SIGKILL)
    publisher.wait()
    stored = await frames_of(weir, await ended_rows(weir, stream["id"]))
    sent = input_frames(source)
    # Of everything that was sent a second before the kill; ffmpeg paces itself to real time.
    assert len(stored["video"]) >= 25 * 4.5
    assert_balanced(begun(sent, stored), stored)
