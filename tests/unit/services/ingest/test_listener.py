"""A reader that is written to as tags are numbered, or as they gather."""

import asyncio
from collections.abc import Callable

import pytest

from libs.pull import GATHER_S
from services.ingest.session import Session
from tests.unit.services.ingest.shelves import (
    frame,
    keyframe,
    read_wire,
    sound,
    video_header,
    window,
)
from tests.waiting import until

HOUR_S = 3600.0
"""What gathers for so long does not go out by itself."""


class Clock:
    """A loop whose time a test sets, and whose timers never fire."""

    def __init__(self, time: Callable[[], float]) -> None:
        self.time = time

    def call_at(self, _when: float, _call: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(HOUR_S, lambda: None)


class Reader:
    """A pull that has all there is."""

    def __init__(self, session: Session, name: str = "flv") -> None:
        self.writes: list[bytes] = []
        self.session = session
        self.name = name
        self.is_slow = False
        self.task = asyncio.create_task(self._read())

    @property
    def tags(self) -> int:
        return len(read_wire(*self.writes))

    def gathers(self, wait_s: float = GATHER_S) -> None:
        self.session.gather(self.name, wait_s)

    async def _read(self) -> None:
        async for _ in self.session.read(
            self.session.next_tag, reader=self.name, write=self._write
        ):
            pass

    def _write(self, piece: bytes) -> bool:
        self.writes.append(piece)
        return not self.is_slow


@pytest.fixture
async def session() -> Session:
    session = Session("65536f00-00000001", tenant="default", stream="cam", replay=window())
    session.begin_publish(1)
    session.accept(video_header(), keyframe(0))
    return session


@pytest.fixture
async def reader(session: Session) -> Reader:
    reader = Reader(session)
    await asyncio.sleep(0)
    assert session.readers == 1
    return reader


async def test_tags_that_came_together_are_one_write(session: Session, reader: Reader) -> None:
    session.accept(frame(40), sound(20), sound(45), frame(80))
    assert len(reader.writes) == 1
    assert reader.tags == 4
    session.accept(frame(120))
    assert len(reader.writes) == 2


async def test_reader_that_gathers_gets_the_first_at_once_and_the_rest_at_its_time(
    session: Session, reader: Reader
) -> None:
    reader.gathers()
    loop = asyncio.get_running_loop()
    began = loop.time()
    session.accept(frame(40))
    assert reader.tags == 1
    for n in range(2, 6):
        session.accept(frame(n * 40))
    assert reader.tags == 1
    await until(lambda: reader.tags == 5)
    assert len(reader.writes) == 2
    assert loop.time() - began >= GATHER_S


async def test_other_readers_do_not_wait_for_one_that_gathers(
    session: Session, reader: Reader
) -> None:
    other = Reader(session, "package")
    await asyncio.sleep(0)
    reader.gathers(HOUR_S)
    for n in range(1, 6):
        session.accept(frame(n * 40))
    assert (len(reader.writes), len(other.writes)) == (1, 5)


async def test_reader_that_is_in_a_hurry_again_gets_all_at_once(
    session: Session, reader: Reader
) -> None:
    reader.gathers(HOUR_S)
    session.accept(frame(40))
    session.accept(frame(80))
    assert reader.tags == 1
    reader.gathers(0)
    assert reader.tags == 2
    session.accept(frame(120))
    assert reader.tags == 3


async def test_what_was_gathered_on_its_way_in_does_not_wait_again(
    session: Session, reader: Reader
) -> None:
    reader.gathers()
    session.accept(frame(40))
    session.is_gathered = True
    session.accept(frame(80), frame(120))
    assert reader.tags == 3
    session.begin_publish(2)
    assert not session.is_gathered


async def test_patient_reader_is_handed_what_came_by_the_tick_nearest_to_its_time(
    session: Session, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    session.is_gathered = True
    reader.gathers(0.5)
    (listener,) = session._listeners
    monkeypatch.setattr(listener, "_loop", Clock(lambda: now))
    written = []
    for tick in range(1, 13):
        now = 1000.0 + 0.1 * tick + 0.003 * (-1) ** tick
        before = len(reader.writes)
        session.accept(frame(tick * 100))
        if len(reader.writes) > before:
            written.append(tick)
    assert written == [1, 6, 11]


async def test_patient_reader_gets_the_last_of_a_publisher_that_falls_silent(
    session: Session, reader: Reader
) -> None:
    session.is_gathered = True
    reader.gathers(0.3)
    session.accept(frame(40))
    session.accept(frame(80))
    assert reader.tags == 1
    await until(lambda: reader.tags == 2)


async def test_end_does_not_wait(session: Session, reader: Reader) -> None:
    reader.gathers(HOUR_S)
    session.accept(frame(40))
    session.accept(frame(80))
    session.end("publisher_ended")
    async with asyncio.timeout(5):
        await reader.task
    assert reader.tags == 3, "two frames and the end cue"
    assert session.gathering.is_unanimous, "it has left"


async def test_fenced_reader_is_let_go_at_once(session: Session) -> None:
    session.claim(1, "package")
    writes: list[bytes] = []

    def write(piece: bytes) -> bool:
        writes.append(piece)
        return True

    async def read() -> None:
        async for _ in session.read(session.next_tag, epoch=1, reader="package", write=write):
            pass

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    session.gather("package", HOUR_S)
    session.accept(frame(40))
    session.accept(frame(80))
    session.claim(2, "package")
    async with asyncio.timeout(5):
        await reading
    assert len(writes) == 1
