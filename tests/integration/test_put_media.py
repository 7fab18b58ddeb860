"""PutMedia: what a device uploads is on air, is stored where its clock says, and it hears of it."""

import asyncio
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.media import encode
from tests.oracles.frame_ledger import input_frames
from tests.putting import PutMedia, as_matroska
from tests.running import RunningWeir
from tests.stored import assert_balanced, assert_gapless, frames_of


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
    with pytest.raises(SystemExit, match="404"):
        list(put_media("nobody", media, weir.http_url, began_at=now))
