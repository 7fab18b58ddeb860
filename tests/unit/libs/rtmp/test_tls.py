"""RTMPS: the same server behind TLS, with the same limits."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.media.flv import Tag, TagType
from libs.rtmp import Certificate, Limits, RTMPPublisher, RTMPServer, RTMPUnreachable, TLSListener
from tests.certificates import Pair, make_certificate
from tests.unit.libs.rtmp.doors import OpenDoor

SILENT = 200


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return make_certificate(tmp_path)


@contextlib.asynccontextmanager
async def serving(
    pair: Pair, limits: Limits | None = None
) -> AsyncIterator[tuple[RTMPServer, OpenDoor, int]]:
    door = OpenDoor()
    server = RTMPServer(door, limits)
    listener = TLSListener(server, Certificate(pair.chain, pair.key))
    port = await listener.start("127.0.0.1", 0)
    try:
        yield server, door, port
    finally:
        await listener.stop()
        await server.stop()


async def test_publish_arrives_through_tls(pair: Pair) -> None:
    frames = [Tag(TagType.VIDEO, n, b"\x27\x01" + bytes(n * 100)) for n in range(200)]
    async with serving(pair) as (_, door, port):
        publisher = RTMPPublisher(f"rtmps://127.0.0.1:{port}/live/cam", tls=pair.trusting())
        await publisher.connect()
        await publisher.send_all(frames)
        await publisher.close()
        (kept,) = door.publishes
        assert await asyncio.wait_for(kept.closed, 5) == "publisher_ended"
        assert kept.tags == frames


async def test_new_connections_see_a_renewed_certificate(pair: Pair, tmp_path: Path) -> None:
    async with serving(pair) as (_, _, port):
        renewed = make_certificate(tmp_path)  # over the old files
        publisher = RTMPPublisher(f"rtmps://127.0.0.1:{port}/live/cam", tls=renewed.trusting())
        await publisher.connect()
        await publisher.close()


async def test_client_that_does_not_trust_us_or_speaks_no_tls_is_closed(pair: Pair) -> None:
    async with serving(pair) as (server, door, port):
        for url in (f"rtmps://127.0.0.1:{port}/live/cam", f"rtmp://127.0.0.1:{port}/live/cam"):
            with pytest.raises(RTMPUnreachable):
                await RTMPPublisher(url, timeout_s=5).connect()
        assert not door.publishes
        assert len(server.lobby) == 0


async def test_silence_before_the_tls_handshake_is_bounded_and_closed_in_time(pair: Pair) -> None:
    limits = Limits(handshake_s=0.5, max_half_open_per_address=20)
    peers: list[socket.socket] = []
    async with serving(pair, limits) as (server, _, port):
        for _ in range(SILENT):
            peers.append(socket.create_connection(("127.0.0.1", port)))
            await asyncio.sleep(0)
            assert len(server.lobby) <= limits.max_half_open_per_address
        began = time.monotonic()
        publisher = RTMPPublisher(f"rtmps://127.0.0.1:{port}/live/cam", tls=pair.trusting())
        await publisher.connect()
        assert time.monotonic() - began < 2
        for peer in peers:
            peer.settimeout(5)
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.to_thread(peer.recv, 1) == b""
            peer.close()
        assert len(server.lobby) == 0
        await publisher.close()


async def test_stop_closes_whoever_is_still_greeting(pair: Pair) -> None:
    async with serving(pair) as (_, _, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionResetError, ssl.SSLError):
            assert await reader.read() == b""
    writer.close()
