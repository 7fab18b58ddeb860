"""Our publisher against a server that is not ours: nginx with its RTMP module, which records."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.media.flv import FLV_HEADER, FLVReader, Tag, TagType, is_sequence_header
from libs.rtmp import RTMPPublisher, RTMPUnreachable
from tests.media import encode
from tests.nginx_rtmp import nginx_rtmp

pytestmark = pytest.mark.integration


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[int]:
    """The port of an nginx that records to `tmp_path`."""
    with nginx_rtmp(tmp_path) as server:
        yield server.port


async def connected(url: str) -> RTMPPublisher:
    """A publisher that is admitted; nginx may still be starting."""
    async with asyncio.timeout(10):
        while True:
            publisher = RTMPPublisher(url)
            try:
                await publisher.connect()
            except RTMPUnreachable:
                await asyncio.sleep(0.05)
            else:
                return publisher


def frames(tags: list[Tag]) -> list[bytes]:
    return [
        tag.body for tag in tags if tag.type is not TagType.SCRIPT and not is_sequence_header(tag)
    ]


def recorded(path: Path) -> list[bytes]:
    """The frames of a record, as far as it is written."""
    is_begun = path.exists() and path.stat().st_size > len(FLV_HEADER)
    return frames(FLVReader().feed(path.read_bytes())) if is_begun else []


@pytest.mark.parametrize("offset_ms", [0, 0x1000000 - 500], ids=["plain", "over 2^24 ms"])
async def test_nginx_records_what_was_sent(nginx: int, tmp_path: Path, offset_ms: int) -> None:
    sent = FLVReader().feed(encode(tmp_path / "in.flv", seconds=2, size="160x90").read_bytes())
    publisher = await connected(f"rtmp://127.0.0.1:{nginx}/live/cam")
    await publisher.send_all(tag._replace(dts_ms=tag.dts_ms + offset_ms) for tag in sent)
    await publisher.close()
    async with asyncio.timeout(10):
        while recorded(tmp_path / "cam.flv") != frames(sent):
            await asyncio.sleep(0.05)
