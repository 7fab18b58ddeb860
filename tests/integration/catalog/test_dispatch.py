import itertools
import math
from collections.abc import Collection
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    Job,
    JobCompleted,
    JobFailed,
    JobProgressed,
    ListJobs,
    Message,
    PackageRequested,
    PublishGrant,
)
from libs.names import DEFAULT_TENANT
from services.catalog import offers
from services.catalog.dispatch import GIVE_UP_AFTER, READ_AGAIN_S, Dispatch
from services.catalog.errors import CursorInvalid, JobUnknown
from services.catalog.models import JobRow, OutboxRow, SessionRow
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said, apply


class Beats:
    """Leases whose silence a test sets."""

    def __init__(self) -> None:
        self.silence: float | None = math.inf
        self.kept: set[str] = set()

    async def silent_s(self, key: str) -> float | None:
        return self.silence

    def mark(self, key: str) -> tuple[int, int] | None:
        return (3, 7)

    def keep_only(self, keys: Collection[str]) -> None:
        self.kept = set(keys)


async def the_job(catalog: Catalog) -> Job:
    (job,) = (await catalog.answers.list_jobs(ListJobs())).jobs
    return job


async def take_offers(catalog: Catalog) -> list[dict[str, Any]]:
    """What the outbox holds of offers; taken out, as the relay does."""
    async with catalog.database.transaction() as tx:
        rows = (await tx.execute(select(OutboxRow).order_by(OutboxRow.seq))).scalars()
        offers = [row.data for row in rows if row.type == PackageRequested.name]
        await tx.execute(delete(OutboxRow))
        return offers


async def on_air(catalog: Catalog) -> PublishGrant:
    await catalog.create(hls_time="4", hls_list_size="10")
    grant = await catalog.open()
    await catalog.facts.stream_published(Said(grant).published())
    return grant


async def test_publish_offers_the_package_job_once(catalog: Catalog) -> None:
    grant = await on_air(catalog)
    await catalog.facts.stream_published(Said(grant).published())
    again = await catalog.open(held=grant.session)
    await catalog.facts.stream_published(Said(again).published())
    (offer,) = await take_offers(catalog)
    job = await the_job(catalog)
    assert offer == {
        "job": job.id,
        "attempt": 1,
        "tenant": DEFAULT_TENANT,
        "stream": "cam-1",
        "session": grant.session,
        "origin_url": "http://ingest-1:8000",
        "segment_s": 4.0,
        "playlist_segments": 10,
        "silent": None,
    }
    assert (job.kind, job.state, job.session) == ("package", "offered", grant.session)


async def test_each_session_has_a_package_job_of_its_own(catalog: Catalog) -> None:
    await on_air(catalog)
    second = await catalog.open(ingest="ingest-2")
    await catalog.facts.stream_published(Said(second).published())
    offers = await take_offers(catalog)
    assert len({offer["job"] for offer in offers}) == 2


async def test_job_whose_packager_died_is_offered_again(catalog: Catalog) -> None:
    await on_air(catalog)
    beats = Beats()
    dispatch = Dispatch(catalog.database, beats, catalog.clock)
    beats.silence = 0.5
    await dispatch.tick()
    assert (await the_job(catalog)).state == "running"
    await take_offers(catalog)

    catalog.clock.pass_s(60)
    beats.silence = 5.0
    await dispatch.tick()
    await dispatch.tick()
    (offer,) = await take_offers(catalog)
    assert (offer["attempt"], offer["silent"]) == (2, [3, 7])
    assert (await the_job(catalog)).state == "offered"
    assert beats.kept == {f"package.{offer['session']}"}


async def test_offer_that_nobody_takes_is_repeated_ever_more_rarely(catalog: Catalog) -> None:
    await on_air(catalog)
    await take_offers(catalog)
    dispatch = Dispatch(catalog.database, Beats(), catalog.clock)
    repeated_at = []
    for second in range(200):
        await dispatch.tick()
        if await take_offers(catalog):
            repeated_at.append(second)
        catalog.clock.pass_s(1)
    assert repeated_at == [4, 12, 28, 60, 120, 180]


async def test_nothing_is_offered_while_the_leases_cannot_be_read(catalog: Catalog) -> None:
    await on_air(catalog)
    await take_offers(catalog)
    beats = Beats()
    beats.silence = None
    catalog.clock.pass_s(3600)
    await Dispatch(catalog.database, beats, catalog.clock).tick()
    assert await take_offers(catalog) == []


async def test_jobs_are_read_when_one_was_offered_and_else_now_and_then(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, monotonic = 0, 100.0
    read = offers.open_live_jobs

    async def count(tx: AsyncSession) -> list[tuple[JobRow, SessionRow]]:
        nonlocal reads
        reads += 1
        return await read(tx)

    monkeypatch.setattr(offers, "open_live_jobs", count)
    beats = Beats()
    dispatch = Dispatch(catalog.database, beats, catalog.clock, monotonic=lambda: monotonic)
    for _ in range(3):
        await dispatch.tick()
    assert (reads, beats.kept) == (1, set())
    await on_air(catalog)
    await dispatch.tick()
    assert (reads, len(beats.kept)) == (2, 1)
    await dispatch.tick()
    assert reads == 2
    monotonic += READ_AGAIN_S
    await dispatch.tick()
    assert reads == 3


async def test_job_that_another_catalog_has_just_offered_is_not_offered_twice(
    catalog: Catalog,
) -> None:
    await on_air(catalog)
    one, two = (Dispatch(catalog.database, Beats(), catalog.clock) for _ in range(2))
    await one.tick()
    await two.tick()
    await take_offers(catalog)
    catalog.clock.pass_s(5)
    two._read_fills = catalog.database.outbox_fills  # it is another process: it does not hear
    await one.tick()
    two._read_fills = catalog.database.outbox_fills
    await two.tick()
    assert len(await take_offers(catalog)) == 1


@pytest.mark.parametrize(
    "order", [*itertools.permutations(("session ended", "rendition ended", "last listed"))]
)
@pytest.mark.parametrize("is_last_lost", [False, True])
async def test_job_is_complete_when_an_ended_session_is_listed_to_its_end(
    catalog: Catalog, order: tuple[str, ...], is_last_lost: bool
) -> None:
    said = Said(await on_air(catalog))
    facts = catalog.facts
    await facts.rendition_ended(said.rendition_ended(said.first_msn, "720p"))
    await facts.segment_ready(said.ready(8))
    steps: dict[str, Message] = {
        "session ended": said.ended(),
        "rendition ended": said.rendition_ended(said.first_msn + 9),
        "last listed": said.lost(9, 9) if is_last_lost else said.ready(9),
    }
    for step in order:
        assert (await the_job(catalog)).state == "offered"
        await apply(facts, steps[step])
    assert (await the_job(catalog)).state == "completed"
    await take_offers(catalog)
    catalog.clock.pass_s(3600)
    await Dispatch(catalog.database, Beats(), catalog.clock).tick()
    assert await take_offers(catalog) == []


async def test_job_that_nobody_can_finish_is_given_up(catalog: Catalog) -> None:
    said = Said(await on_air(catalog))
    await catalog.facts.session_ended(said.ended("ingest_lost"))
    catalog.clock.now = said.ended().ended_at + GIVE_UP_AFTER
    dispatch = Dispatch(catalog.database, Beats(), catalog.clock)
    await dispatch.tick()
    assert (await the_job(catalog)).state == "offered"
    catalog.clock.pass_s(1)
    await dispatch.tick()
    job = await the_job(catalog)
    assert (job.state, (job.reason or "")[:12]) == ("failed", "session_gone")
    # A packager that comes back after all has the last word.
    await catalog.facts.segment_ready(said.ready(0))
    await catalog.facts.rendition_ended(said.rendition_ended(said.first_msn))
    assert (await the_job(catalog)).state == "completed"


async def test_live_job_outlives_the_failure_of_a_worker(catalog: Catalog) -> None:
    await on_air(catalog)
    job = await the_job(catalog)
    fact = JobFailed(job=job.id, attempt=1, code="origin_gone", reason="no answer")
    await catalog.facts.job_failed(fact)
    after = await the_job(catalog)
    assert (after.state, after.reason) == ("offered", "origin_gone: no answer")


async def test_job_facts_of_an_old_attempt_change_nothing(catalog: Catalog) -> None:
    await on_air(catalog)
    catalog.clock.pass_s(60)
    await Dispatch(catalog.database, Beats(), catalog.clock).tick()
    job = await the_job(catalog)
    assert job.attempt == 2
    await catalog.facts.job_progressed(JobProgressed(job=job.id, attempt=1, progress=0.5))
    await catalog.facts.job_failed(JobFailed(job=job.id, attempt=1, code="x", reason="y"))
    assert await the_job(catalog) == job
    await catalog.facts.job_progressed(JobProgressed(job=job.id, attempt=2, progress=0.5))
    assert (await the_job(catalog)).state == "running"
    await catalog.facts.job_completed(JobCompleted(job=job.id, attempt=2))
    await catalog.facts.job_failed(JobFailed(job=job.id, attempt=2, code="x", reason="y"))
    await catalog.facts.job_progressed(JobProgressed(job=job.id, attempt=2, progress=0.6))
    assert (await the_job(catalog)).state == "completed"


async def test_fact_of_an_unknown_job_is_refused(catalog: Catalog) -> None:
    with pytest.raises(JobUnknown):
        await catalog.facts.job_completed(JobCompleted(job="' OR 1=1--\0", attempt=1))


async def test_jobs_are_listed_newest_first_in_pages(catalog: Catalog) -> None:
    for number in range(3):
        await catalog.create(f"cam-{number}")
        said = Said(await catalog.open(f"cam-{number}"))
        await catalog.facts.stream_published(said.published())
        catalog.clock.pass_s(1)
    page = await catalog.answers.list_jobs(ListJobs(tenant=DEFAULT_TENANT, limit=2))
    assert [job.stream for job in page.jobs] == ["cam-2", "cam-1"]
    ask = ListJobs(tenant=DEFAULT_TENANT, limit=2, after=page.next_after)
    rest = await catalog.answers.list_jobs(ask)
    assert ([job.stream for job in rest.jobs], rest.next_after) == (["cam-0"], None)
    assert (await catalog.answers.list_jobs(ListJobs(tenant="other"))).jobs == ()
    with pytest.raises(CursorInvalid):
        await catalog.answers.list_jobs(ListJobs(after="x"))
