"""PutMedia: what a device uploads is on air, is stored where its clock says, and it hears of it."""

import asyncio
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.media import encode, push
from tests.oracles.frame_ledger import input_frames
from tests.putting import PutMedia, as_matroska
from tests.running import RunningWeir
from tests.stored import assert_balanced, assert_gapless, frames_of
from tests.waiting import until

CLUSTER = b"\x1f\x43\xb6\x75"
"""How a Matroska cluster begins."""


@pytest.mark.parametrize("b_frames", [0, 2])
async def test_every_frame_is_stored_at_the_time_of_the_device(
    weir: RunningWeir, put_media: PutMedia, tmp_path: Path, b_frames: int
) -> None:
    stream = weir.create_stream(name="device", reconnectWindow=1)
    source = encode(tmp_path / "in.flv", seconds=8, gop=50, b_frames=b_frames)
    began_at = time.time() - 3600

    def upload() -> list[dict[str, Any]]:
        return list(put_media(stream["id"], as_matroska(source), weir.http_url, began_at=began_at))

    said = await asyncio.to_thread(upload)
    kinds = {kind: [each["FragmentTimecode"] for each in said if each["EventType"] == kind]
             for kind in ("BUFFERING", "RECEIVED", "PERSISTED")}  # fmt: skip
    assert not [each for each in said if each["EventType"] == "ERROR"], said
    assert len(kinds["BUFFERING"]) >= 2, said
    assert kinds["BUFFERING"] == kinds["RECEIVED"] == kinds["PERSISTED"]
    assert all(one < other for one, other in pairwise(kinds["BUFFERING"]))

    (session,) = weir.sessions(stream["id"])
    rows = weir.segments(session["id"])
    assert_gapless(rows)
    assert_balanced(input_frames(source), await frames_of(weir, rows))
    path = f"/{stream['id']}/{round(began_at * 1000) - 500}-{round(began_at * 1000) + 20_000}"
    playlist = httpx2.get(f"{weir.http_url}{path}/source/video.m3u8").text
    assert playlist.count("#EXTINF") == len(rows), playlist


async def test_earlier_media_is_stored_too_and_cuts_off_nobody(
    weir: RunningWeir, put_media: PutMedia, tmp_path: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:  # fmt: skip
    """A device hands in what is older than what the stream's open session has."""
    stream = weir.create_stream(name="device", reconnectWindow=6)
    source = encode(tmp_path / "in.flv", seconds=6, gop=25)
    media, later = as_matroska(source), time.time() - 3600
    uploads: list[list[dict[str, Any]]] = [[], []]

    def upload(number: int, began_at: float) -> asyncio.Future[None]:
        acks = put_media(stream["id"], media, weir.http_url, began_at=began_at)
        return asyncio.ensure_future(asyncio.to_thread(uploads[number].extend, acks))

    first = upload(0, later)
    await until(lambda: bool(weir.sessions(stream["id"])), within_s=20, what="the first upload")
    await until(lambda: not weir.sessions(stream["id"])[0]["is_publishing"], what="its end")
    await asyncio.gather(first, upload(1, later - 3))
    for acks in uploads:
        kinds = [each["EventType"] for each in acks]
        assert "ERROR" not in kinds, acks
        assert kinds.count("PERSISTED") == kinds.count("RECEIVED") >= 5, acks
    sessions = weir.sessions(stream["id"])
    assert len(sessions) == 2
    for session in sessions:
        rows = weir.segments(session["id"])
        assert_gapless(rows)
        assert_balanced(input_frames(source), await frames_of(weir, rows))

    publishers.append(push(source, stream["push"]["url"]))
    await until(lambda: weir.sessions(stream["id"])[0]["is_publishing"], what="live")
    refused = list(put_media(stream["id"], media, weir.http_url, began_at=later))
    assert refused[-1].get("ErrorId") == 4007, refused
    assert await asyncio.to_thread(publishers[0].wait, 30) == 0
    await until(lambda: weir.sessions(stream["id"])[0]["ended_at"] is not None, what="the end")
    rows = weir.segments(weir.sessions(stream["id"])[0]["id"])
    assert_balanced(input_frames(source), await frames_of(weir, rows))


async def test_device_is_told_what_is_wrong(
    weir: RunningWeir, put_media: PutMedia, tmp_path: Path
) -> None:
    stream = weir.create_stream(name="device", reconnectWindow=1)
    media = as_matroska(encode(tmp_path / "in.flv", seconds=4, gop=25))

    async def said(media: bytes, began_at: float) -> list[dict[str, Any]]:
        acks = put_media(stream["id"], media, weir.http_url, began_at=began_at)
        return await asyncio.to_thread(list, acks)

    now = time.time()
    assert [each.get("ErrorId") for each in await said(b"no Matroska" * 9, now)] == [4006]
    good = await said(media, now)
    assert "PERSISTED" in {each["EventType"] for each in good}
    # A fragment from before the last one is out of order; what came before it is kept.
    head, first, second, *_ = media.split(CLUSTER)
    unordered = await said(CLUSTER.join([head, first, second, first]), now + 60)
    assert [each.get("ErrorId") for each in unordered if each["EventType"] == "ERROR"] == [4004]
    assert [each["EventType"] for each in unordered].count("PERSISTED") == 2
    with pytest.raises(SystemExit, match="404"):
        list(put_media("nobody", media, weir.http_url, began_at=now))
