"""Services that are forked: their ends are told, and they go with what they were forked from."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from libs.launcher.errors import ForgeGone
from libs.launcher.forging import Forge, Forged
from libs.settings import EXIT_SETTINGS
from tests.waiting import until

WITHIN_S = 30


@pytest.fixture
async def forge() -> AsyncIterator[Forge]:
    """Of services that wait for a bus that is not there."""
    found = Forge(dict(os.environ) | {"WEIR_NATS_URL": "nats://127.0.0.1:1"} | TOKEN)
    yield found
    await found.stop()


TOKEN = {"WEIR_INTERNAL_TOKEN": "secret"}


async def spawn(forge: Forge, service: str, log: Path) -> Forged:
    with log.open("ab") as said:
        return await asyncio.wait_for(forge.spawn(service, said), WITHIN_S)


def said(log: Path, what: str) -> bool:
    return what in log.read_text()


def environment(pid: int) -> set[str]:
    return set(Path(f"/proc/{pid}/environ").read_text().split("\0"))


def stat(pid: int) -> list[str]:
    """What follows the name in proc(5)'s `stat`: the state, the parent's pid, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def has_ended(pid: int) -> bool:
    """Or waits for pid 1, which not everywhere looks after orphans at once."""
    try:
        return stat(pid)[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def test_service_has_its_name_its_log_and_its_settings(forge: Forge, tmp_path: Path) -> None:
    relay, ingest = [
        await spawn(forge, name, tmp_path / f"{name}.log") for name in ("relay", "ingest")
    ]
    name = Path(f"/proc/{relay.pid}/comm")
    await until(lambda: name.read_text() == "relay\n", within_s=WITHIN_S)
    assert "WEIR_INTERNAL_TOKEN=secret" in environment(ingest.pid)
    for service in ("relay", "ingest"):
        log = tmp_path / f"{service}.log"
        await until(partial(said, log, "bus.error"), within_s=WITHIN_S)
        assert said(log, f'"service": "{service}"')
    relay.terminate()
    assert await asyncio.wait_for(relay.wait(), WITHIN_S) == 0
    assert ingest.returncode is None


async def test_exit_code_and_signal_are_told(forge: Forge, tmp_path: Path) -> None:
    relay = await spawn(forge, "relay", tmp_path / "relay.log")
    relay.kill()
    assert await asyncio.wait_for(relay.wait(), WITHIN_S) == -signal.SIGKILL
    nobody = await spawn(forge, "nobody", tmp_path / "nobody.log")
    assert await asyncio.wait_for(nobody.wait(), WITHIN_S) == 1
    assert "No module named services.nobody" in (tmp_path / "nobody.log").read_text()


async def test_refused_settings_are_told_by_the_code(tmp_path: Path) -> None:
    forge = Forge(dict(os.environ) | {"WEIR_INTERNAL_TOKEN": ""})
    relay = await spawn(forge, "relay", tmp_path / "relay.log")
    assert await asyncio.wait_for(relay.wait(), WITHIN_S) == EXIT_SETTINGS
    await forge.stop()


async def test_services_of_a_killed_forge_end_and_another_serves(
    forge: Forge, tmp_path: Path
) -> None:
    first = await spawn(forge, "relay", tmp_path / "relay.log")
    parent = int(stat(first.pid)[1])
    os.kill(parent, signal.SIGKILL)
    await asyncio.wait_for(first.wait(), WITHIN_S)
    await until(partial(has_ended, first.pid), within_s=WITHIN_S)
    second = await spawn(forge, "relay", tmp_path / "relay.log")
    assert second.returncode is None


async def test_forge_that_cannot_start_is_told(tmp_path: Path) -> None:
    forge = Forge({"PYTHONHOME": str(tmp_path)})
    with pytest.raises(ForgeGone, match="could not be started"):
        await spawn(forge, "relay", tmp_path / "relay.log")
    await forge.stop()
