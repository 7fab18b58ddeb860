"""A child runs until it is stopped: its end is told, and it is started again, later each time."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from libs.launcher import child as module
from libs.launcher.child import Child, command
from tests.waiting import until

Ended = list[tuple[str, int, float]]
Start = Callable[[str], Child]


@pytest.fixture
def ended() -> Ended:
    return []


@pytest.fixture
async def make(tmp_path: Path, ended: Ended) -> AsyncIterator[Start]:
    """A child that runs a line of shell; all are stopped at the end."""
    made: list[Child] = []

    def make_one(line: str) -> Child:
        child = Child(
            "sample",
            command(["/bin/sh", "-c", line], {"MARK": "given"}),
            log_path=tmp_path / "logs" / "sample.log",
            on_ended=lambda *what: ended.append(what),
        )
        made.append(child)
        return child

    yield make_one
    await asyncio.gather(*(child.stop(0.5) for child in made))


async def test_child_that_keeps_ending_is_started_later_each_time(
    make: Start, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(module, "LONGEST_PAUSE_S", 0.05)
    await make("exit 3").start()
    await until(lambda: len(ended) >= 5)
    assert ended[:5] == [("sample", 3, pause) for pause in (0.01, 0.02, 0.04, 0.05, 0.05)]


async def test_child_that_was_steady_is_started_at_once(
    make: Start, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(module, "STEADY_AFTER_S", 0.0)
    await make("exit 0").start()
    await until(lambda: len(ended) >= 3)
    assert {pause for _, _, pause in ended} == {0.01}


async def test_killed_child_comes_back_as_another_process(make: Start, ended: Ended) -> None:
    child = make("exec sleep 60")
    await child.start()
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.pid != first)
    assert ended == [("sample", -signal.SIGKILL, module.FIRST_PAUSE_S)]


async def test_stopped_child_is_not_started_again(make: Start, ended: Ended) -> None:
    child = make("exec sleep 60")
    await child.start()
    began = time.monotonic()
    await child.stop(10)
    assert time.monotonic() - began < 5
    assert ended == []


async def test_child_that_does_not_listen_is_killed_in_time(
    make: Start, tmp_path: Path, ended: Ended
) -> None:
    child = make("trap '' TERM; echo deaf; while :; do sleep 1; done")
    await child.start()
    await until(lambda: "deaf" in (tmp_path / "logs" / "sample.log").read_text())
    began = time.monotonic()
    await child.stop(0.2)
    assert 0.2 <= time.monotonic() - began < 3
    assert ended == []


async def test_output_goes_to_the_log_which_is_turned_over_when_long(
    make: Start, tmp_path: Path, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(module, "LOG_BYTES", 3)
    await make("echo $MARK; echo trouble >&2").start()
    await until(lambda: len(ended) >= 2)
    log = tmp_path / "logs" / "sample.log"
    assert log.with_suffix(".log.1").read_text() == "given\ntrouble\n"
