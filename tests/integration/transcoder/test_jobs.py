"""Finite jobs, done by a whole Weir: their results, and what killed, cancelled and hopeless ones
leave.
"""

import asyncio
import io
import itertools
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest
from PIL import Image

from tests.media import encode, push
from tests.oracles.frame_ledger import KINDS, compare, input_frames
from tests.rungs import Inside, children_of
from tests.running import RunningWeir
from tests.stored import ended_rows, frames_of
from tests.waiting import until, wait_until

# A house, a recording and a job: on a busy machine they take long together.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS, RATE = 20, 25
TINY = {"name": "tiny", "width": 160, "height": 90, "bitrate": 100_000}
TICK = Fraction(1, 48_000)
SOON_S = 20.0
DONE_S = 240.0
"""More than any job takes on a busy machine."""
SHORT_KILLS = 3
KILLED_UNTIL = 0.7
"""Of the job: progress is told once a second, and the rest of it must take longer than that."""
FAST = {
    "WEIR_ENCODER_PRESET": "ultrafast",
    "WEIR_JOB_LITTER_S": "0",
    "WEIR_LITTER_EVERY_S": "0.3",
}


@dataclass
class Recorded:
    """A Weir with a session that is over."""

    weir: RunningWeir
    session: str
    rows: list[dict[str, Any]]

    def create(self, kind: str, **params: Any) -> str:
        """The id of a new job."""
        more = {name: params.pop(name) for name in ("size", "priority") if name in params}
        body = {"kind": kind, "params": {"session": self.session} | params} | more
        made: dict[str, Any] = self.weir.call("POST", "/api/v1/jobs", body)
        return str(made["id"])

    def encode(self, **more: Any) -> str:
        """A job that takes some seconds."""
        return self.create("encode", **{"template": "ud", "preset": "slow"} | more)

    def job(self, job: str) -> dict[str, Any]:
        found: dict[str, Any] = self.weir.call("GET", f"/api/v1/jobs/{job}")
        return found

    def log(self, job: str) -> list[str]:
        lines: list[str] = self.weir.call("GET", f"/api/v1/jobs/{job}/log")["lines"]
        return lines

    def result(self, job: str) -> bytes:
        headers = {"x-api-key": self.weir.credentials["api_key"]}
        url = f"{self.weir.http_url}/api/v1/jobs/{job}/result"
        return httpx2.get(url, headers=headers).raise_for_status().content

    async def ends(self, job: str, state: str = "completed") -> dict[str, Any]:
        def is_over() -> bool:
            return self.job(job)["state"] not in {"queued", "running"}

        await until(is_over, within_s=DONE_S, what="the job is over")
        found = self.job(job)
        assert found["state"] == state, found
        return found

    async def runs(self, job: str, *, attempt: int = 1, progress: float = 0.01) -> dict[str, Any]:
        """Once an attempt has got so far."""

        def is_there() -> bool:
            found = self.job(job)
            assert found["state"] in {"queued", "running"}, found
            return bool(found["attempt"] >= attempt and found["progress"] >= progress)

        await until(is_there, within_s=DONE_S, what=f"attempt {attempt} at {progress}")
        return self.job(job)

    async def objects(self, job: str) -> list[str]:
        store = self.weir.open_store()
        try:
            return [found.key async for found in store.list(f"jobs/default/{job}/")]
        finally:
            await store.close()

    async def has_only(self, job: str, *keys: str) -> None:
        """What killed attempts left is swept away."""
        deadline = asyncio.get_running_loop().time() + SOON_S
        while (found := await self.objects(job)) != list(keys):
            assert asyncio.get_running_loop().time() < deadline, found
            await asyncio.sleep(0.1)


async def publish(weir: RunningWeir, stream: dict[str, Any], file: Path) -> None:
    publisher = push(file, stream["push"]["url"], is_paced=False)
    assert await asyncio.to_thread(publisher.wait, 60) == 0


def has_both(rows: list[dict[str, Any]]) -> bool:
    """Whether there are pictures of two sizes, and no row between them is still to come."""
    tracks = (track for row in rows for track in row["tracks"])
    sizes = {track["config_id"] for track in tracks if track["kind"] == "video"}
    return len(sizes) == 2 and len(rows) == rows[-1]["msn"] - rows[0]["msn"] + 1


def has_ended(weir: RunningWeir, stream: str, count: int) -> bool:
    """Whether there are so many sessions, and all their rows."""
    sessions = weir.sessions(stream)
    jobs = weir.call("GET", f"/api/v1/jobs?stream={stream}&kind=package")["jobs"]
    is_over = all(each["ended_at"] for each in sessions)
    is_stored = all(job["state"] == "completed" for job in jobs)
    return len(sessions) == len(jobs) == count and is_over and is_stored


async def record(weir: RunningWeir, file: Path) -> Recorded:
    stream = weir.create_stream(reconnectWindow=1)
    await publish(weir, stream, file)
    rows = await ended_rows(weir, stream["id"])
    return Recorded(weir, weir.sessions(stream["id"])[0]["id"], rows)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(
        tmp_path_factory.mktemp("media") / "in.flv",
        seconds=SECONDS, size="640x360", rate=str(RATE), gop=RATE, b_frames=2,
    )  # fmt: skip


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory, file: Path) -> Iterator[Recorded]:
    """One worker, with room for one job; for all tests that kill nothing."""
    weir = RunningWeir(tmp_path_factory.mktemp("farm"))
    weir.environment = FAST | {"WEIR_TRANSCODE_SLOTS": "1.2"}
    weir.start()
    yield asyncio.run(record(weir, file))
    weir.stop()


@pytest.fixture(scope="module")
def hard_farm(tmp_path_factory: pytest.TempPathFactory, file: Path) -> Iterator[Recorded]:
    """Two workers, for tests that stop and kill them: both are started again."""
    weir = RunningWeir(tmp_path_factory.mktemp("hard"), environment=dict(FAST))
    weir.start()
    recorded = asyncio.run(record(weir, file))
    weir.add("transcoder")
    log = weir.data_dir / "logs" / "transcoder-2.log"
    wait_until(lambda: "service.started" in log.read_text(), what="another worker")
    yield recorded
    weir.stop()


def times(file: bytes) -> dict[str, list[Fraction]]:
    """When each frame is shown, by track, in order."""
    found: dict[str, list[Fraction]] = {}
    with av.open(io.BytesIO(file), "r") as container:
        for packet in container.demux():
            if packet.pts is not None:
                at = packet.pts * packet.time_base
                found.setdefault(packet.stream.type, []).append(at)
    return {kind: sorted(stamps) for kind, stamps in found.items()}


def begins(rows: list[dict[str, Any]]) -> dict[str, list[Fraction]]:
    """When the first frame of each segment is shown, by track, from the first segment on."""
    zero = Fraction(rows[0]["start_ms"], 1000)
    return {
        kind: [
            Fraction(track["pts"], track["timescale"]) - zero
            for row in rows
            for track in row["tracks"]
            if track["kind"] == kind
        ]
        for kind in ("video", "audio")
    }


async def test_remux_has_the_very_frames_of_the_range(farm: Recorded) -> None:
    job = farm.create("remux", from_s=3.5, to_s=12.5)
    done = await farm.ends(job)
    rows = [
        row for row in farm.rows
        if row["start_ms"] + row["duration_s"] * 1000 > farm.rows[0]["start_ms"] + 3500
        and row["start_ms"] < farm.rows[0]["start_ms"] + 12_500
    ]  # fmt: skip
    assert 0 < len(rows) < len(farm.rows)
    result, made = done["result"], farm.result(job)
    assert (result["first_msn"], result["last_msn"]) == (rows[0]["msn"], rows[-1]["msn"])
    assert (result["size_bytes"], result["missing_segments"]) == (len(made), 0)
    # With B-frames the first is decoded before zero.
    assert compare(await frames_of(farm.weir, rows), input_frames(made, from_s=-1)).is_balanced
    for kind, stamps in times(made).items():
        wanted = begins(rows)[kind]
        # The first frame of each segment stands where its row says, but for the rounding of a tick.
        far = [at for at in wanted if min(abs(at - stamp) for stamp in stamps) > TICK]
        assert far == [], kind
    assert made.index(b"moov") < made.index(b"mdat"), "its index stands in front"
    assert await farm.objects(job) == [result["object_key"]]
    (attempt,) = done["attempts"]
    assert (attempt["state"], attempt["progress"], done["progress"]) == ("completed", 1.0, 1.0)


async def test_remux_of_two_sessions_runs_on_where_they_meet(farm: Recorded, file: Path) -> None:
    weir = farm.weir
    stream = weir.create_stream(reconnectWindow=1)
    for count in (1, 2):
        await publish(weir, stream, file)
        await until(partial(has_ended, weir, stream["id"], count), within_s=DONE_S, what="its end")
    second, first = (each["id"] for each in weir.sessions(stream["id"]))
    job = farm.create("remux", session=first, from_s=16, then=[{"session": second, "to_s": 4}])
    result = (await farm.ends(job))["result"]
    last = [row for row in weir.segments(first) if row["msn"] >= result["first_msn"]]
    begin = [row for row in weir.segments(second) if row["msn"] <= result["last_msn"]]
    before, after = await frames_of(weir, last), await frames_of(weir, begin)
    wanted = {kind: before[kind] + after[kind] for kind in KINDS}
    made = farm.result(job)
    assert compare(wanted, input_frames(made, from_s=-1)).is_balanced
    whole_s = sum(row["duration_s"] for row in last + begin)
    assert result["missing_segments"] == 0
    assert result["duration_s"] == pytest.approx(whole_s, abs=0.05)
    for kind, stamps in times(made).items():
        steps = [later - sooner for sooner, later in itertools.pairwise(stamps)]
        assert min(steps) > 0, kind
        # A frame of the picture, and where the sessions meet what the sound is longer than it.
        assert max(steps) <= Fraction(3, RATE), kind
        assert float(stamps[-1] - stamps[0]) == pytest.approx(whole_s, abs=0.15), kind


async def test_storyboard_shows_what_changes_its_size_and_a_file_of_it_is_refused(
    farm: Recorded, file: Path, tmp_path: Path
) -> None:
    weir = farm.weir
    stream = weir.create_stream(reconnectWindow=60)
    small = encode(tmp_path / "small.flv", seconds=4, size="144x256", rate=str(RATE), gop=RATE)
    for source in (file, small):
        await publish(weir, stream, source)
    (session,) = (each["id"] for each in weir.sessions(stream["id"]))
    await until(lambda: has_both(weir.segments(session)), within_s=DONE_S, what="both of them")
    # The session goes on: what comes later is none of the jobs'.
    rows = weir.segments(session)
    shown = [row for row in rows if row["is_independent"]]
    of_all = {"session": session, "last_msn": rows[-1]["msn"]}
    refused = await farm.ends(farm.create("remux", **of_all), "failed")
    assert (refused["error_code"], len(refused["attempts"])) == ("material_unfit", 1)
    job = farm.create("storyboard", **of_all)
    told = (await farm.ends(job))["result"]
    assert told["tiles_ms"] == [row["start_ms"] for row in shown]
    sheet = Image.open(io.BytesIO(farm.result(job))).convert("RGB")
    for index, row in enumerate(shown):
        x, y = 160 * (index % 10), 90 * (index // 10)
        tile = sheet.crop((x, y, x + 160, y + 90))
        assert len(tile.getcolors(1 << 20) or []) > 100, f"tile {index}"
        # What is upright stands in the middle, between black bars.
        is_upright = row is shown[-1]
        if index in {0, len(shown) - 1}:
            counts = tile.crop((2, 2, 40, 88)).convert("L").histogram()
            assert (sum(counts[32:]) == 0) == is_upright, f"tile {index}: {counts}"


async def test_encode_keeps_every_frame_and_its_time(farm: Recorded) -> None:
    job = farm.create("encode", template="ld", preset="ultrafast", size="large")
    await farm.ends(job)
    made = farm.result(job)
    with av.open(io.BytesIO(made), "r") as container:
        picture = container.streams.video[0]
        assert (picture.width, picture.height) == (640, 360)
        assert len(container.streams.audio) == 1
    stamps = times(made)["video"]
    assert len(stamps) == SECONDS * RATE
    assert abs(stamps[0] - begins(farm.rows)["video"][0]) < TICK
    steps = {after - before for before, after in itertools.pairwise(stamps)}
    assert steps == {Fraction(1, RATE)}
    listed = farm.weir.call("GET", "/api/v1/jobs?state=completed&kind=encode")["jobs"]
    assert job in [item["id"] for item in listed]


async def test_job_that_cannot_work_ends_after_three_tries_with_its_reason_and_log(
    farm: Recorded,
) -> None:
    broken = farm.rows[2]["object_key"]
    store = farm.weir.open_store()
    good = await store.get(broken)
    (track,) = [track for track in farm.rows[2]["tracks"] if track["kind"] == "video"]
    bad = bytearray(good)
    begin = track["offset"] + 8  # the box's name is garbage from here on
    bad[begin : begin + track["size_bytes"] - 16] = os.urandom(track["size_bytes"] - 16)
    await store.put(broken, bytes(bad), content_type="video/mp4")
    try:
        job = farm.create("remux")
        failed = await farm.ends(job, "failed")
    finally:
        await store.put(broken, good, content_type="video/mp4")
        await store.close()
    assert [attempt["state"] for attempt in failed["attempts"]] == ["failed"] * 3
    assert failed["error_code"] in {"ffmpeg_failed", "incomplete"}
    assert failed["reason"]
    assert {attempt["reason"] for attempt in failed["attempts"]} == {failed["reason"]}
    pauses = [
        _seconds(after["started_at"]) - _seconds(before["ended_at"])
        for before, after in itertools.pairwise(failed["attempts"])
    ]
    assert 2 <= pauses[0] < pauses[1], "the pause between two tries grows"
    assert farm.log(job)
    await farm.has_only(job)


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


async def test_cancelled_job_stops_and_leaves_nothing(farm: Recorded) -> None:
    job = farm.encode()
    await farm.runs(job)
    (child,) = children_of(farm.weir.pid("transcoder"))
    cancelled = farm.weir.call("DELETE", f"/api/v1/jobs/{job}")
    assert cancelled["state"] == "cancelled"
    await until(lambda: not Path(f"/proc/{child}").exists(), within_s=SOON_S, what="it is gone")
    await farm.has_only(job)
    folders = farm.weir.data_dir / "jobs"
    await until(lambda: not [*folders.glob("*/*/*")], within_s=SOON_S, what="its folder is gone")
    assert farm.job(job)["state"] == "cancelled"


async def test_live_ladder_takes_the_room_of_a_job_and_gives_it_back(
    farm: Recorded, file: Path
) -> None:
    weir = farm.weir
    stream = weir.create_stream(reconnectWindow=1)
    path = f"/api/v1/streams/{stream['id']}"
    publisher = push(file, stream["push"]["url"])
    try:
        await Inside.of(weir, stream["id"])
        job = farm.encode(size="medium")
        await farm.runs(job)
        (child,) = children_of(weir.pid("transcoder"))
        weir.call("PATCH", path, {"item": {"ladder": {"rungs": [TINY, "hd"]}}})
        await until(lambda: _state(child) == "T", within_s=SOON_S, what="the job is paused")
        await until(
            lambda: len(children_of(weir.pid("transcoder"))) == 2, what="the ladder is made"
        )
        paused = farm.job(job)
        assert (paused["state"], paused["attempt"]) == ("running", 1)
        weir.call("PATCH", path, {"item": {"ladder": None}})
        await until(lambda: _state(child) != "T", within_s=SOON_S, what="the job goes on")
    finally:
        publisher.kill()
        publisher.wait()
    done = await farm.ends(job)
    assert len(done["attempts"]) == 1
    live = f"transcode-{weir.sessions(stream['id'])[0]['id']}"
    assert any("ended with code" in line for line in farm.log(live)), "its log is there, too"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return "gone"


async def test_worker_that_is_told_to_stop_gives_its_job_back(hard_farm: Recorded) -> None:
    job = hard_farm.encode(to_s=10)
    await hard_farm.runs(job)
    os.kill(_at_work(hard_farm, job)[0], signal.SIGTERM)
    done = await hard_farm.ends(job)
    first, *others = done["attempts"]
    assert (first["state"], first["error_code"]) == ("returned", "drained")
    assert others[-1]["state"] == "completed"
    assert others[0]["worker"] != first["worker"]
    await hard_farm.has_only(job, done["result"]["object_key"])


async def test_job_whose_worker_and_encoder_are_killed_has_one_result(hard_farm: Recorded) -> None:
    await _kill_and_look(hard_farm, SHORT_KILLS, seconds=14)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_job_that_is_killed_twenty_times_has_one_result(hard_farm: Recorded) -> None:
    await _kill_and_look(hard_farm, 20, seconds=SECONDS)


async def _kill_and_look(farm: Recorded, kills: int, *, seconds: float) -> None:
    """Kill the worker and its child in turn, each time when the job has got a little further."""
    job = farm.encode(to_s=seconds)
    killed = 0
    for kill in range(kills):
        progress = KILLED_UNTIL * kill / kills + 0.01
        killed = (await farm.runs(job, attempt=killed + 1, progress=progress))["attempt"]
        os.kill(_at_work(farm, job)[kill % 2], signal.SIGKILL)
    done = await farm.ends(job)
    states = [attempt["state"] for attempt in done["attempts"]]
    assert len(states) > kills, states
    assert states[-1] == "completed"
    assert set(states[:-1]) <= {"lost", "failed"}
    await farm.has_only(job, done["result"]["object_key"])
    assert len(times(farm.result(job))["video"]) >= seconds * RATE


def _at_work(farm: Recorded, job: str) -> tuple[int, int]:
    """The worker that has the job, and its ffmpeg; a worker that was added and is gone is started
    again.
    """
    weir = farm.weir
    added = weir.added.get("transcoder-2")
    if added is not None and added.poll() is not None:
        del weir.added["transcoder-2"]
        weir.add("transcoder")
    worker = int(farm.job(job)["attempts"][-1]["worker"].rpartition("-")[2])
    # One that has just started may be trying encoders out, too.
    (child,) = [pid for pid in children_of(worker) if "-progress" in _command(pid)]
    return worker, child


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""
