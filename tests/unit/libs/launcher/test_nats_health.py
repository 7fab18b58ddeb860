"""When a NATS server is started again: its health as it says it, and the room on its disk."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from libs.ending import end
from libs.launcher.nats_health import ROOM_BYTES, watch_nats
from tests.waiting import until

LOOK_S = 0.01
ENOUGH_LOOKS = 20
STUCK, READING = b"write error on msgs.blk", b"JetStream is not current"
SAID = {
    b"": b"",
    b"ok": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
    STUCK: b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n" + STUCK,
    READING: b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n" + READING,
}
"""By what it says of its health; nothing is no answer."""


class Watched:
    """Says each health once, then the last one again and again."""

    def __init__(self, healths: Iterable[bytes]) -> None:
        self.healths = list(healths)
        self.looks = 0
        self.restarts = 0

    def restart(self) -> None:
        self.restarts += 1
        self.healths = [b"ok"]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.looks += 1
        health = self.healths.pop(0) if len(self.healths) > 1 else self.healths[0]
        writer.write(SAID[health])
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def watching(*healths: bytes, store: Path) -> AsyncIterator[Watched]:
    watched = Watched(healths)
    server = await asyncio.start_server(watched.answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    watch = asyncio.create_task(watch_nats(url, store, watched.restart, look_s=LOOK_S))
    try:
        yield watched
        assert not watch.done()
    finally:
        await end(watch)
        server.close()


async def test_server_that_stays_ill_is_started_again_once(tmp_path: Path) -> None:
    async with watching(STUCK, store=tmp_path) as watched:
        await until(lambda: watched.restarts > 0, what="a restart")
        looks = watched.looks
        await until(lambda: watched.looks > looks + ENOUGH_LOOKS, what="more looks")
        assert watched.restarts == 1


@pytest.mark.parametrize(
    "healths",
    [(READING,), (STUCK, b"ok", STUCK, b"", STUCK, b"ok"), (b"",)],
    ids=["reads its logs", "is well in between", "does not answer"],
)
async def test_server_is_left_alone(healths: tuple[bytes, ...], tmp_path: Path) -> None:
    async with watching(*healths, store=tmp_path) as watched:
        await until(lambda: watched.looks > ENOUGH_LOOKS, what="looks")
        assert watched.restarts == 0


async def test_ill_server_waits_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SimpleNamespace(free=ROOM_BYTES - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: disk)
    async with watching(STUCK, store=tmp_path) as watched:
        await until(lambda: watched.looks > ENOUGH_LOOKS, what="looks")
        assert watched.restarts == 0
        disk.free = ROOM_BYTES
        await until(lambda: watched.restarts > 0, what="a restart")


async def test_watch_outlives_a_folder_that_cannot_be_asked_for_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "gone"
    async with watching(STUCK, store=folder) as watched:
        await until(lambda: watched.looks > ENOUGH_LOOKS, what="looks")
        assert "does not say whether it has room: No such file" in capsys.readouterr().err
        folder.mkdir()
        await until(lambda: watched.restarts > 0, what="a restart")
