"""Connections to targets: real sockets, our own server, and addresses that nobody may reach."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from libs.egress import Egress
from libs.media.flv import Tag
from libs.rtmp import Certificate, RTMPServer, TLSListener
from services.relay import srt_outlet
from services.relay.errors import PushFailed
from services.relay.outlet import Outlet, Outlets
from tests.certificates import make_certificate
from tests.unit.libs.rtmp.doors import OpenDoor, serving
from tests.unit.services.relay.tags import VIDEO_CONFIG, inter, key
from tests.waiting import until

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
HOSTS = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "LOCALHOST.",
    "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "0.0.0.0", "[::]",
    "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "[fe80::1]",
    "[fd00::1]", "224.0.0.1", "x.localhost", "no-such-name.invalid",
]  # fmt: skip


def outlets(*, is_allowed: bool = True) -> Outlets:
    return Outlets(Egress([LOOPBACK] if is_allowed else []), installation="m4rk")


async def closed(outlet: Outlet, door: OpenDoor) -> list[Tag]:
    await outlet.close()
    (kept,) = door.publishes
    async with asyncio.timeout(5):
        assert await kept.closed == "publisher_ended"
    return kept.tags


@pytest.fixture
async def canary() -> AsyncIterator[list[int]]:
    """A port of loopback, and how often somebody came."""
    seen = [0, 0]

    async def count(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen[1] += 1
        writer.close()

    server = await asyncio.start_server(count, "127.0.0.1", 0)
    seen[0] = server.sockets[0].getsockname()[1]
    yield seen
    server.close()
    await server.wait_closed()


async def test_tags_arrive_with_our_mark_and_those_before_us() -> None:
    tags = [VIDEO_CONFIG, key(0), inter(40)]
    async with serving() as (_, door, port):
        outlet = await outlets().open(f"rtmp://127.0.0.1:{port}/live/cam?sign=1-2", via=("b", "c"))
        await outlet.send(tags)
        outlet.check()
        assert outlet.sent_bytes > sum(len(tag.body) for tag in tags)
        assert await closed(outlet, door) == tags
        assert door.publishes[0].request.installations == ("m4rk", "b", "c")


@pytest.mark.parametrize("host", HOSTS)
async def test_hostile_address_is_refused_before_anybody_is_reached(
    canary: list[int], host: str
) -> None:
    with pytest.raises(PushFailed) as failure:
        await outlets(is_allowed=False).open(f"rtmp://{host}:{canary[0]}/live/k3y")
    assert failure.value.cause in ("egress_refused", "unresolved")
    assert canary[1] == 0


async def test_canary_counts_who_is_allowed(canary: list[int]) -> None:
    with pytest.raises(PushFailed) as failure:
        await outlets().open(f"rtmp://127.0.0.1:{canary[0]}/live/k3y")
    assert (failure.value.cause, canary[1]) == ("unreachable", 1)
    assert "k3y" not in str(failure.value)


async def test_refusal_is_said_without_the_key() -> None:
    async with serving() as (_, _, port):
        with pytest.raises(PushFailed) as failure:
            await outlets().open(f"rtmp://127.0.0.1:{port}/live/no?pass=k3y")
    assert failure.value.cause == "refused"
    assert "k3y" not in str(failure.value)


async def test_server_that_goes_is_seen() -> None:
    async with serving() as (server, _, port):
        outlet = await outlets().open(f"rtmp://127.0.0.1:{port}/live/cam")
        await server.stop()
        await until(lambda: _cause(outlet) == "vanished")
        with pytest.raises(PushFailed):
            await outlet.send([key(0)])
        outlet.abort()


def _cause(outlet: Outlet) -> str | None:
    try:
        outlet.check()
    except PushFailed as error:
        return error.cause
    return None


async def test_srt_says_that_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(srt_outlet, "is_available", lambda: False)
    with pytest.raises(PushFailed) as failure:
        await outlets().open("srt://127.0.0.1:9000?streamid=k3y")
    assert failure.value.cause == "srt_unavailable"
    assert "install it" in str(failure.value)


async def test_rtmps_is_pushed_to_whom_the_certificate_names(tmp_path: Path) -> None:
    pair = make_certificate(tmp_path)
    server = RTMPServer(door := OpenDoor())
    listener = TLSListener(server, Certificate(pair.chain, pair.key))
    port = await listener.start("127.0.0.1", 0)
    egress = Egress([LOOPBACK])
    url = f"rtmps://127.0.0.1:{port}/live/cam"
    with pytest.raises(PushFailed) as failure:
        await Outlets(egress, installation="").open(url)
    assert failure.value.cause == "unreachable"
    outlet = await Outlets(egress, installation="", tls=pair.trusting()).open(url)
    await outlet.send([key(0)])
    assert await closed(outlet, door) == [key(0)]
    await listener.stop()
    await server.stop()
