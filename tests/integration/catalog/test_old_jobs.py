"""Jobs that are over go after a while, unless something names what they made."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from libs.events import (
    BeginJob,
    CancelJob,
    CreateJob,
    ForgetJobLitter,
    GetFile,
    GetJob,
    JobCompleted,
    JobLogged,
    ListJobLitter,
    RemuxParams,
)
from libs.names import DEFAULT_TENANT
from services.catalog.errors import JobUnknown
from services.catalog.models import FileRow, JobAttemptRow, JobLogRow, JobRow
from services.catalog.old_jobs import OldJobs
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said
from tests.integration.catalog.test_recorder import ends, on_air

HOURS = 720.0


async def job_of(catalog: Catalog, said: Said) -> str:
    """One that was begun, and has said something."""
    await catalog.facts.segment_ready(said.ready(0))
    params = RemuxParams(session=said.grant.session)
    made = await catalog.answers.create_job(CreateJob(tenant=DEFAULT_TENANT, params=params))
    await catalog.answers.begin_job(BeginJob(job=made.id, worker="one"))
    await catalog.facts.job_logged(
        JobLogged(job=made.id, attempt=1, number=1, worker="one", lines=("hello",))
    )
    return made.id


async def complete(catalog: Catalog, job: str) -> None:
    result = {"object_key": f"jobs/default/{job}/1/out.mp4", "size_bytes": 7}
    await catalog.facts.job_completed(JobCompleted(job=job, attempt=1, result=result))


async def forget(catalog: Catalog, *, after_hours: float = HOURS + 1) -> int:
    catalog.clock.now += timedelta(hours=after_hours)
    return await OldJobs(catalog.database, catalog.clock, hours=HOURS).tick()


async def rows_of(catalog: Catalog, job: str) -> int:
    count = 0
    async with catalog.database.transaction(read_only=True) as tx:
        for row in (JobAttemptRow, JobLogRow):
            query = select(func.count()).select_from(row).where(row.job_id == job)
            count += (await tx.execute(query)).scalar_one()
    return count


async def cleaned(catalog: Catalog) -> None:
    """What attempts left behind is deleted."""
    catalog.clock.now += timedelta(hours=1)
    found = await catalog.answers.list_job_litter(ListJobLitter())
    await catalog.answers.forget_job_litter(ForgetJobLitter(litter=found.litter))


async def test_job_that_is_over_goes_with_all_that_is_kept_of_it(catalog: Catalog) -> None:
    job = await job_of(catalog, await on_air(catalog))
    await catalog.answers.cancel_job(CancelJob(tenant=DEFAULT_TENANT, job=job))
    await cleaned(catalog)
    assert await forget(catalog, after_hours=HOURS - 2) == 0
    assert await rows_of(catalog, job) == 2
    assert await forget(catalog, after_hours=2) == 1
    assert await rows_of(catalog, job) == 0
    with pytest.raises(JobUnknown):
        await catalog.answers.get_job(GetJob(tenant=DEFAULT_TENANT, job=job))


async def test_job_of_a_file_goes_with_it(catalog: Catalog) -> None:
    job = await job_of(catalog, await on_air(catalog))
    await complete(catalog, job)
    assert await forget(catalog) == 0
    async with catalog.database.transaction() as tx:
        file = (await tx.execute(select(FileRow).where(FileRow.job_id == job))).scalar_one()
        assert file.state == "ready"
        await tx.delete(file)
    assert await forget(catalog) == 1


async def test_file_that_was_given_up_says_no_job_that_is_gone(catalog: Catalog) -> None:
    job = await job_of(catalog, await on_air(catalog))
    await catalog.answers.cancel_job(CancelJob(tenant=DEFAULT_TENANT, job=job))
    await cleaned(catalog)
    assert await forget(catalog) == 1
    key = f"cam-1/exports/{job}.mp4"
    file = await catalog.answers.get_file(GetFile(tenant=DEFAULT_TENANT, key=key))
    assert (file.state, file.job) == ("failed", None)


async def test_job_that_left_something_in_the_store_stays(catalog: Catalog) -> None:
    job = await job_of(catalog, await on_air(catalog))
    await catalog.answers.cancel_job(CancelJob(tenant=DEFAULT_TENANT, job=job))
    assert await forget(catalog) == 0


async def test_open_job_stays(catalog: Catalog) -> None:
    await job_of(catalog, await on_air(catalog))
    assert await forget(catalog) == 0


async def test_live_job_stays_until_its_session_is_long_over(catalog: Catalog) -> None:
    said = await on_air(catalog)
    await catalog.facts.segment_ready(said.ready(0))
    assert await forget(catalog) == 0
    await ends(catalog, said, 0)
    catalog.clock.now += timedelta(hours=1)
    async with catalog.database.transaction(read_only=True) as tx:
        (job,) = (await tx.execute(select(JobRow))).scalars()
        assert (job.kind, job.state) == ("package", "completed")
    assert await forget(catalog) == 1
