"""Fixtures that more than one suite uses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningWeir


@pytest.fixture(scope="session")
def weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    """One Weir for all tests that do not break it."""
    running = RunningWeir(tmp_path_factory.mktemp("weir"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def own_weir(tmp_path: Path) -> Iterator[RunningWeir]:
    """A Weir of the test's own, for tests that kill parts of it. Not started yet."""
    running = RunningWeir(tmp_path / "weir")
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()
