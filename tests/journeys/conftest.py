"""The console's and the watch page's own Weir: what other tests leave would stand in lists."""

from collections.abc import Iterator

import pytest
from playwright.async_api import expect

from tests.running import RunningWeir

SHOWN_MS = 20_000.0
"""These run beside other tests, on a machine that is busy with them."""

expect.set_options(timeout=SHOWN_MS)


@pytest.fixture(scope="session")
def journeys_weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    running = RunningWeir(tmp_path_factory.mktemp("journeys"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def weir(journeys_weir: RunningWeir) -> RunningWeir:
    return journeys_weir
