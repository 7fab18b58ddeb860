"""Finite jobs: how they are queued, begun, done once, given up and cancelled."""

import math
from collections.abc import Collection
from typing import Any

import pytest
from sqlalchemy import delete, select

from libs.events import (
    MAX_TRIES,
    BeginJob,
    CancelJob,
    CreateJob,
    ForgetJobLitter,
    GetJob,
    GetJobLog,
    GetTenantUsage,
    JobCancelled,
    JobCompleted,
    JobDetail,
    JobFailed,
    JobFault,
    JobGrant,
    JobLogged,
    JobProgressed,
    ListJobLitter,
    ListJobs,
    PublishGrant,
    Quotas,
    RemuxParams,
    RemuxRequested,
    SessionRange,
    UpdateTenant,
)
from libs.names import DEFAULT_TENANT
from services.catalog.errors import (
    JobLive,
    JobRangeEmpty,
    JobRangeMixed,
    JobUnknown,
    JobUnwanted,
    QuotaBusy,
    SessionUnknown,
)
from services.catalog.job_watch import BEGIN_S, PATIENCE, JobWatch
from services.catalog.jobs import AWAY_PAUSE_S, MAX_LOSSES, ON_BUS, TRY_PAUSES_S
from services.catalog.models import OutboxRow
from services.catalog.tenant_answers import TenantAnswers
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said


class Beats:
    """Leases whose silence a test sets."""

    def __init__(self, silence: float | None = 0.0) -> None:
        self.silence = silence
        self.kept: set[str] = set()

    async def silent_s(self, key: str) -> float | None:
        return self.silence

    def mark(self, key: str) -> tuple[int, int] | None:
        return None

    def keep_only(self, keys: Collection[str]) -> None:
        self.kept = set(keys)


@pytest.fixture
async def session(catalog: Catalog) -> PublishGrant:
    """Of five segments of two seconds."""
    await catalog.create()
    grant = await catalog.open()
    said = Said(grant)
    await catalog.facts.stream_published(said.published())
    for index in range(5):
        await catalog.facts.segment_ready(said.ready(index))
    await orders(catalog)
    return grant


async def orders(catalog: Catalog) -> list[dict[str, Any]]:
    """What waits to be said of finite jobs; taken out, as the relay does."""
    async with catalog.database.transaction() as tx:
        rows = list((await tx.execute(select(OutboxRow).order_by(OutboxRow.seq))).scalars())
        await tx.execute(delete(OutboxRow))
    return [row.data for row in rows if row.type in {RemuxRequested.name, JobCancelled.name}]


async def create(catalog: Catalog, session: PublishGrant, **more: Any) -> JobDetail:
    priority = more.pop("priority", 0)
    params = RemuxParams(session=session.session, **more)
    ask = CreateJob(tenant=DEFAULT_TENANT, params=params, priority=priority)
    return await catalog.answers.create_job(ask)


async def begin(catalog: Catalog, job: str, worker: str = "worker-1") -> JobGrant:
    return await catalog.answers.begin_job(BeginJob(job=job, worker=worker))


async def get(catalog: Catalog, job: str) -> JobDetail:
    return await catalog.answers.get_job(GetJob(tenant=DEFAULT_TENANT, job=job))


async def fail(catalog: Catalog, grant: JobGrant, fault: JobFault = "job") -> None:
    fact = JobFailed(
        job=grant.job, attempt=grant.attempt, code="broken", reason="It broke.", fault=fault
    )
    await catalog.facts.job_failed(fact)


async def litter(catalog: Catalog) -> list[str]:
    found = await catalog.answers.list_job_litter(ListJobLitter())
    return [item.folder for item in found.litter]


async def test_job_from_its_making_to_its_result(catalog: Catalog, session: PublishGrant) -> None:
    job = await create(catalog, session, from_s=3, to_s=7)
    first = Said(session).first_msn
    assert job.params is not None
    assert (job.params["first_msn"], job.params["last_msn"]) == (first + 1, first + 3)
    assert (job.state, job.size, job.stream, job.kind) == ("queued", "micro", "cam-1", "remux")
    (order,) = await orders(catalog)
    assert order == {"job": job.id, "offer": 1, "tenant": DEFAULT_TENANT, "size": "micro"}
    grant = await begin(catalog, job.id)
    assert (grant.attempt, grant.folder) == (1, f"jobs/default/{job.id}/1")
    assert isinstance(grant.params, RemuxParams)
    assert grant.params.first_msn == first + 1
    for progress in (0.5, 0.25):
        await catalog.facts.job_progressed(JobProgressed(job=job.id, attempt=1, progress=progress))
    assert (await get(catalog, job.id)).progress == 0.5
    result = {"object_key": f"{grant.folder}/out.mp4", "size_bytes": 5}
    for _ in range(2):
        await catalog.facts.job_completed(JobCompleted(job=job.id, attempt=1, result=result))
    done = await get(catalog, job.id)
    assert (done.state, done.progress, done.result) == ("completed", 1.0, result)
    assert [(attempt.state, attempt.worker) for attempt in done.attempts] == [
        ("completed", "worker-1")
    ]
    catalog.clock.pass_s(3600)
    assert await litter(catalog) == [], "a result that is told twice is no litter"


async def test_job_of_sessions_of_several_streams_is_refused(
    catalog: Catalog, session: PublishGrant
) -> None:
    await catalog.create("cam-2")
    catalog.clock.pass_s(10)
    other = Said(await catalog.open("cam-2"))
    await catalog.facts.stream_published(other.published())
    await catalog.facts.segment_ready(other.ready(0))
    with pytest.raises(JobRangeMixed):
        await create(catalog, session, then=(SessionRange(session=other.grant.session),))


async def test_job_is_begun_once(catalog: Catalog, session: PublishGrant) -> None:
    job = await create(catalog, session)
    await begin(catalog, job.id)
    with pytest.raises(JobUnwanted):
        await begin(catalog, job.id, "worker-2")
    with pytest.raises(JobUnwanted):
        await begin(catalog, f"package-{session.session}")
    with pytest.raises(JobUnknown):
        await begin(catalog, "remux-unknown")


async def test_result_of_an_older_attempt_is_refused_and_its_objects_are_litter(
    catalog: Catalog, session: PublishGrant
) -> None:
    job = await create(catalog, session)
    old = await begin(catalog, job.id)
    await fail(catalog, old, "worker")
    new = await begin(catalog, job.id, "worker-2")
    catalog.clock.pass_s(61)
    assert await litter(catalog) == [old.folder]
    left = await catalog.answers.list_job_litter(ListJobLitter())
    await catalog.answers.forget_job_litter(ForgetJobLitter(litter=left.litter))
    assert await litter(catalog) == []
    late = JobCompleted(job=job.id, attempt=1, result={"object_key": "late"})
    await catalog.facts.job_completed(late)
    assert (await get(catalog, job.id)).state == "running"
    assert await litter(catalog) == [old.folder], "it has written once more"
    await catalog.facts.job_completed(JobCompleted(job=job.id, attempt=new.attempt, result={}))
    await catalog.facts.job_completed(late)
    assert (await get(catalog, job.id)).result == {}


async def test_job_that_always_fails_is_given_up_after_three_tries(
    catalog: Catalog, session: PublishGrant
) -> None:
    job = await create(catalog, session)
    for pause_s in TRY_PAUSES_S:
        await fail(catalog, await begin(catalog, job.id))
        with pytest.raises(JobUnwanted):
            await begin(catalog, job.id)
        catalog.clock.pass_s(pause_s)
        await orders(catalog)
        await JobWatch(catalog.database, Beats(), catalog.clock).tick()
        assert [order["job"] for order in await orders(catalog)] == [job.id], "it is due again"
    await fail(catalog, await begin(catalog, job.id))
    failed = await get(catalog, job.id)
    assert (failed.state, failed.error_code, failed.reason) == ("failed", "broken", "It broke.")
    assert [attempt.state for attempt in failed.attempts] == ["failed"] * MAX_TRIES


async def test_input_that_cannot_work_is_tried_once(
    catalog: Catalog, session: PublishGrant
) -> None:
    job = await create(catalog, session)
    await fail(catalog, await begin(catalog, job.id), "input")
    assert (await get(catalog, job.id)).state == "failed"


async def test_what_is_sent_back_is_no_try_and_goes_on_at_once(
    catalog: Catalog, session: PublishGrant
) -> None:
    job = await create(catalog, session)
    for _ in range(MAX_TRIES + 1):
        await fail(catalog, await begin(catalog, job.id), "none")
    found = await get(catalog, job.id)
    assert (found.state, found.attempt) == ("queued", MAX_TRIES + 1)
    assert {attempt.state for attempt in found.attempts} == {"returned"}


async def test_store_that_is_away_costs_no_try_but_time(
    catalog: Catalog, session: PublishGrant
) -> None:
    job = await create(catalog, session)
    for _ in range(MAX_TRIES + 1):
        await fail(catalog, await begin(catalog, job.id), "away")
        with pytest.raises(JobUnwanted):
            await begin(catalog, job.id)
        catalog.clock.pass_s(AWAY_PAUSE_S)
    assert (await get(catalog, job.id)).state == "queued"


async def test_job_whose_workers_are_killed_goes_on_but_not_for_ever(
    catalog: Catalog, session: PublishGrant
) -> None:
    job = await create(catalog, session)
    for loss in range(MAX_LOSSES):
        assert (await get(catalog, job.id)).state == "queued", loss
        await fail(catalog, await begin(catalog, job.id), "worker")
        catalog.clock.pass_s(10)
    assert (await get(catalog, job.id)).state == "failed"


async def test_attempt_whose_lease_is_silent_is_lost(
    catalog: Catalog, session: PublishGrant
) -> None:
    job = await create(catalog, session)
    await begin(catalog, job.id)
    await orders(catalog)
    beats = Beats(math.inf)
    watch = JobWatch(catalog.database, beats, catalog.clock)
    await watch.tick()
    assert (await get(catalog, job.id)).state == "running", "its first beat may be on the way"
    catalog.clock.pass_s(BEGIN_S)
    for silence in (3.0, None):
        beats.silence = silence
        await watch.tick()
        assert (await get(catalog, job.id)).state == "running"
    beats.silence = 4.0
    await watch.tick()
    lost = await get(catalog, job.id)
    assert (lost.state, lost.attempts[0].state) == ("queued", "lost")
    assert lost.attempts[0].error_code == "worker_lost"
    assert [order["offer"] for order in await orders(catalog)] == [2]


async def test_order_that_went_astray_is_said_again(
    catalog: Catalog, session: PublishGrant
) -> None:
    job = await create(catalog, session)
    await orders(catalog)
    watch = JobWatch(catalog.database, Beats(), catalog.clock)
    for offer, patience in ((2, PATIENCE), (3, 2 * PATIENCE)):
        catalog.clock.now += patience
        await watch.tick()
        assert await orders(catalog) == []
        catalog.clock.pass_s(1)
        await watch.tick()
        assert [order["offer"] for order in await orders(catalog)] == [offer], job.id


async def test_urgent_job_overtakes_those_that_do_not_wait_on_the_bus_yet(
    catalog: Catalog, session: PublishGrant
) -> None:
    usual = [await create(catalog, session) for _ in range(ON_BUS + 2)]
    urgent = await create(catalog, session, priority=5)
    said = [order["job"] for order in await orders(catalog)]
    assert said == [job.id for job in usual[:ON_BUS]]
    await begin(catalog, said[0])
    assert [order["job"] for order in await orders(catalog)] == [urgent.id]


async def test_cancelled_job_is_told_to_its_worker_and_its_result_refused(
    catalog: Catalog, session: PublishGrant
) -> None:
    job = await create(catalog, session)
    grant = await begin(catalog, job.id)
    await orders(catalog)
    for _ in range(2):
        cancelled = await catalog.answers.cancel_job(CancelJob(tenant=DEFAULT_TENANT, job=job.id))
        assert (cancelled.state, cancelled.attempts[0].state) == ("cancelled", "cancelled")
    assert await orders(catalog) == [{"job": job.id}]
    fact = JobCompleted(
        job=job.id, attempt=grant.attempt, result={"object_key": "x", "size_bytes": 5}
    )
    await catalog.facts.job_completed(fact)
    assert (await get(catalog, job.id)).state == "cancelled"
    catalog.clock.pass_s(61)
    assert await litter(catalog) == [grant.folder]


async def test_job_in_the_queue_is_cancelled_before_it_is_begun(
    catalog: Catalog, session: PublishGrant
) -> None:
    job = await create(catalog, session)
    await catalog.answers.cancel_job(CancelJob(tenant=DEFAULT_TENANT, job=job.id))
    with pytest.raises(JobUnwanted):
        await begin(catalog, job.id)


async def test_what_is_wrong_with_a_job_is_said(catalog: Catalog, session: PublishGrant) -> None:
    with pytest.raises(JobRangeEmpty, match="marked"):
        await create(catalog, session, rendition="marked")
    with pytest.raises(JobRangeEmpty):
        await create(catalog, session, from_s=11)
    with pytest.raises(SessionUnknown):
        await catalog.answers.create_job(
            CreateJob(tenant=DEFAULT_TENANT, params=RemuxParams(session="00000000-00000000"))
        )
    with pytest.raises(JobUnknown):
        await get(catalog, "remux-unknown")
    with pytest.raises(JobLive):
        await catalog.answers.cancel_job(
            CancelJob(tenant=DEFAULT_TENANT, job=f"package-{session.session}")
        )


async def test_log_is_the_newest_that_was_said(catalog: Catalog, session: PublishGrant) -> None:
    job = await create(catalog, session)

    async def say(attempt: int, number: int, line: str, of: str = job.id) -> None:
        await catalog.facts.job_logged(
            JobLogged(job=of, attempt=attempt, number=number, worker="worker-1", lines=(line,))
        )

    for attempt, number, line in ((1, 1, "b"), (1, 0, "a"), (2, 0, "c")):
        await say(attempt, number, line)
    ask = GetJobLog(tenant=DEFAULT_TENANT, job=job.id)
    assert (await catalog.answers.get_job_log(ask)).lines == ("c",)
    first = await catalog.answers.get_job_log(ask.model_copy(update={"attempt": 1}))
    assert first.lines == ("b",)
    live = f"package-{session.session}"
    assert (await catalog.answers.get_job_log(ask.model_copy(update={"job": live}))).lines == ()
    await say(3, 0, "live", of=live)
    assert (await catalog.answers.get_job_log(ask.model_copy(update={"job": live}))).attempt == 3


async def test_jobs_are_listed_by_state_stream_and_kind(
    catalog: Catalog, session: PublishGrant
) -> None:
    job = await create(catalog, session)

    async def listed(**which: Any) -> list[str]:
        found = await catalog.answers.list_jobs(ListJobs(tenant=DEFAULT_TENANT, **which))
        return [item.id for item in found.jobs]

    live = f"package-{session.session}"
    assert sorted(await listed(stream="cam-1")) == sorted([job.id, live])
    assert await listed(state="queued") == [job.id]
    assert await listed(kind="package") == [live]
    assert await listed(stream="cam-2") == []


async def test_minutes_that_jobs_run_count_though_the_jobs_are_forgotten(
    catalog: Catalog, session: PublishGrant
) -> None:
    tenants = TenantAnswers(catalog.database, catalog.clock)
    await tenants.update(UpdateTenant(id=DEFAULT_TENANT, quotas=Quotas(job_minutes=2)))
    first = await begin(catalog, (await create(catalog, session)).id)
    catalog.clock.pass_s(60)
    await fail(catalog, first)
    catalog.clock.pass_s(10)
    await begin(catalog, first.job)
    catalog.clock.pass_s(30)
    use = await tenants.usage(GetTenantUsage(id=DEFAULT_TENANT))
    assert use.job_minutes == 1.5
    await create(catalog, session)
    catalog.clock.pass_s(30)
    with pytest.raises(QuotaBusy):
        await create(catalog, session)
