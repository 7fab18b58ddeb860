"""A directory with its clock in hand, and the words that change it."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest

from libs.events import SessionEnded, StreamPublished
from services.gateway.playback.directory import SETTLING_S, Directory
from services.gateway.playback.edge import Edge
from services.gateway.playback.poller import Poller
from services.gateway.views.log import Log
from tests.unit.services.gateway.playback.origins import SESSION, MemoryOrigin
from tests.unit.services.gateway.views.logged import MemoryCatalog

AT = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(clock: Clock) -> Directory:
    return Directory(clock=clock)


@pytest.fixture
async def poller() -> AsyncIterator[Poller]:
    made = Poller()
    yield made
    made.close()


@pytest.fixture
def publish(directory: Directory) -> Callable[..., None]:
    def publish(session: str, generation: int = 1, origin: str = "http://ingest") -> None:
        directory.published(
            StreamPublished(
                tenant="default",
                stream="cam",
                session=session,
                generation=generation,
                origin_url=origin,
                started_at=AT,
            )
        )

    return publish


@pytest.fixture
def end(directory: Directory) -> Callable[[str], None]:
    def end(session: str) -> None:
        directory.ended(
            SessionEnded(
                tenant="default",
                stream="cam",
                session=session,
                cause="publisher_ended",
                last_tag=9,
                ended_at=AT,
            )
        )

    return end


@pytest.fixture
def origin(clock: Clock) -> MemoryOrigin:
    return MemoryOrigin(clock)


@pytest.fixture
def catalog() -> MemoryCatalog:
    return MemoryCatalog()


@pytest.fixture
def edge(directory: Directory, origin: MemoryOrigin, catalog: MemoryCatalog, clock: Clock) -> Edge:
    return Edge(
        directory,
        origin,  # type: ignore[arg-type]
        Log(catalog, "default"),
        cache_bytes=1_000_000,
        clock=clock,
        wall=lambda: 0x69573000 + 1000.0,
    )


@pytest.fixture
def live(directory: Directory, publish: Callable[..., None], clock: Clock) -> None:
    """The stream is live and its packager has settled."""
    publish(SESSION)
    directory.leased(SESSION, "http://packager", 1)
    clock.now += SETTLING_S
