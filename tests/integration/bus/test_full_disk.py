"""A NATS server whose disk was full takes facts again by itself, as both houses run it."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from nats.errors import Error as NATSError
from nats.js import JetStreamContext

from libs.bus import Bus
from libs.launcher.child import Child, command
from libs.launcher.nats_health import watch_nats
from libs.launcher.nats_server import find_nats_server, write_nats_config
from tests.ports import free_port
from tests.small_disk import SmallDisk, mounted
from tests.waiting import until

pytestmark = pytest.mark.integration

TOKEN = "for the test"
SCRIPT = Path(__file__).parents[3] / "deploy" / "nats.sh"
SUBJECT = "dead.example"
AGAIN_S = 20.0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "nats"
    folder.mkdir()
    with mounted(folder, size_bytes=24 << 20):
        yield SmallDisk(folder)


@contextlib.asynccontextmanager
async def running(house: str, disk: SmallDisk, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a server on that disk."""
    port, health_port = free_port(), free_port()
    health_url = f"http://127.0.0.1:{health_port}"
    config = tmp_path / "nats.conf"
    write_nats_config(config, port=port, health_port=health_port, store=disk.folder, token=TOKEN)
    argv: list[str | Path] = [find_nats_server(), "--config", config]
    path = f"{find_nats_server().parent}:{os.environ['PATH']}"
    if house == "distributed":
        argv = ["/bin/sh", SCRIPT, "--config", config]
    environment = {
        "PATH": path,
        "NATS_STORE": str(disk.folder),
        "NATS_HEALTH": f"{health_url}/healthz",
    }
    child = Child(
        "nats",
        command(argv, environment),
        log_path=tmp_path / "nats.log",
        on_ended=lambda *_: None,
    )
    await child.start()
    watch = None
    if house == "embedded":
        watch = asyncio.create_task(watch_nats(health_url, disk.folder, child.restart))
    try:
        yield f"nats://127.0.0.1:{port}"
    finally:
        if watch is not None:
            watch.cancel()
        await child.stop(5.0)


async def is_taken(js: JetStreamContext) -> bool:
    try:
        await js.publish(SUBJECT, bytes(8000), timeout=1)
    except (NATSError, TimeoutError):
        return False
    return True


@pytest.mark.parametrize("house", ["embedded", "distributed"])
async def test_bus_takes_facts_again_when_there_is_room(
    house: str, disk: SmallDisk, tmp_path: Path
) -> None:
    async with running(house, disk, tmp_path) as url:
        bus = Bus(url, source="test", token=TOKEN, provisions=True)
        await bus.start()
        js: JetStreamContext = bus._js
        lease = await bus.leases.take("package.s1", holder="a", url="", stream="s", session="s1")
        assert lease is not None

        async def taken(*, expected: bool) -> None:
            async with asyncio.timeout(AGAIN_S):
                while await is_taken(js) != expected:
                    pass

        await taken(expected=True)
        disk.fill()
        await taken(expected=False)
        beat = lease.record.beat
        await until(lambda: lease.record.beat > beat, what="the lease to be renewed all the same")
        disk.free()
        await taken(expected=True)
        beat = lease.record.beat
        await until(lambda: lease.record.beat > beat, within_s=10, what="the lease to go on")
        assert not lease.lost.is_set()
        assert not bus.failed.is_set()
        await lease.release()
        await bus.stop()
