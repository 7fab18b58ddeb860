"""A ladder whose rungs a plain ffmpeg makes: cut where the source is, stored, listed, played."""

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.media.flv import FLVReader, TagType
from tests.media import encode, push
from tests.oracles.frame_ledger import input_frames
from tests.oracles.hls_watch import HLSWatch
from tests.oracles.media_playlist import parse
from tests.rung_encoder import encode_rung, ingest_of
from tests.running import RunningWeir
from tests.stored import assert_balanced, assert_gapless, ended_rows, frames_of
from tests.viewing import until_live
from tests.waiting import until

pytestmark = pytest.mark.integration

SECONDS = 16


def page_of(weir: RunningWeir, session: str, rendition: str) -> dict[str, Any]:
    path = f"/api/v1/sessions/{session}/segments?limit=1000&rendition={rendition}"
    page: dict[str, Any] = weir.call("GET", path)
    return page


def bounds(rows: list[dict[str, Any]]) -> dict[int, tuple[Any, ...]]:
    return {row["msn"]: (row["start_ms"], row["duration_s"], row["starts_at"]) for row in rows}


def read(weir: RunningWeir, stream: str, path: str) -> str:
    answer = httpx2.get(f"{weir.http_url}/{stream}/{path}", follow_redirects=True)
    assert answer.status_code == 200, (path, answer.status_code, answer.text)
    return answer.text


def gaps_of(playlist: str) -> list[int]:
    return [segment.msn for segment in parse(playlist).segments if segment.is_gap]


def flv_start(weir: RunningWeir, stream: str, path: str) -> bytes:
    """The first 50 kB of what a player of FLV gets."""
    data = b""
    with httpx2.stream("GET", f"{weir.http_url}/{stream}/{path}") as answer:
        assert answer.status_code == 200
        for chunk in answer.iter_raw():
            data += chunk
            if len(data) > 50_000:
                return data
    return data


def pull_of(ingest: str, token: str, name: str) -> bytes:
    """All that ingest has of a log that has ended."""
    headers = {"authorization": f"Bearer {token}"}
    answer = httpx2.get(f"{ingest}/flv/{name}?after=-1", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.content


async def test_rungs_are_cut_stored_and_listed_as_their_source(
    weir: RunningWeir, tmp_path: Path
) -> None:
    """One rung from the session's start, and one that comes some seconds late."""
    source = encode(tmp_path / "in.flv", seconds=SECONDS, size="320x180", b_frames=2)
    stream = weir.create_stream(name="ladder", reconnectWindow=1)
    name = stream["id"]
    publisher = push(source, stream["push"]["url"])
    ingest, token = ingest_of(weir)
    encoders: list[subprocess.Popen[bytes]] = []
    async with HLSWatch(weir.http_url, name) as watch:
        watch.may_grow = True
        await until_live(weir, name)
        session = weir.sessions(name)[0]["id"]
        encoders.append(encode_rung(ingest, token, session, "360p", size="160:90"))
        await watch.reach(3, within_s=20)
        encoders.append(
            encode_rung(ingest, token, session, "480p", size="240:134", after=None, take=0)
        )
        await until(
            lambda: read(weir, name, "index.m3u8").count("#EXT-X-STREAM-INF") == 3,
            what="three variants",
        )
        await until(
            lambda: 'id="360p-video"' in read(weir, name, "manifest.mpd"),
            what="the rung in the manifest",
        )
        variants = read(weir, name, "index.m3u8")
        of_one = read(weir, name, "360p/index.m3u8")
        late = read(weir, name, "480p/video.m3u8")
        flv = await asyncio.to_thread(flv_start, weir, name, "360p/live.flv")
        assert await asyncio.to_thread(publisher.wait, 30) == 0
        await watch.ended(within_s=30)
    for encoder in encoders:
        assert await asyncio.to_thread(encoder.wait, 10) == 0
    assert not watch.findings

    for size in ("320x180", "160x90", "240x134"):
        assert f"RESOLUTION={size},FRAME-RATE=25.000" in variants, variants
    assert variants.count('AUDIO="audio"') == 3
    assert variants.count("TYPE=AUDIO") == 1
    assert of_one.count("#EXT-X-STREAM-INF") == 1
    assert "RESOLUTION=160x90" in of_one
    assert gaps_of(late), "a rung that starts late shows what it lacks"
    video = [tag for tag in FLVReader().feed(flv) if tag.type is TagType.VIDEO]
    assert video

    rows = await ended_rows(weir, name)
    of_source = bounds(rows)
    for rung in ("360p", "480p"):
        page = page_of(weir, session, rung)
        of_rung = bounds(page["segments"])
        assert_gapless(page["segments"], rung)
        assert of_rung == {msn: of_source[msn] for msn in of_rung}
        samples = {row["msn"]: row["tracks"][0]["samples"] for row in page["segments"]}
        assert samples == {row["msn"]: row["tracks"][0]["samples"] for row in rows
                           if row["msn"] in samples}  # fmt: skip
        assert max(of_rung) == max(of_source)
    first = page_of(weir, session, "360p")["segments"][0]["msn"]
    assert first == rows[0]["msn"]
    pulled = tmp_path / "360p.flv"
    pulled.write_bytes(pull_of(ingest, token, f"{session}/360p"))
    sent = input_frames(pulled)
    stored = await frames_of(weir, page_of(weir, session, "360p")["segments"])
    assert len(sent["video"]) == SECONDS * 25
    assert_balanced({"video": sent["video"]}, stored, "360p")


async def test_packager_that_takes_over_cuts_the_rungs_again(
    own_weir: RunningWeir, tmp_path: Path
) -> None:
    """It has the source's cut list from the oldest checkpoint, and the rungs from their first."""
    own_weir.start()
    source = encode(tmp_path / "in.flv", seconds=SECONDS, size="320x180")
    stream = own_weir.create_stream(name="ladder", reconnectWindow=1)
    name = stream["id"]
    publisher = push(source, stream["push"]["url"])
    ingest, token = ingest_of(own_weir)
    async with HLSWatch(own_weir.http_url, name, max_stale_s=20) as watch:
        watch.may_grow = True
        await until_live(own_weir, name)
        session = own_weir.sessions(name)[0]["id"]
        encoder = encode_rung(ingest, token, session, "360p", size="160:90")
        await until(lambda: len(page_of(own_weir, session, "360p")["segments"]) > 1)
        own_weir.kill("packager")
        assert await asyncio.to_thread(publisher.wait, 40) == 0
        await watch.ended(within_s=40)
    assert await asyncio.to_thread(encoder.wait, 10) == 0
    assert not watch.findings

    rows = await ended_rows(own_weir, name)
    page = page_of(own_weir, session, "360p")
    assert len({row["epoch"] for row in page["segments"]}) == 2
    assert bounds(page["segments"]) == bounds(rows)
    assert page["gaps"] == []
    pulled = tmp_path / "360p.flv"
    pulled.write_bytes(pull_of(ingest, token, f"{session}/360p"))
    stored = await frames_of(own_weir, page["segments"])
    assert_balanced({"video": input_frames(pulled)["video"]}, stored, "360p")
