"""A real packager process before a store that fails, and on a disk that is full."""

from collections.abc import Iterator

import pytest

from libs.events import SegmentReady
from tests.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.integration.packager.conftest import SEGMENTS, House, ServedIngest
from tests.s3 import S3Server
from tests.small_disk import SmallDisk
from tests.unit.services.packager.fakes import FIRST_MSN
from tests.waiting import until

SPOOLED = FIRST_MSN + SEGMENTS
"""MSN of the checkpoint behind the last segment: all before it may be forgotten elsewhere."""

FED_SEGMENTS = 4
"""So many are whole after the first 450 tags."""


@pytest.fixture
def proxy(s3: S3Server, house: House) -> Iterator[FaultProxy]:
    """Before the house's store."""
    with fault_proxy(s3.port) as made:
        bucket = f"spool-{made.port}"
        house.store_url = s3.url(bucket, port=made.port)
        yield made


def is_spooled(ingest: ServedIngest) -> bool:
    return bool(ingest.checkpoints) and ingest.checkpoints[-1].msn == SPOOLED


async def test_what_waits_for_the_store_outlives_a_kill(
    house: House, ingest: ServedIngest, proxy: FaultProxy
) -> None:
    """All of the session is acknowledged, so that nobody else could give it again."""
    first = house.packager("one")
    await house.listener.offer(ingest.url)
    await ingest.feed(450)
    await until(house.listener.rows)
    proxy.fault = Fault.REFUSED
    await ingest.feed()
    await until(lambda: is_spooled(ingest))
    first.kill()
    assert len(house.listener.rows()) < SEGMENTS, "the rest waits in the spool"
    house.packager("two")
    await until(lambda: proxy.faults > SEGMENTS)
    assert not house.listener.is_whole()
    proxy.fault = Fault.NONE
    await until(house.listener.is_whole)
    await house.assert_nothing_is_lost()


async def test_store_that_breaks_off_delays_rows_and_nothing_else(
    house: House, ingest: ServedIngest, proxy: FaultProxy
) -> None:
    house.packager("one")
    await house.listener.offer(ingest.url)
    await ingest.feed(450)
    await until(house.listener.rows)
    await house.look()
    proxy.fault = Fault.RESET
    await ingest.feed()
    await until(lambda: is_spooled(ingest))
    await house.look()
    assert not house.listener.has_ended(), "the end waits for the store"
    proxy.fault = Fault.NONE
    await until(house.listener.is_whole)
    await until(house.listener.has_ended)
    await house.assert_nothing_is_lost()
    said = [fact.segment.msn for fact in house.listener.facts if isinstance(fact, SegmentReady)]
    assert said == sorted(said)


async def test_full_disk_stops_neither_cutting_nor_playback(
    house: House, ingest: ServedIngest, small_disk: SmallDisk
) -> None:
    packager = house.packager("one", WEIR_SPOOL_DIR=str(small_disk.folder))
    await house.listener.offer(ingest.url)
    await ingest.feed(450)
    await until(lambda: len(house.listener.rows()) == FED_SEGMENTS)
    # What leaves a full disk makes room for what comes.
    await until(lambda: not list(small_disk.folder.rglob("*.data")))
    small_disk.fill()
    await ingest.feed()
    await until(lambda: packager.events("storing.waits"))
    answer = await house.get("source/video.m3u8")
    assert f"{FIRST_MSN + SEGMENTS - 1}.video.m4s" in answer.text
    assert not house.listener.is_whole()
    await house.look()
    small_disk.free()
    await until(house.listener.is_whole)
    await until(house.listener.has_ended)
    await house.assert_nothing_is_lost()
