"""The server against peers that open connections and say nothing."""

import asyncio
import resource
import socket
import time

import pytest

from libs.rtmp import Limits, RTMPPublisher, RTMPRefused
from libs.rtmp import connection as connection_module
from libs.rtmp.connection import CHECK_S
from tests.rtmp_player import RTMPPlayer
from tests.unit.libs.rtmp.doors import serving
from tests.waiting import until

SILENT = 1000


def open_silent(port: int, address: str) -> socket.socket:
    peer = socket.socket()
    peer.setblocking(False)
    peer.bind((address, 0))
    peer.connect_ex(("127.0.0.1", port))
    return peer


@pytest.mark.parametrize("addresses", [1, 250], ids=["one address", "many addresses"])
async def test_new_publisher_is_admitted_beside_a_thousand_half_open_ones(addresses: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    peers: list[socket.socket] = []
    async with serving() as (server, door, port):
        try:
            for number in range(SILENT):
                peers.append(open_silent(port, f"127.0.0.{2 + number % addresses}"))
                await asyncio.sleep(0)
            began = time.monotonic()
            publisher = RTMPPublisher(f"rtmp://127.0.0.1:{port}/live/cam", timeout_s=2)
            await publisher.connect()
            assert time.monotonic() - began < 2
            assert len(door.publishes) == 1
            limits = Limits()
            cap = limits.max_half_open_per_address if addresses == 1 else limits.max_half_open
            assert len(server.lobby) <= cap
            await publisher.close()
        finally:
            for peer in peers:
                peer.close()


async def test_silence_is_closed_in_time_at_each_stage() -> None:
    limits = Limits(handshake_s=0.2, command_s=0.2)
    async with serving(limits) as (server, _, port):
        for said in (b"", b"\x03" + bytes(1000), b"\x03" + bytes(1536), b"\x03" + bytes(3072)):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            async with asyncio.timeout(5):
                await reader.read()
            writer.close()
        assert not server.connections
        assert len(server.lobby) == 0


async def test_who_has_asked_is_kept_however_long_the_door_takes() -> None:
    """All encoders behind one address come back at once, and the catalog is slow."""
    limits = Limits(command_s=0.2, idle_s=1, max_half_open=4, max_half_open_per_address=2)
    async with serving(limits) as (server, door, port):
        door.opens.clear()
        publishers = [RTMPPublisher(f"rtmp://127.0.0.1:{port}/live/cam") for _ in range(6)]
        async with asyncio.TaskGroup() as group:
            for number, publisher in enumerate(publishers, 1):
                group.create_task(publisher.connect())
                await until(lambda: len(server.connections) == number and not len(server.lobby))  # noqa: B023
            await asyncio.sleep(2 * CHECK_S)  # longer than silence is borne
            door.opens.set()
        assert len(door.publishes) == len(publishers)
        assert not any(kept.closed.done() for kept in door.publishes)
        # And from now on silence counts.
        await until(lambda: not server.connections, within_s=limits.idle_s + 3 * CHECK_S)
        for publisher in publishers:
            await publisher.close()


async def test_connections_past_the_places_are_closed_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "places", lambda: 2)
    async with serving() as (server, door, port):
        url = f"rtmp://127.0.0.1:{port}/live/cam"
        publisher, second = RTMPPublisher(url), RTMPPublisher(url)
        await publisher.connect()
        await second.connect()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
        await second.close()
        await until(lambda: len(server.connections) == 1)
        third = RTMPPublisher(url)
        await third.connect()
        assert len(door.publishes) == 3
        await third.close()
        await publisher.close()


async def test_player_that_is_dismissed_is_told_why_and_let_go() -> None:
    async with serving() as (server, door, port):
        players = [RTMPPlayer(f"rtmp://127.0.0.1:{port}/live/cam") for _ in range(2)]
        for player in players:
            await player.connect()
        door.seats[0].dismissed.set_result("The viewer token has been revoked.")
        await until(lambda: len(server.players) == 1)
        assert [seat.is_closed for seat in door.seats] == [True, False]
        assert len(door.audience) == 1
        await players[1].close()
        await until(lambda: not server.players)
        assert door.seats[1].is_closed
        players[0].abort()


async def test_players_leave_places_for_publishers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "places", lambda: 4)
    async with serving() as (server, door, port):
        url = f"rtmp://127.0.0.1:{port}/live/cam"
        players = [RTMPPlayer(url) for _ in range(3)]
        for player in players:
            await player.connect()
        await until(lambda: len(server.players) == 3)
        late = RTMPPlayer(url)
        with pytest.raises(RTMPRefused, match="All places are taken"):
            await late.connect()
        await until(lambda: len(server.connections) == 3)
        publisher = RTMPPublisher(url)
        await publisher.connect()
        assert len(door.publishes) == 1
        await publisher.close()
        for player in players:
            await player.close()
        await until(lambda: not server.players)
