"""Publishers whose bytes are read once a tick."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from libs.media.flv import Tag, TagType
from libs.rtmp import Certificate, Limits, RTMPPublisher, RTMPServer, TLSListener
from libs.rtmp import connection as connection_module
from libs.rtmp.pacer import READ_BYTES
from tests.certificates import make_certificate
from tests.unit.libs.rtmp.doors import Kept, OpenDoor, serving
from tests.waiting import until

Paced = tuple[RTMPServer, RTMPPublisher, Kept]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "CHECK_S", 0.02)


def frames(count: int, *, size: int = 100, first: int = 0) -> list[Tag]:
    return [Tag(TagType.VIDEO, n, b"\x27\x01" + bytes(size)) for n in range(first, first + count)]


async def begin(server: RTMPServer, door: OpenDoor, url: str) -> Paced:
    publisher = RTMPPublisher(url)
    await publisher.connect()
    (kept,) = door.publishes
    kept.may_wait = True
    (connection,) = server.connections
    await until(lambda: connection in server.pacer)
    return server, publisher, kept


@pytest.fixture
async def paced() -> AsyncIterator[Paced]:
    """A publish that is read at the pacer's tick."""
    async with serving() as (server, door, port):
        yield await begin(server, door, f"rtmp://127.0.0.1:{port}/live/cam")


async def test_tags_that_came_within_a_tick_are_taken_together(paced: Paced) -> None:
    _, publisher, kept = paced
    assert kept.is_paced
    for tag in frames(50):
        await publisher.send(tag)
        await asyncio.sleep(0.005)
    await until(lambda: len(kept.tags) == 50)
    assert kept.tags == frames(50)
    assert len(kept.batches) < 15, "at least a quarter of a second of 50 frames, in ticks of 0.1 s"
    await publisher.close()


async def test_the_tick_of_one_publisher_begins_with_its_first_bytes(paced: Paced) -> None:
    _, publisher, kept = paced
    loop = asyncio.get_running_loop()
    waits: list[float] = []
    for number in range(8):
        # The clock of ticks must not matter: each frame comes at another time of it.
        await asyncio.sleep(0.013 * number)
        sent_at = loop.time()
        await publisher.send_all(frames(1, first=number))
        await until(lambda number=number: len(kept.tags) == number + 1)  # type: ignore[misc]
        waits.append(loop.time() - sent_at)
    assert min(waits) > 0.09, "a whole tick: what comes just after goes with it"
    await publisher.close()


async def test_more_than_one_read_holds_comes_whole(paced: Paced) -> None:
    _, publisher, kept = paced
    large = frames(4, size=READ_BYTES)
    await publisher.send_all(large)
    await until(lambda: len(kept.tags) == 4)
    assert kept.tags == large
    await publisher.close()


async def test_bytes_are_read_as_they_come_once_somebody_waits(paced: Paced) -> None:
    server, publisher, kept = paced
    kept.may_wait = False
    await until(lambda: not any(each in server.pacer for each in server.connections))
    assert not kept.is_paced
    kept.batches.clear()
    for tag in frames(10):
        await publisher.send(tag)
        await until(lambda tag=tag: kept.tags[-1:] == [tag])  # type: ignore[misc]
    assert len(kept.batches) == 10
    await publisher.close()


async def _leave(publisher: RTMPPublisher) -> None:
    await publisher.close()


async def _vanish(publisher: RTMPPublisher) -> None:
    publisher.abort()


@pytest.mark.parametrize(
    ("how", "cause"), [(_leave, "publisher_ended"), (_vanish, "connection_lost")]
)
async def test_end_of_a_paced_publish_is_noticed(
    paced: Paced, how: Callable[[RTMPPublisher], Awaitable[None]], cause: str
) -> None:
    server, publisher, kept = paced
    await publisher.send_all(frames(3))
    await how(publisher)
    assert await asyncio.wait_for(kept.closed, 5) == cause
    if cause == "publisher_ended":
        assert kept.tags == frames(3)
    await until(lambda: not server.connections)


async def test_paced_publisher_that_falls_silent_is_closed() -> None:
    async with serving(Limits(idle_s=0.2)) as (server, door, port):
        _, publisher, kept = await begin(server, door, f"rtmp://127.0.0.1:{port}/live/cam")
        assert await asyncio.wait_for(kept.closed, 5) == "idle"
        publisher.abort()


async def test_publisher_is_paced_again_after_somebody_waited(paced: Paced) -> None:
    server, publisher, kept = paced
    kept.may_wait = False
    await until(lambda: not kept.is_paced)
    kept.may_wait = True
    await until(lambda: kept.is_paced, within_s=server.limits.idle_s / 4)
    await publisher.close()


async def test_revoked_publish_is_read_no_more(paced: Paced) -> None:
    server, publisher, kept = paced
    kept.revoked.set_result("taken_over")
    await until(lambda: not server.connections)
    with contextlib.suppress(Exception):
        await publisher.send_all(frames(3))
    await asyncio.sleep(0.25)
    assert kept.tags == []
    publisher.abort()


async def test_tls_is_never_read_past_its_transport(tmp_path: Path) -> None:
    pair = make_certificate(tmp_path)
    door = OpenDoor()
    server = RTMPServer(door)
    listener = TLSListener(server, Certificate(pair.chain, pair.key))
    port = await listener.start("127.0.0.1", 0)
    try:
        publisher = RTMPPublisher(f"rtmps://127.0.0.1:{port}/live/cam", tls=pair.trusting())
        await publisher.connect()
        (kept,) = door.publishes
        kept.may_wait = True
        await publisher.send_all(frames(1))
        await asyncio.sleep(0.1)  # several checks
        assert not any(each in server.pacer for each in server.connections)
        await publisher.send_all(frames(1, first=1))
        await until(lambda: kept.tags == frames(2))
        await publisher.close()
    finally:
        await listener.stop()
        await server.stop()
