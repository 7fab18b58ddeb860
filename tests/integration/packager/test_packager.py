"""The packager's promises, kept by real processes through kills, stops and a bus that is away."""

import asyncio
import signal

from libs.events import RenditionEnded
from tests.integration.packager.conftest import TAGS, House, ServedIngest
from tests.unit.services.packager.fakes import FIRST_MSN, SESSION
from tests.waiting import until


async def test_offered_session_is_cut_stored_and_announced(
    house: House, ingest: ServedIngest
) -> None:
    packager = house.packager("one")
    await house.listener.offer(ingest.url)
    for until_tag in range(300, len(TAGS), 150):
        await ingest.feed(until_tag)
        await until(house.listener.rows)
        await house.look()
    await ingest.feed()
    await until(house.listener.has_ended)
    await until(house.listener.is_whole)
    await house.assert_nothing_is_lost()
    ended = next(fact for fact in house.listener.facts if isinstance(fact, RenditionEnded))
    assert ended.last_msn == FIRST_MSN + 12
    assert await house.holder() is None
    assert packager.kill(signal.SIGTERM) == 0


async def test_killed_packager_is_taken_over_without_a_loss(
    house: House, ingest: ServedIngest
) -> None:
    first = house.packager("one")
    await house.listener.offer(ingest.url)
    await ingest.feed(600)
    await until(lambda: len(house.listener.rows()) >= 3)
    await house.look()
    first.kill()
    await ingest.feed(800)
    house.packager("two")
    await house.listener.offer(ingest.url)
    async with asyncio.timeout(20):
        while await house.holder() != "two":
            await asyncio.sleep(0.05)
    await house.look()
    await ingest.feed(len(TAGS) - 1)
    await house.look()
    ingest.append(TAGS[-1:])
    await until(house.listener.has_ended)
    await until(house.listener.is_whole)
    await house.assert_nothing_is_lost()
    assert {row.epoch for row in house.listener.rows().values()} == {1, 2}


async def test_spooled_segments_of_a_killed_packager_are_announced_by_the_next(
    house: House, ingest: ServedIngest
) -> None:
    """The bus is away, so segments are spooled and acknowledged but not announced."""
    first = house.packager("one")
    await house.listener.offer(ingest.url)
    await ingest.feed(300)
    await until(house.listener.rows)
    house.nats.kill()
    await ingest.feed()
    await until(lambda: ingest.checkpoints and ingest.checkpoints[-1].msn == FIRST_MSN + 13)
    first.kill()
    house.nats.start()
    house.packager("two")
    await until(house.listener.is_whole)
    await house.assert_nothing_is_lost()


async def test_bus_outage_does_not_stop_cutting_or_serving(
    house: House, ingest: ServedIngest
) -> None:
    house.packager("one")
    await house.listener.offer(ingest.url)
    await ingest.feed(300)
    await until(house.listener.rows)
    await house.look()
    record = await house.listener.bus.leases.get(f"package.{SESSION}")
    assert record is not None
    house.nats.kill()
    await ingest.feed(900)
    await until(lambda: ingest.checkpoints[-1].msn >= FIRST_MSN + 5)
    answer = await house._client.get(f"{record.url}/live/{SESSION}/source/video.m3u8")
    assert f"{FIRST_MSN + 4}.video.m4s" in answer.text
    house.nats.start()
    await ingest.feed()
    await until(house.listener.is_whole)
    await until(house.listener.has_ended)
    await house.assert_nothing_is_lost()
    assert {row.epoch for row in house.listener.rows().values()} == {1}


async def test_stopped_and_continued_packager_is_fenced(house: House, ingest: ServedIngest) -> None:
    zombie = house.packager("one")
    await house.listener.offer(ingest.url)
    await ingest.feed(450)
    await until(lambda: len(house.listener.rows()) >= 2)
    await house.look()
    zombie.process.send_signal(signal.SIGSTOP)
    await ingest.feed(700)
    house.packager("two")
    await house.listener.offer(ingest.url)
    async with asyncio.timeout(60):
        while await house.holder() != "two":
            await asyncio.sleep(0.05)
    await until(lambda: ingest.fence == 2)
    await house.look()
    zombie.process.send_signal(signal.SIGCONT)
    await until(lambda: zombie.events("job.fenced"))
    await ingest.feed()
    await until(house.listener.has_ended)
    await until(house.listener.is_whole)
    assert await house.holder() != "one"
    await house.assert_nothing_is_lost()


async def test_wiped_leases_do_not_leave_a_session_without_a_packager(
    house: House, ingest: ServedIngest
) -> None:
    """Epochs count from 1 again, but ingest has seen higher ones."""
    ingest.raise_fence(700)
    house.packager("one")
    await house.listener.offer(ingest.url)
    await ingest.feed()
    await until(house.listener.is_whole)
    await until(house.listener.has_ended)
    await house.assert_nothing_is_lost()
