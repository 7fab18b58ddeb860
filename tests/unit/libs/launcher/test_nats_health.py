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
SAID = {200: b"OK", 503: b"Service Unavailable"}


class Watched:
    """Says each health once, then the last one again and again; 0 is no answer."""

    def __init__(self, healths: Iterable[int]) -> None:
        self.healths = list(healths)
        self.looks = 0
        self.restarts = 0

    def restart(self) -> None:
        self.restarts += 1
        self.healths = [200]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.looks += 1
        health = self.healths.pop(0) if len(self.healths) > 1 else self.healths[0]
        if health:
            head = b"HTTP/1.1 %d %b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            writer.write(head % (health, SAID[health]))
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def watching(*healths: int, store: Path) -> AsyncIterator[Watched]:
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
    async with watching(503, 503, 503, 200, 503, store=tmp_path) as watched:
        await until(lambda: watched.restarts > 0, what="a restart")
        looks = watched.looks
        await until(lambda: watched.looks > looks + ENOUGH_LOOKS, what="more looks")
        assert watched.restarts == 1


@pytest.mark.parametrize(
    "healths",
    [(503,), (200, 503, 200, 503, 0, 503, 200), (200, 0)],
    ids=["never was well", "is well in between", "does not answer"],
)
async def test_server_is_left_alone(healths: tuple[int, ...], tmp_path: Path) -> None:
    async with watching(*healths, store=tmp_path) as watched:
        await until(lambda: watched.looks > ENOUGH_LOOKS, what="looks")
        assert watched.restarts == 0


async def test_ill_server_waits_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SimpleNamespace(free=ROOM_BYTES - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: disk)
    async with watching(200, 503, store=tmp_path) as watched:
        await until(lambda: watched.looks > ENOUGH_LOOKS, what="looks")
        assert watched.restarts == 0
        disk.free = ROOM_BYTES
        await until(lambda: watched.restarts > 0, what="a restart")


async def test_watch_outlives_a_folder_that_cannot_be_asked_for_room(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "gone"
    async with watching(200, 503, store=folder) as watched:
        await until(lambda: watched.looks > ENOUGH_LOOKS, what="looks")
        assert "does not say whether it has room: No such file" in capsys.readouterr().err
        folder.mkdir()
        await until(lambda: watched.restarts > 0, what="a restart")
