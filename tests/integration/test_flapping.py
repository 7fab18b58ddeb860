"""A publisher that comes and goes is one session for its viewers and one recording."""

import asyncio

import httpx2
import pytest

from libs.media.flv import FLVReader, Tag, TagType
from libs.rtmp import RTMPPublisher
from tests.faults import Timed, healthy, is_frame
from tests.oracles.flv_source import make_flv
from tests.oracles.frame_ledger import input_frames
from tests.oracles.hls_watch import HLSWatch
from tests.running import RunningWeir
from tests.stored import assert_balanced, ended_rows, frames_of

pytestmark = pytest.mark.integration

TIMES = 12
PIECE_S = 0.8
AWAY_S = 0.2
PLAYABLE_S = 15.0
"""Until the first segment of the first pieces is listed."""


async def test_flapping_publisher_makes_one_session_and_no_viewer_is_sent_away(
    weir: RunningWeir,
) -> None:
    source = make_flv(seconds=PIECE_S, gop=20)
    stream = weir.create_stream(name="flapping", reconnectWindow=5)
    async with HLSWatch(weir.http_url, stream["id"]) as watch:
        viewer: asyncio.Task[list[Tag]] | None = None
        for n in range(TIMES):
            await publish(source, stream["push"]["url"], gently=n % 2 == 0)
            if viewer is None:
                viewer = asyncio.create_task(watch_flv(weir, stream["id"]))
            await asyncio.sleep(AWAY_S)
        assert viewer is not None
        seen = await asyncio.wait_for(viewer, 30)
        await watch.ended(within_s=40)
    assert watch.findings == []
    rows = await ended_rows(weir, stream["id"])
    sent = input_frames(source)
    every = {kind: frames * TIMES for kind, frames in sent.items()}
    assert_balanced(every, await frames_of(weir, rows))
    assert rows[-1]["discontinuity_sequence"] == TIMES - 1
    pictures = pictures_of([timed.tag for timed in healthy(source)])
    shown = pictures_of(seen)
    assert len(shown) >= (TIMES - 1) * len(pictures)
    assert shown == (pictures * TIMES)[-len(shown) :], "one connection, nothing left out"


async def publish(flv: bytes, url: str, *, gently: bool) -> None:
    """In real time; ends with a farewell, or like a host that lost its power."""
    publisher = RTMPPublisher(url)
    await publisher.connect()
    loop = asyncio.get_running_loop()
    began = loop.time()
    for at_ms, tag in healthy(flv):
        await asyncio.sleep(max(0.0, began + at_ms / 1000 - loop.time()))
        await publisher.send(tag)
    if gently:
        await publisher.close()
    else:
        publisher.abort()


async def watch_flv(weir: RunningWeir, stream_id: str) -> list[Tag]:
    """Every tag of one connection, up to its end."""
    reader, tags = FLVReader(), list[Tag]()
    async with (
        httpx2.AsyncClient(timeout=None, trust_env=False) as client,
        client.stream("GET", f"{weir.http_url}/{stream_id}/live.flv") as answer,
    ):
        assert answer.status_code == httpx2.codes.OK
        async for piece in answer.aiter_bytes():
            tags += reader.feed(piece)
    return tags


def pictures_of(tags: list[Tag]) -> list[bytes]:
    frames = [Timed(0, tag) for tag in tags if tag.type is TagType.VIDEO]
    return [timed.tag.body for timed in frames if is_frame(timed)]
