"""A house that may keep little: the oldest goes, what is held stays, and live never stops."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from tests.media import encode, pour, push
from tests.oracles.hls_watch import HLSWatch
from tests.oracles.media_playlist import parse
from tests.running import RunningWeir
from tests.small_disk import mounted
from tests.waiting import until

pytestmark = pytest.mark.integration

MEBIBYTE = 1 << 20


def stored_bytes(weir: RunningWeir) -> int:
    found = (path.stat() for path in (weir.data_dir / "store" / "segments").rglob("*.m4s"))
    return sum(each.st_size for each in found)


def rows(weir: RunningWeir, stream_id: str) -> list[dict[str, Any]]:
    return weir.segments(weir.sessions(stream_id)[0]["id"])


async def hold_first(weir: RunningWeir, stream_id: str) -> str:
    """Hold the stream's first segment; returns the key of its object."""
    await until(lambda: rows_or_none(weir, stream_id), within_s=20, what="a first row")
    first = rows(weir, stream_id)[0]
    starts_at = datetime.fromisoformat(first["starts_at"])
    weir.call(
        "POST",
        f"/api/v1/streams/{stream_id}/holds",
        {
            "from_at": starts_at.isoformat(),
            "until_at": (starts_at + timedelta(milliseconds=1)).isoformat(),
            "cause": "legal",
            "note": "the beginning",
        },
    )
    return str(first["object_key"])


def pictures(weir: RunningWeir, stream_id: str) -> list[dict[str, Any]]:
    """Those that are there, in order."""
    found = weir.call("GET", f"/api/v1/streams/{stream_id}/files?kind=jpeg")["files"]
    made = [each for each in found if each["object_key"]]
    return sorted(made, key=lambda each: each["starts_at"])


async def first_pictures(weir: RunningWeir, stream_id: str) -> list[dict[str, Any]]:
    await until(lambda: len(pictures(weir, stream_id)) > 1, within_s=20, what="two pictures")
    return pictures(weir, stream_id)[:2]


async def picture_has_gone(weir: RunningWeir, stream_id: str, picture: dict[str, Any]) -> None:
    """Neither its name nor its object is there any more."""
    path = weir.data_dir / "store" / picture["object_key"]

    def has_gone() -> bool:
        names = {each["key"] for each in pictures(weir, stream_id)}
        return picture["key"] not in names and not path.exists()

    await until(has_gone, within_s=30, what="a picture to go")


async def load_oldest_listed(weir: RunningWeir, stream_id: str) -> None:
    """What playlists list is there, up to their oldest segments."""
    async with httpx2.AsyncClient(trust_env=False, follow_redirects=True) as client:

        async def get(url: str) -> httpx2.Response:
            reply = await client.get(url)
            assert reply.status_code == httpx2.codes.OK, (url, reply.text)
            return reply

        for name in ("live.m3u8", "dvr.m3u8"):
            reply = await get(f"{weir.http_url}/{stream_id}/{name}")
            media = next(line for line in reply.text.splitlines() if line and line[0] != "#")
            reply = await get(urljoin(str(reply.url), media))
            listed = [each.uri for each in parse(reply.text).segments if not each.is_gap]
            # The oldest of all may be held: the next one is the oldest that is not.
            for uri in listed[:2]:
                await get(urljoin(str(reply.url), uri))


def rows_or_none(weir: RunningWeir, stream_id: str) -> bool:
    return bool(weir.sessions(stream_id)) and bool(rows(weir, stream_id))


@pytest.mark.timeout(180)
async def test_oldest_segments_go_and_live_goes_on(
    own_weir: RunningWeir, tmp_path: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    """A stream may keep a quarter of a megabyte and is watched all the while."""
    own_weir.environment |= {
        "WEIR_DISCARD_AFTER_S": "2",
        "WEIR_RETENTION_S": "1",
        "WEIR_DISCARD_S": "1",
    }
    own_weir.start()
    stream = own_weir.create_stream(
        name="endless", reconnectWindow=1, hls_time=1, hls_list_size=3, isImage="true",
        image_time="1", retentionBytes=MEBIBYTE // 4,
    )  # fmt: skip
    source = encode(tmp_path / "in.flv", seconds=80, gop=25)
    publishers.append(publisher := push(source, stream["push"]["url"]))
    async with HLSWatch(own_weir.http_url, stream["id"]) as watch:
        held = await hold_first(own_weir, stream["id"])
        first, second = await first_pictures(own_weir, stream["id"])

        def has_gone() -> bool:
            session = own_weir.sessions(stream["id"])[0]
            msns = [row["msn"] for row in rows(own_weir, stream["id"])]
            first = int(session["id"][:8], 16)
            return first in msns and first + 1 not in msns

        await until(has_gone, within_s=60, what="the oldest rows to go")
        gone = Path(held).with_name(f"{int(Path(held).stem) + 1}.m4s")
        store = own_weir.data_dir / "store"
        await until(lambda: not (store / gone).exists(), within_s=30, what="an object to go")
        assert (store / held).exists()
        await picture_has_gone(own_weir, stream["id"], second)
        assert pictures(own_weir, stream["id"])[0]["key"] == first["key"], "it is held"
        assert (store / first["object_key"]).exists()
        for _ in range(3):
            await load_oldest_listed(own_weir, stream["id"])
            await watch.reach(1, within_s=20)
        assert publisher.poll() is None
        publisher.terminate()
        await asyncio.to_thread(publisher.wait, 10)
        await watch.ended(within_s=40)
    assert not watch.findings, watch.findings


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """200 MB of its own for Weir's data."""
    folder = tmp_path / "weir"
    folder.mkdir()
    with mounted(folder, size_bytes=200 * MEBIBYTE):
        yield folder


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_disk_of_200_mb_never_fills(
    disk: Path, own_weir: RunningWeir, tmp_path: Path
) -> None:
    """Four minutes of 8 Mbit/s are more than it holds."""
    own_weir.data_dir = disk
    own_weir.environment |= {
        "WEIR_STORE_MIN_FREE_BYTES": str(80 * MEBIBYTE),
        "WEIR_DISCARD_AFTER_S": "10",
        "WEIR_RETENTION_S": "1",
        "WEIR_DISCARD_S": "1",
    }
    own_weir.start()
    stream = own_weir.create_stream(name="constant", reconnectWindow=1, hls_list_size=4)
    source = tmp_path / "in.flv"
    pour(source, seconds=240)
    publisher = push(source, stream["push"]["url"])
    least = 200 * MEBIBYTE
    async with HLSWatch(own_weir.http_url, stream["id"]) as watch:
        held = await hold_first(own_weir, stream["id"])
        while publisher.poll() is None:
            usage = os.statvfs(disk)
            least = min(least, usage.f_bavail * usage.f_frsize)
            await load_oldest_listed(own_weir, stream["id"])
            await asyncio.sleep(1)
        await watch.ended(within_s=60)
    assert publisher.returncode == 0
    assert least > 20 * MEBIBYTE, "room was made in time"
    assert (disk / "store" / held).exists()
    assert stored_bytes(own_weir) < 150 * MEBIBYTE
    assert not watch.findings, watch.findings
    own_weir.stop()
