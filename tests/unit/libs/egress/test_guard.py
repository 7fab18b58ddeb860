"""The guard lets nothing inside the house be named, in whatever spelling; a canary counts."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from libs.egress import Egress, EgressRefused, EgressUnresolved, OwnPlaces

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
HOSTILE = [
    "localhost", "LocalHost.", "localhost.localdomain", "foo.localhost",
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1",
    "017700000001", "0177.0.0.1", "0", "0.0.0.0", "::", "::1", "[::1]", "::ffff:127.0.0.1",
    "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "10.0.0.1", "172.31.0.1",
    "192.168.0.1", "169.254.169.254", "100.100.100.200", "fe80::1%lo", "fd00:ec2::254",
    "224.0.0.1", "255.255.255.255", "metadata.google.internal", "a..b", "x" * 300, "\ud800",
]  # fmt: skip


class Canary:
    """A server on loopback that counts who comes."""

    def __init__(self) -> None:
        self.hits = 0

    async def count(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits += 1
        writer.close()


@pytest.fixture
async def canary() -> AsyncIterator[tuple[Canary, int]]:
    canary = Canary()
    server = await asyncio.start_server(canary.count, "127.0.0.1", 0)
    yield canary, server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()


async def connect(egress: Egress, host: str, port: int) -> None:
    place = await egress.resolve(host.strip("[]"), port)
    _, writer = await asyncio.open_connection(place.address, place.port)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("host", HOSTILE)
async def test_hostile_name_is_refused_and_nothing_is_connected_to(
    canary: tuple[Canary, int], host: str
) -> None:
    with pytest.raises((EgressRefused, EgressUnresolved)):
        await connect(Egress(), host, canary[1])
    assert canary[0].hits == 0


async def test_canary_counts_what_the_operator_allows(canary: tuple[Canary, int]) -> None:
    await connect(Egress([LOOPBACK]), "127.0.0.1", canary[1])
    async with asyncio.timeout(5):
        while not canary[0].hits:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("host", ["127.1", "[::1]", "localhost", "10.1.2.3", "x.localhost"])
def test_form_hears_at_once_what_needs_no_look_up(host: str) -> None:
    with pytest.raises(EgressRefused, match="WEIR_EGRESS_ALLOW"):
        Egress().check_host(host)


@pytest.mark.parametrize("host", ["live.example.com", "93.184.216.34", "no-such-name.invalid"])
def test_form_lets_names_and_public_addresses_pass(host: str) -> None:
    Egress().check_host(host)


async def test_name_with_a_private_address_among_others_is_pinned_to_a_public_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _answer(monkeypatch, "10.0.0.1", "93.184.216.34", "192.168.0.1")
    assert (await Egress().resolve("mixed.example", 1935)).address == "93.184.216.34"


async def test_name_is_looked_up_once_for_judgement_and_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that answers first with a public address and then with a private one."""
    asked = _answer(monkeypatch, "93.184.216.34")
    place = await Egress().resolve("rebinding.example", 1935)
    assert (place.host, place.address, len(asked)) == ("rebinding.example", "93.184.216.34", 1)


async def test_our_own_listener_is_refused_even_where_it_is_allowed(
    canary: tuple[Canary, int],
) -> None:
    port = canary[1]

    async def urls() -> list[str]:
        return [f"rtmp://localhost:{port}", "http://no-such-name.invalid:1/"]

    egress = Egress([LOOPBACK], own=OwnPlaces(urls))
    for host in ("127.0.0.1", "127.0.0.2", "localhost", "::ffff:127.0.0.1"):
        with pytest.raises(EgressRefused):
            await egress.resolve(host, port)
    assert (await egress.resolve("127.0.0.1", port + 1)).port == port + 1
    assert canary[0].hits == 0


def _answer(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo, raising=False)
    return asked
