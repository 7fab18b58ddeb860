"""A whole Weir behind the shipped edge, with a stream on air."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.ffmpeg import find_ffmpeg
from tests.edge import RunningEdge
from tests.media import encode
from tests.running import RunningWeir
from tests.viewing import until_live


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="module")
def edge_weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    """A Weir whose gateway trusts the edge."""
    running = RunningWeir(tmp_path_factory.mktemp("weir"), {"WEIR_TRUSTED_PROXIES": "127.0.0.1"})
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def edge(edge_weir: RunningWeir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEdge]:
    folder = tmp_path_factory.mktemp("edge") / "nginx"
    running = RunningEdge(folder, f"127.0.0.1:{edge_weir.http_port}")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@dataclass
class OnAir:
    """Streams that a publisher pushes for as long as the tests run."""

    weir: RunningWeir
    file: Path
    publishers: list[subprocess.Popen[bytes]]

    def publish(self, **item: Any) -> str:
        """A new stream's id."""
        stream = self.weir.create_stream(**item)
        argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1"]
        argv += ["-i", str(self.file), "-c", "copy", "-f", "flv", stream["push"]["url"]]
        self.publishers.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL))
        return str(stream["id"])


@pytest.fixture(scope="module")
def on_air(edge_weir: RunningWeir, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnAir]:
    file = encode(tmp_path_factory.mktemp("input") / "in.flv", seconds=4)
    made = OnAir(edge_weir, file, [])
    yield made
    for publisher in made.publishers:
        publisher.kill()
        publisher.wait()


@pytest.fixture(scope="module")
def live(edge_weir: RunningWeir, on_air: OnAir) -> str:
    """The id of a public stream that is on air."""
    stream = on_air.publish(name="public")
    asyncio.run(until_live(edge_weir, stream))
    return stream


@pytest.fixture
async def client(edge: RunningEdge) -> AsyncIterator[httpx2.AsyncClient]:
    """A viewer with as many connections as it wants."""
    async with httpx2.AsyncClient(
        base_url=edge.url,
        verify=edge.certificate.trusting(),
        limits=httpx2.Limits(max_connections=None),
        trust_env=False,
        timeout=20,
    ) as made:
        yield made
