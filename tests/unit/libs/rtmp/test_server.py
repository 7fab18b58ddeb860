"""The server against peers that open connections and say nothing."""

import asyncio
import resource
import socket
import time

import pytest

from libs.rtmp import Limits, RTMPPublisher
from tests.unit.libs.rtmp.doors import serving

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
