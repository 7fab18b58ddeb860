"""The publisher against our own server, over real sockets."""

import asyncio
import socket

import pytest

from libs.media import amf0
from libs.media.flv import Tag, TagType
from libs.rtmp import RTMPPublisher, RTMPRefused, RTMPUnreachable
from tests.unit.libs.rtmp.doors import serving

TAGS = [
    Tag(TagType.SCRIPT, 0, amf0.encode("onMetaData", {"width": 160.0})),
    Tag(TagType.VIDEO, 0, b"\x17\x00\x00\x00\x00config"),
    Tag(TagType.VIDEO, 40, b"\x17\x01\x00\x00\x00" + bytes(range(256)) * 40),
    Tag(TagType.AUDIO, 42, b"\xaf\x01sound"),
    Tag(TagType.VIDEO, 0x01000000 + 80, b"\x27\x01\x00\x00\x00" + bytes(range(255, -1, -1)) * 40),
    Tag(TagType.AUDIO, 0xFFFFFFF0, b"\xaf\x01sound"),
]


@pytest.mark.parametrize("repeats_extended", [True, False], ids=["repeated", "left out"])
@pytest.mark.parametrize("chunk_bytes", [128, 60_000])
async def test_what_is_sent_arrives_byte_for_byte(repeats_extended: bool, chunk_bytes: int) -> None:
    async with serving() as (_, door, port):
        publisher = RTMPPublisher(
            f"rtmp://127.0.0.1:{port}/live/cam?sign=1-2",
            chunk_bytes=chunk_bytes,
            repeats_extended=repeats_extended,
        )
        await publisher.connect()
        for tag in TAGS:
            await publisher.send(tag)
        await publisher.close()
        (kept,) = door.publishes
        async with asyncio.timeout(5):
            assert await kept.closed == "publisher_ended"
    assert kept.tags == TAGS
    assert (kept.request.app, kept.request.name, kept.request.query) == ("live", "cam", "sign=1-2")
    assert publisher.failure is None


async def test_refusal_is_raised_with_its_status() -> None:
    async with serving() as (_, _, port):
        with pytest.raises(RTMPRefused) as caught:
            await RTMPPublisher(f"rtmp://127.0.0.1:{port}/live/no").connect()
        assert caught.value.rtmp_status == "NetStream.Publish.BadName"
        with pytest.raises(RTMPRefused) as caught:
            await RTMPPublisher(f"rtmp://127.0.0.1:{port}/other/cam").connect()
        assert caught.value.rtmp_status == "NetConnection.Connect.Rejected"


async def test_nobody_there_and_nobody_answering_are_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(RTMPUnreachable, match="does not answer"):
            await RTMPPublisher(f"rtmp://127.0.0.1:{port}/live/cam", timeout_s=0.2).connect()
    with pytest.raises(RTMPUnreachable, match=str(port)):
        await RTMPPublisher(f"rtmp://127.0.0.1:{port}/live/cam").connect()


async def test_takeover_is_the_reason_of_the_next_send() -> None:
    async with serving() as (_, door, port):
        publisher = RTMPPublisher(f"rtmp://127.0.0.1:{port}/live/cam")
        await publisher.connect()
        door.publishes[0].revoked.set_result("taken_over")
        async with asyncio.timeout(5):
            while publisher.failure is None:
                await asyncio.sleep(0.01)
        with pytest.raises(RTMPRefused):
            await publisher.send(TAGS[0])
        publisher.abort()


async def test_abort_is_a_lost_connection_to_the_server() -> None:
    async with serving() as (_, door, port):
        publisher = RTMPPublisher(f"rtmp://127.0.0.1:{port}/live/cam")
        await publisher.connect()
        publisher.abort()
        async with asyncio.timeout(5):
            assert await door.publishes[0].closed == "connection_lost"
