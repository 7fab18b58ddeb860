"""An attempt with a real ffmpeg and a store, and a catalog that a test plays."""

import asyncio
import io
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import av
import pytest

from libs.bus import BusUnavailable, Lease
from libs.egress import Egress
from libs.events import (
    EncodeParams,
    JobCompleted,
    JobDetail,
    JobFailed,
    JobGrant,
    JobProgressed,
    Message,
    RemuxParams,
    Segment,
    SegmentPage,
    SessionRange,
    UploadPieces,
)
from libs.ffmpeg import find_ffmpeg
from libs.storage import ObjectStore, open_store
from services.transcoder import attempt as attempt_module
from services.transcoder.attempt import Attempt, Outside, Stop
from services.transcoder.logbook import Logbook
from services.transcoder.making import Making, Tools
from services.transcoder.workshop import Workshop
from tests.media import encode
from tests.unit.services.transcoder.test_material import SESSION, row
from tests.waiting import until

SECONDS, RATE = 8, 25
FOLDER = "jobs/default/remux-1/1"
KEY = f"{FOLDER}/out.mp4"


class FakeLease:
    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self.is_released = False

    async def release(self) -> None:
        self.is_released = True


class Catalog:
    """Takes what it is told at once, unless `is_deaf`."""

    def __init__(self) -> None:
        self.said: list[Message] = []
        self.state, self.attempt = "running", 1
        self.result: dict[str, Any] | None = None
        self.is_deaf = False
        self.refuses = 0
        self.on_say: Callable[[Message], None] = lambda _: None

    async def publish(self, message: Message) -> None:
        if self.refuses and not isinstance(message, JobProgressed):
            self.refuses -= 1
            raise BusUnavailable("away")
        self.said.append(message)
        self.on_say(message)
        if isinstance(message, JobProgressed) or self.is_deaf or self.state != "running":
            return
        if isinstance(message, JobCompleted):
            self.state, self.result = "completed", message.result
        else:
            self.state = "queued"

    async def get(self, grant: JobGrant) -> JobDetail:
        facts: dict[str, Any] = {
            "id": grant.job, "tenant": "default", "kind": "remux", "stream": "cam",
            "session": SESSION, "requested_at": 0, "updated_at": 0,
        }  # fmt: skip
        return JobDetail(
            **facts, state=cast("Any", self.state), attempt=self.attempt, result=self.result
        )

    @property
    def ends(self) -> list[Message]:
        return [m for m in self.said if isinstance(m, JobCompleted | JobFailed)]


class House:
    """A store with a session of one segment, and what an attempt needs."""

    def __init__(self, store: ObjectStore, rows: list[Segment], workshop: Workshop) -> None:
        self.store = store
        self.rows = rows
        self.workshop = workshop
        self.catalog = Catalog()
        self.lease: FakeLease | None = FakeLease()

    def attempt(self, params: RemuxParams | EncodeParams | None = None) -> Attempt:
        grant = JobGrant(
            job="remux-1", attempt=1, tenant="default", stream="cam", size="medium",
            folder=FOLDER, params=params or RemuxParams(session=SESSION),
        )  # fmt: skip

        async def list_rows(_: SessionRange, after: int | None) -> SegmentPage:
            return SegmentPage(segments=tuple(self.rows))

        async def take_lease(_: JobGrant) -> Lease | None:
            return cast("Lease | None", self.lease)

        outside = Outside(
            tools=Tools(
                self.store,
                self.workshop,
                find_ffmpeg(),
                list_rows,
                self.list_pieces,
                Egress(),
                self.find_watermark,
            ),
            take_lease=take_lease,
            ask_job=self.catalog.get,
            publish=self.catalog.publish,
        )
        logbook = Logbook("remux-1", 1, worker="worker-1", say=self.catalog.said.append)
        return Attempt(grant, outside, logbook)

    async def list_pieces(self, upload: str, after: int | None) -> UploadPieces:
        return UploadPieces(pieces=())

    async def find_watermark(self, session: str) -> str:
        raise AssertionError(f"nobody asks for that of {session}")

    async def objects(self) -> list[str]:
        return [item.key async for item in self.store.list("jobs/")]


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, bytes]]:
    """Of a moving picture with a tone: init segment and fragments of each track."""
    folder = tmp_path_factory.mktemp("tracks")
    source = encode(folder / "in.flv", seconds=SECONDS, size="640x360", rate=str(RATE), gop=RATE)
    made = {}
    for kind in ("video", "audio"):
        out = folder / f"{kind}.mp4"
        argv = [
            find_ffmpeg(), "-nostdin", "-loglevel", "error", "-i", str(source),
            "-map", f"0:{kind[0]}", "-c", "copy",
            "-movflags", "frag_keyframe+empty_moov+default_base_moof", str(out),
        ]  # fmt: skip
        subprocess.run(argv, check=True)
        data = out.read_bytes()
        begin = data.index(b"moof") - 4
        end = data.rindex(b"mfra") - 4
        made[kind] = (data[:begin], data[begin:end])
    return made


@pytest.fixture
async def house(tracks: dict[str, tuple[bytes, bytes]], tmp_path: Path) -> AsyncIterator[House]:
    store = open_store(f"file://{tmp_path / 'store'}")
    media = b"".join(data for _, data in tracks.values())
    one = row(1)
    ranges, offset = [], 0
    for track in one.tracks:
        init, data = tracks[track.kind]
        await store.put(
            f"segments/default/cam/{SESSION}/source/init-{track.config_id}.mp4",
            init, content_type="video/mp4",
        )  # fmt: skip
        samples = SECONDS * RATE if track.kind == "video" else 1
        update = {"offset": offset, "size_bytes": len(data), "samples": samples}
        ranges.append(track.model_copy(update=update))
        offset += len(data)
    await store.put(one.object_key, media, content_type="video/mp4")
    facts: dict[str, Any] = {
        "offset": 0, "size_bytes": len(media), "tracks": tuple(ranges), "start_ms": 0,
        "duration_s": float(SECONDS),
    }  # fmt: skip
    workshop = Workshop(tmp_path / "jobs")
    yield House(store, [one.model_copy(update=facts)], workshop)
    assert not [path for path in workshop.path.iterdir() if path.is_dir()], "no folder is left"
    workshop.release()


SLOW = EncodeParams(session=SESSION, template="ud", preset="slow")


def making(attempt: Attempt) -> Making:
    assert isinstance(attempt._work, Making)
    return attempt._work


async def begun(house: House, attempt: Attempt) -> asyncio.Task[None]:
    """Once its child runs."""
    running = asyncio.create_task(attempt.run())
    await until(lambda: making(attempt)._child is not None, what="its child")
    return running


async def test_result_is_told_and_lies_under_its_own_key(house: House) -> None:
    await house.attempt().run()
    (done,) = house.catalog.ends
    assert isinstance(done, JobCompleted)
    assert done.result is not None
    assert (done.result["object_key"], done.result["missing_segments"]) == (KEY, 0)
    made = await house.store.get(KEY)
    assert len(made) == done.result["size_bytes"]
    with av.open(io.BytesIO(made), "r") as container:
        frames = sum(1 for packet in container.demux(video=0) if packet.size)
    assert frames == SECONDS * RATE
    assert house.lease is not None
    assert house.lease.is_released


async def test_what_the_bus_does_not_take_is_told_again(house: House) -> None:
    house.catalog.refuses = 2
    await house.attempt().run()
    assert [type(message) for message in house.catalog.ends] == [JobCompleted]


async def test_result_that_is_refused_is_deleted(house: House) -> None:
    def fence(message: Message) -> None:
        if isinstance(message, JobCompleted):
            house.catalog.attempt = 2

    house.catalog.on_say = fence
    house.catalog.is_deaf = True
    await house.attempt().run()
    assert await house.objects() == []


async def test_progress_is_told(house: House) -> None:
    await house.attempt(SLOW).run()
    told = [message.progress for message in house.catalog.said
            if isinstance(message, JobProgressed)]  # fmt: skip
    assert told == sorted(set(told))
    assert told


async def test_segment_that_is_cut_short_is_a_failure_and_no_shorter_file(house: House) -> None:
    one = house.rows[0]
    video = one.tracks[0]
    short = video.model_copy(update={"size_bytes": video.size_bytes // 2})
    house.rows = [one.model_copy(update={"tracks": (short, one.tracks[1])})]
    await house.attempt().run()
    (failed,) = house.catalog.ends
    assert isinstance(failed, JobFailed)
    assert (failed.code in {"incomplete", "ffmpeg_failed"}, failed.fault) == (True, "job")
    assert await house.objects() == []


async def test_segment_that_is_missing_is_a_failure(house: House) -> None:
    await house.store.delete([house.rows[0].object_key])
    await house.attempt().run()
    (failed,) = house.catalog.ends
    assert isinstance(failed, JobFailed)
    assert (failed.code, failed.fault) == ("segment_missing", "job")


async def test_store_that_is_away_is_told_apart(house: House, tmp_path: Path) -> None:
    (tmp_path / "store" / "jobs").write_text("a file where the folder of results would be")
    await house.attempt().run()
    (failed,) = house.catalog.ends
    assert isinstance(failed, JobFailed)
    assert (failed.code, failed.fault) == ("store_unavailable", "away")


async def test_input_that_is_unfit_is_told_apart(house: House) -> None:
    house.rows = []
    await house.attempt().run()
    (failed,) = house.catalog.ends
    assert isinstance(failed, JobFailed)
    assert (failed.code, failed.fault) == ("material_unfit", "input")


async def test_child_that_is_killed_is_the_workers_fault(house: House) -> None:
    attempt = house.attempt(SLOW)
    running = await begun(house, attempt)
    child = making(attempt)._child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    await running
    (failed,) = [end for end in house.catalog.ends if isinstance(end, JobFailed)]
    assert (failed.code, failed.fault) == ("process_killed", "worker")


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (Stop.DRAINED, [("drained", "none")]),
        (Stop.NO_ROOM, [("no_room", "none")]),
        (Stop.CANCELLED, []),
        (Stop.FENCED, []),
    ],
)
async def test_attempt_that_is_stopped_ends_its_child_and_says_what_is_to_be_said(
    house: House, why: Stop, said: list[tuple[str, str]]
) -> None:
    attempt = house.attempt(SLOW)
    running = await begun(house, attempt)
    child = making(attempt)._child
    assert child is not None
    attempt.pause()
    attempt.stop(why)
    async with asyncio.timeout(10):
        await running
    assert not Path(f"/proc/{child.pid}").exists()
    ends = [end for end in house.catalog.ends if isinstance(end, JobFailed)]
    assert [(end.code, end.fault) for end in ends] == said
    assert await house.objects() == []


async def test_attempt_whose_lease_is_lost_stops_without_a_word(house: House) -> None:
    running = await begun(house, house.attempt(SLOW))
    assert house.lease is not None
    house.lease.lost.set()
    async with asyncio.timeout(10):
        await running
    assert house.catalog.ends == []


async def test_attempt_that_is_not_wanted_any_more_finds_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_module, "ASK_AGAIN_S", 0.0)
    monkeypatch.setattr(attempt_module, "PROGRESS_S", 0.05)
    running = await begun(house, house.attempt(SLOW))
    house.catalog.state = "cancelled"
    async with asyncio.timeout(10):
        await running
    assert house.catalog.ends == []


async def test_attempt_that_waits_for_room_for_long_is_sent_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_module, "PAUSED_S", 0.2)
    monkeypatch.setattr(attempt_module, "PROGRESS_S", 0.05)
    attempt = house.attempt(SLOW)
    running = await begun(house, attempt)
    attempt.pause()
    async with asyncio.timeout(10):
        await running
    ends = [end for end in house.catalog.ends if isinstance(end, JobFailed)]
    assert [(end.code, end.fault) for end in ends] == [("no_room", "none")]


async def test_attempt_that_a_newer_one_has_overtaken_is_not_begun(house: House) -> None:
    house.lease = None
    await house.attempt().run()
    assert house.catalog.ends == []
