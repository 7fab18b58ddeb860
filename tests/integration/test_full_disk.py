"""Somebody else fills the disk that all of Weir's data lies on: live goes on, and recording comes
back by itself.
"""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.media import pour, push
from tests.oracles.hls_watch import HLSWatch
from tests.running import RunningWeir
from tests.small_disk import SmallDisk, mounted
from tests.waiting import until

SIZE_BYTES = 192 << 20
SHORT_S, SOAK_S = 8, 60
RESUMED_S = 10.0
AGAIN_S = 0.1
TARGET_S = 1


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "weir"
    folder.mkdir()
    with mounted(folder, size_bytes=SIZE_BYTES):
        yield SmallDisk(folder)


@contextlib.asynccontextmanager
async def full(disk: SmallDisk) -> AsyncIterator[None]:
    """Whatever room is made meanwhile is taken at once."""

    async def fill() -> None:
        while True:
            await asyncio.to_thread(disk.fill)
            await asyncio.sleep(AGAIN_S)

    filling = asyncio.create_task(fill())
    try:
        yield
    finally:
        filling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await filling
        disk.free()


async def fill_and_free(
    weir: RunningWeir,
    disk: SmallDisk,
    publishers: list[subprocess.Popen[bytes]],
    *,
    seconds: int,
) -> dict[str, Any]:
    """What the API says of the source afterwards, which has no holes; all that a viewer sees is
    checked on the way.
    """
    weir.data_dir = disk.folder
    # Retention would make room: here nothing may go but what the full disk takes.
    weir.environment["WEIR_STORE_MIN_FREE_BYTES"] = "0"
    weir.start()
    stream = weir.create_stream(reconnectWindow=1, hls_time=TARGET_S)
    source = pour(disk.folder.parent / "in.flv", seconds=seconds + 60)
    publishers.append(push(source, stream["push"]["url"]))
    async with HLSWatch(weir.http_url, stream["id"]) as watch:

        def rows() -> list[dict[str, Any]]:
            sessions = weir.sessions(stream["id"])
            return weir.segments(sessions[0]["id"]) if sessions else []

        await until(rows, what="a first row")
        await watch.reach(2, within_s=20)
        async with full(disk):
            await watch.reach(seconds // TARGET_S, within_s=2 * seconds + 10)
        newest = watch.newest_msn()
        await until(
            lambda: weir.is_healthy() and rows()[-1]["msn"] > newest,
            within_s=RESUMED_S,
            what="recording to go on",
        )
        await watch.reach(2, within_s=20)
        assert weir.is_healthy()
        publishers[0].terminate()
        await asyncio.to_thread(publishers[0].wait, 10)
        await watch.ended(within_s=40)
    assert not watch.findings, watch.findings
    session = weir.sessions(stream["id"])[0]["id"]

    def told() -> dict[str, Any]:
        found: dict[str, Any] = weir.call("GET", f"/api/v1/sessions/{session}")
        return found

    # The last row comes a little later than the end of the playlist.
    await until(lambda: not told()["renditions"][0]["holes"], what=f"no holes: {told()}")
    return told()


async def test_full_disk_costs_nothing_that_memory_can_hold(
    disk: SmallDisk, own_weir: RunningWeir, publishers: list[subprocess.Popen[bytes]]
) -> None:
    told = await fill_and_free(own_weir, disk, publishers, seconds=SHORT_S)
    assert told["renditions"][0]["gaps"] == []


@pytest.mark.soak
@pytest.mark.timeout(300)
async def test_what_is_lost_to_a_full_disk_is_a_gap_with_its_cause(
    disk: SmallDisk, own_weir: RunningWeir, publishers: list[subprocess.Popen[bytes]]
) -> None:
    own_weir.environment |= {"WEIR_PENDING_MAX_BYTES": str(8 << 20)}
    told = await fill_and_free(own_weir, disk, publishers, seconds=SOAK_S)
    assert {gap["cause"] for gap in told["renditions"][0]["gaps"]} == {"spool_full"}
