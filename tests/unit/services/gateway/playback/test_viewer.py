"""FLV viewers on sockets of their own: what they get, and what a slow one holds."""

import asyncio
import fcntl
import itertools
import re
import sys
import termios

import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosedOK

from services.gateway.playback import poller
from services.gateway.playback.viewer import Viewer
from tests.unit.services.gateway.one_stream import (
    WEBSOCKET,
    Connect,
    OneSegmentPlayer,
    get,
)


async def test_viewers_get_the_gop_and_then_the_same_bytes(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    feed = player.feed
    for number in range(15):
        feed.send(b"<%d>" % number)
    peers = [await connect() for _ in range(3)]
    for peer in peers:
        peer.send(get("/cam/live.flv"))
        head = await peer.reader.readuntil(b"\r\n\r\n")
        assert re.search(rb"content-type: video/x-flv\r\n", head)
        assert b"content-length" not in head
        assert b"no-store" in head
        assert (await peer.reader.readexactly(13)).startswith(b"FLV\x01")
        assert await peer.reader.readuntil(b"<14>") == b"<10><11><12><13><14>"
        peer.send("garbage that is no request\r\n\r\n")
    feed.send(b"<15>")
    for peer in peers:
        assert await peer.reader.readuntil(b"<15>") == b"<15>"


async def test_viewer_waits_for_the_first_keyframe(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    peer = await connect()
    peer.send(get("/cam/live.flv"))
    await peer.reader.readuntil(b"\r\n\r\n")
    player.feed.send(b"<0>")
    assert (await peer.reader.readuntil(b"<0>"))[-3:] == b"<0>"


async def test_viewer_that_leaves_is_forgotten(connect: Connect, player: OneSegmentPlayer) -> None:
    peer = await connect()
    peer.send(get("/cam/live.flv"))
    await peer.reader.readuntil(b"\r\n\r\n")
    peer.writer.close()
    player.feed.send(b"<0>")
    async with asyncio.timeout(5):
        while not player.left.is_set():
            player.feed.send(b"<x>")
            await asyncio.sleep(0.01)
    assert not player.feed.audience.viewers


async def test_end_of_the_programme_ends_the_response(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    peer = await connect()
    peer.send(get("/cam/live.flv"))
    await peer.reader.readuntil(b"\r\n\r\n")
    player.feed.send(b"<0>")
    player.feed.audience.end()
    assert (await peer.reader.read()).endswith(b"<0>")


async def test_slow_viewer_skips_to_a_keyframe_and_the_other_loses_nothing(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    feed = player.feed
    slow, fast = await connect(), await connect()
    for peer in (slow, fast):
        peer.send(get("/cam/live.flv"))
        await peer.reader.readuntil(b"\r\n\r\n")
    slow.writer.transport.pause_reading()  # type: ignore[attr-defined]
    taken = b""
    for number in range(400):
        feed.send(b"<%06d>" % number + bytes(50_000))
        taken += await fast.reader.readexactly(50_008 + (13 if number == 0 else 0))
    viewers = list(feed.audience.viewers)
    assert re.findall(rb"<(\d{6})>", taken) == [b"%06d" % number for number in range(400)]
    slow.writer.transport.resume_reading()  # type: ignore[attr-defined]
    seen = b""
    number = 400
    async with asyncio.timeout(20):
        while b"<000400>" not in seen and b"<000410>" not in seen:
            seen += await slow.reader.read(2**20)
            if any(viewer.skipped for viewer in viewers) and number <= 420:
                feed.send(b"<%06d>" % number)
                number += 1
    numbers = [int(found) for found in re.findall(rb"<(\d{6})>", seen)]
    jumps = [after for before, after in itertools.pairwise(numbers) if after != before + 1]
    assert len(jumps) == 1
    assert jumps[0] % 10 == 0, "it went on at a keyframe"
    assert len(seen) < 8_000_000


@pytest.mark.parametrize("lines", [(), WEBSOCKET], ids=["http", "websocket"])
async def test_peer_that_takes_nothing_holds_little_and_is_dropped(
    connect: Connect,
    player: OneSegmentPlayer,
    monkeypatch: pytest.MonkeyPatch,
    lines: tuple[str, ...],
) -> None:
    monkeypatch.setattr(poller, "STALL_S", 0.5)
    peer = await connect()
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    peer.send(get("/cam/live.flv", *lines))
    held = 0
    async with asyncio.timeout(10):
        while not player.left.is_set():
            player.feed.send(bytes(100_000))
            held = max([held, *map(held_bytes, player.feed.audience.viewers)])
            await asyncio.sleep(0.005)
    assert 100_000 < held < 2_000_000


def held_bytes(viewer: Viewer) -> int:
    """What we and the kernel keep for a viewer that has not taken it."""
    unsent = bytearray(4)
    fcntl.ioctl(viewer.fileno(), termios.TIOCOUTQ, unsent)
    return int.from_bytes(unsent, sys.byteorder) + sum(map(len, viewer._rest))


async def test_websocket_client_gets_the_gop_and_the_end(
    port: int, player: OneSegmentPlayer
) -> None:
    for number in range(15):
        player.feed.send(b"<%d>" % number)
    async with connect_websocket(f"ws://127.0.0.1:{port}/cam/live.flv?x=1") as viewer:
        assert (await viewer.recv()).startswith(b"FLV\x01")  # type: ignore[arg-type]
        assert [await viewer.recv() for _ in range(5)] == [b"<%d>" % n for n in range(10, 15)]
        player.feed.send(b"<15>" + bytes(100_000))
        assert await viewer.recv() == b"<15>" + bytes(100_000)
        await asyncio.wait_for(await viewer.ping(b"there?"), 5)
        player.feed.send(b"<16>")
        assert await viewer.recv() == b"<16>"
        player.feed.audience.end()
        with pytest.raises(ConnectionClosedOK):
            await viewer.recv()
    assert player.left.is_set()


async def test_websocket_that_the_client_closes_is_closed_by_the_book(
    port: int, player: OneSegmentPlayer
) -> None:
    viewer = await connect_websocket(f"ws://127.0.0.1:{port}/cam/live.flv")
    player.feed.send(b"<0>")
    await viewer.close(4000, "enough")
    assert (viewer.close_code, viewer.protocol.close_rcvd_then_sent) == (4000, False)
    await asyncio.wait_for(player.left.wait(), 5)
