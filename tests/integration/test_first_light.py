"""The whole house: what a publisher sends is what is stored, row for row and frame for frame."""

import asyncio
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nats
import pytest

from libs.events import Segment
from tests.media import encode, push
from tests.oracles.frame_ledger import Frames, compare, input_frames, stored_frames
from tests.running import RunningWeir, both_houses

pytestmark = pytest.mark.integration

STORED_S = 30.0
"""From the end of a push to the last stored row: reconnect window (1 s here) and spool."""


async def until(condition: Callable[[], object], *, within_s: float, what: str) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.1)


async def frames_of(weir: RunningWeir, rows: list[dict[str, Any]]) -> Frames:
    """The frames in the objects that the rows name."""
    store = weir.open_store()
    segments = [Segment.model_validate(row) for row in rows]
    objects = {item.object_key: await store.get(item.object_key) for item in segments}
    inits: dict[str, bytes] = {}
    for item in segments:
        folder = item.object_key.rpartition("/")[0]
        for track in item.tracks:
            if track.config_id not in inits:
                init = f"{folder}/init-{track.config_id}.mp4"
                inits[track.config_id] = await store.get(init)
    await store.close()
    return stored_frames(segments, objects, inits)


async def ended_rows(weir: RunningWeir, stream_id: str) -> list[dict[str, Any]]:
    """The rows of the stream's one session, once it has ended and all is stored."""

    def has_ended() -> bool:
        sessions = weir.sessions(stream_id)
        jobs = [job for job in weir.call("GET", "/api/v1/jobs")["jobs"]
                if job["stream"] == stream_id]  # fmt: skip
        return bool(
            sessions and sessions[0]["ended_at"] and all(j["state"] == "completed" for j in jobs)
        )

    await until(has_ended, within_s=STORED_S, what="session ended and packaged")
    sessions = weir.sessions(stream_id)
    assert len(sessions) == 1, "one push, one session"
    return weir.segments(sessions[0]["id"])


def assert_balanced(sent: Frames, stored: Frames, what: str = "") -> None:
    ledger = compare(sent, stored)
    assert ledger.is_balanced, (what, ledger)


def begun(sent: Frames, stored: Frames) -> Frames:
    """As much of what is sent as was stored of it, where the publisher ended early."""
    return {kind: frames[: len(stored[kind])] for kind, frames in sent.items()}


def assert_gapless(rows: list[dict[str, Any]], what: str = "") -> None:
    msns = [row["msn"] for row in rows]
    assert msns == list(range(msns[0], msns[0] + len(msns))), what


INPUTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "b_frames": {"b_frames": 3},
    "ntsc": {"rate": "30000/1001", "gop": 60},
    "audio_only": {"has_video": False},
    "video_only": {"has_audio": False},
}


@both_houses
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
