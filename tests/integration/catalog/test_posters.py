"""Posters: ordered once, there when the job is done, on both databases."""

from datetime import timedelta

import pytest

from libs.errors import WeirError
from libs.events import BeginJob, GetPoster, JobCompleted, ListJobs, Poster
from libs.names import DEFAULT_TENANT
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.test_storyboards import recorded


async def get(catalog: Catalog, session: str, stream: str = "cam-1") -> Poster:
    ask = GetPoster(tenant=DEFAULT_TENANT, stream=stream, session=session)
    return await catalog.answers.get_poster(ask)


async def test_poster_is_ordered_once_and_told_when_it_is_there(catalog: Catalog) -> None:
    session = (await recorded(catalog)).grant.session
    for _ in range(2):
        assert (await get(catalog, session)).state == "pending"
    (job,) = (await catalog.answers.list_jobs(ListJobs(kind="poster"))).jobs
    await catalog.answers.begin_job(BeginJob(job=job.id, worker="one"))
    result = {"object_key": f"jobs/{job.id}/1/out.jpg", "size_bytes": 500}
    await catalog.facts.job_completed(JobCompleted(job=job.id, attempt=1, result=result))
    assert await get(catalog, session) == Poster(
        state="ready", object_key=f"jobs/{job.id}/1/out.jpg", size_bytes=500
    )
    assert len((await catalog.answers.list_jobs(ListJobs(kind="poster"))).jobs) == 1


async def test_session_has_one_once_it_is_over_and_under_its_own_stream(catalog: Catalog) -> None:
    session = (await recorded(catalog, ends=False)).grant.session
    with pytest.raises(WeirError, match="once it is over"):
        await get(catalog, session)
    with pytest.raises(WeirError, match="no session"):
        await get(catalog, session, stream="cam-2")
    catalog.clock.now += timedelta(hours=1)
    with pytest.raises(WeirError, match="no session"):
        await get(catalog, "655f1c00-0badcafe")
