"""The packager's promises, kept by real processes through kills, stops and a bus that is away."""

import asyncio
import signal
from typing import Any

import pytest

from libs.events import RenditionEnded, SegmentLost
from tests.integration.packager.conftest import House, ServedIngest
from tests.oracles.flv_source import make_flv, session_tags
from tests.oracles.frame_ledger import compare, input_frames
from tests.unit.services.packager.fakes import FIRST_MSN, SESSION
from tests.waiting import until

FLV = make_flv(seconds=24, b_frames=2)
TAGS = session_tags(FLV)


def assert_nothing_is_lost(house: House) -> None:
    rows = house.listener.rows()
    assert sorted(rows) == list(range(FIRST_MSN, max(rows) + 1))
    assert not [fact for fact in house.listener.facts if isinstance(fact, SegmentLost)]
    segments = {key for key in house.store() if key.endswith(".m4s")}
    assert segments == {row.object_key for row in rows.values()}
    ledger = compare(input_frames(FLV), house.frames())
    assert ledger.is_balanced, ledger
    assert house.lint.findings == []


async def feed(ingest: ServedIngest, until_tag: int) -> None:
    """Hand over the next tags, some at a time, as a publisher in a hurry."""
    while len(ingest.tags) < until_tag:
        at = len(ingest.tags)
        ingest.append(TAGS[at : min(at + 20, until_tag)])
        await asyncio.sleep(0.01)


@pytest.fixture
async def ingest() -> Any:
    made = ServedIngest([])
    async with made.serving():
        yield made


async def test_offered_session_is_cut_stored_and_announced(
    house: House, ingest: ServedIngest
) -> None:
    packager = house.packager("one")
    await house.listener.offer(ingest.url)
    for until_tag in range(300, len(TAGS), 150):
        await feed(ingest, until_tag)
        await until(house.listener.rows)
        await house.look()
    await feed(ingest, len(TAGS))
    await until(house.listener.has_ended)
    await until(lambda: len(house.listener.rows()) == 12)
    assert_nothing_is_lost(house)
    ended = next(fact for fact in house.listener.facts if isinstance(fact, RenditionEnded))
    assert ended.last_msn == FIRST_MSN + 11
    assert await house.holder() is None
    assert packager.kill(signal.SIGTERM) == 0


async def test_killed_packager_is_taken_over_without_a_loss(
    house: House, ingest: ServedIngest
) -> None:
    first = house.packager("one")
    await house.listener.offer(ingest.url)
    await feed(ingest, 600)
    await until(lambda: len(house.listener.rows()) >= 3)
    await house.look()
    first.kill()
    await feed(ingest, 800)
    house.packager("two")
    await house.listener.offer(ingest.url)
    async with asyncio.timeout(20):
        while await house.holder() != "two":
            await asyncio.sleep(0.05)
    await house.look()
    await feed(ingest, len(TAGS) - 1)
    await house.look()
    ingest.append(TAGS[-1:])
    await until(house.listener.has_ended)
    await until(lambda: len(house.listener.rows()) == 12)
    assert_nothing_is_lost(house)
    assert {row.epoch for row in house.listener.rows().values()} == {1, 2}


async def test_spooled_segments_of_a_killed_packager_are_announced_by_the_next(
    house: House, ingest: ServedIngest
) -> None:
    """The bus is away, so segments are spooled and acknowledged but not announced."""
    first = house.packager("one")
    await house.listener.offer(ingest.url)
    await feed(ingest, 300)
    await until(house.listener.rows)
    house.nats.kill()
    await feed(ingest, len(TAGS))
    await until(lambda: ingest.checkpoints and ingest.checkpoints[-1].msn == FIRST_MSN + 12)
    first.kill()
    house.nats.start()
    house.packager("two")
    await until(lambda: len(house.listener.rows()) == 12)
    assert_nothing_is_lost(house)


async def test_bus_outage_does_not_stop_cutting_or_serving(
    house: House, ingest: ServedIngest
) -> None:
    house.packager("one")
    await house.listener.offer(ingest.url)
    await feed(ingest, 300)
    await until(house.listener.rows)
    await house.look()
    record = await house.listener.bus.leases.get(f"package.{SESSION}")
    assert record is not None
    house.nats.kill()
    await feed(ingest, 900)
    await until(lambda: ingest.checkpoints[-1].msn >= FIRST_MSN + 5)
    answer = await house._client.get(f"{record.url}/live/{SESSION}/source/video.m3u8")
    assert f"{FIRST_MSN + 4}.video.m4s" in answer.text
    house.nats.start()
    await feed(ingest, len(TAGS))
    await until(lambda: len(house.listener.rows()) == 12)
    await until(house.listener.has_ended)
    assert_nothing_is_lost(house)
    assert {row.epoch for row in house.listener.rows().values()} == {1}


async def test_stopped_and_continued_packager_is_fenced(house: House, ingest: ServedIngest) -> None:
    zombie = house.packager("one")
    await house.listener.offer(ingest.url)
    await feed(ingest, 450)
    await until(lambda: len(house.listener.rows()) >= 2)
    await house.look()
    zombie.process.send_signal(signal.SIGSTOP)
    await feed(ingest, 700)
    house.packager("two")
    await house.listener.offer(ingest.url)
    async with asyncio.timeout(60):
        while await house.holder() != "two":
            await asyncio.sleep(0.05)
    await until(lambda: ingest.fence == 2)
    await house.look()
    zombie.process.send_signal(signal.SIGCONT)
    await until(lambda: zombie.events("packing.fenced"))
    await feed(ingest, len(TAGS))
    await until(house.listener.has_ended)
    await until(lambda: len(house.listener.rows()) == 12)
    assert await house.holder() != "one"
    assert_nothing_is_lost(house)


async def test_wiped_leases_do_not_leave_a_session_without_a_packager(
    house: House, ingest: ServedIngest
) -> None:
    """Epochs count from 1 again, but ingest has seen higher ones."""
    ingest.raise_fence(700)
    house.packager("one")
    await house.listener.offer(ingest.url)
    await feed(ingest, len(TAGS))
    await until(lambda: len(house.listener.rows()) == 12)
    await until(house.listener.has_ended)
    assert_nothing_is_lost(house)
