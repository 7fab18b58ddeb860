"""What is old lies in a cold store: it plays as before, comes back, and goes with retention."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from libs.storage import ObjectStore, open_store
from tests.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.integration.test_verify import verify
from tests.media import encode, push
from tests.oracles.frame_ledger import input_frames
from tests.played import play
from tests.running import RunningWeir
from tests.s3 import S3Server
from tests.stored import assert_balanced, ended_rows
from tests.waiting import until

pytestmark = pytest.mark.integration

SOON = 0.0001
"""Hours: as soon as no live playlist may list it any more."""
SETTINGS = {
    "WEIR_MOVE_S": "0.3",
    "WEIR_DISCARD_S": "0.3",
    "WEIR_DISCARD_AFTER_S": "0",
    "WEIR_RETENTION_S": "0.3",
    "WEIR_TIER_TURN_S": "0",
    "WEIR_STORE_MIN_FREE_BYTES": "0",
}


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[FaultProxy]:
    with fault_proxy(s3.port) as made:
        yield made


@pytest.fixture
def cold_url(s3: S3Server, proxy: FaultProxy, own_weir: RunningWeir) -> str:
    """A bucket of this test's own, behind the proxy, and a Weir that moves to it."""
    url = s3.url("tiers", port=proxy.port)
    own_weir.environment |= SETTINGS | {"WEIR_COLD_STORE_URL": url}
    own_weir.start()
    return url


def source_of(weir: RunningWeir, session: str) -> dict[str, Any]:
    found: dict[str, Any] = weir.call("GET", f"/api/v1/sessions/{session}")["renditions"][0]
    return found


def set_item(weir: RunningWeir, stream: str, **item: Any) -> None:
    weir.call("PATCH", f"/api/v1/streams/{stream}", {"item": item})


async def segments_in(store: ObjectStore) -> set[str]:
    return {item.key async for item in store.list("segments/") if item.key.endswith(".m4s")}


async def lie(hot: ObjectStore, cold: ObjectStore, rows: list[dict[str, Any]], n: int) -> None:
    """Wait until exactly the first `n` rows' objects lie cold, and the others hot."""
    keys = [row["object_key"] for row in rows]
    async with asyncio.timeout(30):
        while (await segments_in(cold), await segments_in(hot)) != (set(keys[:n]), set(keys[n:])):
            await asyncio.sleep(0.1)


async def test_old_segments_lie_cold_and_play_as_before(
    own_weir: RunningWeir, cold_url: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    stream = own_weir.create_stream(
        name="tiers", reconnectWindow=1, hls_time=1, coldAfterHours=SOON
    )
    assert own_weir.call("GET", f"/api/v1/streams/{stream['id']}")["item"]["coldAfterHours"] == SOON
    source = encode(tmp_path / "in.flv", seconds=6, gop=25)
    publisher = push(source, stream["push"]["url"])
    assert await asyncio.to_thread(publisher.wait, 30) == 0
    rows = await ended_rows(own_weir, stream["id"])
    session = rows[0]["session"]
    hot, cold = open_store(f"file://{own_weir.data_dir / 'store'}"), open_store(cold_url)

    await until(lambda: source_of(own_weir, session)["cold_segments"] >= 2, what="cold segments")
    set_item(own_weir, stream["id"], coldAfterHours=0.014)  # the mark stays for the next seconds
    told = source_of(own_weir, session)
    n = told["cold_segments"]
    assert 2 <= n < len(rows), "the boundary lies within the session"
    assert told["cold_bytes"] == sum(row["size_bytes"] for row in rows[:n])
    await lie(hot, cold, rows, n)

    base = f"{own_weir.http_url}/{stream['id']}/{session}"
    # What the packager has in memory would be served from there, cold store or not.
    packager = own_weir.pid("packager")
    own_weir.kill("packager")
    await until(lambda: own_weir.is_replaced("packager", packager), what="another packager")
    proxy.fault = Fault.REFUSED
    await check_away(own_weir, base, rows, n)
    proxy.fault = Fault.NONE
    await until(lambda: httpx2.get(f"{base}/clip.mp4").is_success, what="the cold store again")
    played = await play(f"{base}/index.m3u8", tmp_path / "again.flv")
    assert_balanced(input_frames(source), played, "HLS over the boundary")
    (tmp_path / "clip.mp4").write_bytes(httpx2.get(f"{base}/clip.mp4").content)
    assert_balanced(input_frames(source), input_frames(tmp_path / "clip.mp4"), "clip over it")
    assert verified(own_weir, len(rows))

    set_item(own_weir, stream["id"], coldAfterHours="")
    await lie(hot, cold, rows, 0)
    assert source_of(own_weir, session)["cold_segments"] == 0
    set_item(own_weir, stream["id"], coldAfterHours=SOON)
    await lie(hot, cold, rows, len(rows))
    assert verified(own_weir, len(rows))
    set_item(own_weir, stream["id"], retentionHours=SOON)
    await lie(hot, cold, [], 0)
    assert verified(own_weir, 0)
    await hot.close()
    await cold.close()


async def check_away(weir: RunningWeir, base: str, rows: list[dict[str, Any]], n: int) -> None:
    """What lies cold is refused for now, what lies hot is not, and nothing is lost."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        playlist = f"{base}/source/video.m3u8"
        listed = [
            urljoin(playlist, line)
            for line in (await client.get(playlist)).text.splitlines()
            if line and not line.startswith("#")
        ]
        assert len(listed) == len(rows)
        refused = await client.get(listed[0], timeout=30)
        assert refused.status_code == 503, (refused.status_code, refused.headers)
        assert refused.headers["retry-after"] == "1"
        assert "cold store" in refused.text
        assert (await client.get(listed[n])).status_code == 200
        refused = await client.get(f"{base}/clip.mp4", timeout=30)
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "cold_store_unavailable"
        assert refused.headers["retry-after"] == "1"
    assert weir.is_healthy()


def verified(weir: RunningWeir, count: int) -> bool:
    code, said = verify(weir, "--hashes")
    assert (code, f"{count} segments" in said, "0 troubles" in said) == (0, True, True), said
    return True
