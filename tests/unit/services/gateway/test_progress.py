"""What is made is told to whoever follows it, and to nobody else."""

import asyncio

import pytest

from libs.events import AssetReady, Envelope, JobProgressed
from services.gateway import progress
from services.gateway.errors import FollowersTooMany
from services.gateway.progress import Progress

ASSET, OTHER = "asset-0000000000000001", "asset-0000000000000002"


def job_at(share: float, *, stream: str | None = ASSET, job: str = "job-1") -> JobProgressed:
    return JobProgressed(job=job, attempt=1, progress=share, stream=stream)


async def hear(told: Progress, fact: JobProgressed) -> None:
    await told.on_job(Envelope.of(fact, source="test"))


async def test_newest_of_each_job_is_told_once() -> None:
    told = Progress()
    with told.follow(ASSET) as following:
        for share in (0.1, 0.2):
            await hear(told, job_at(share))
        await hear(told, job_at(0.7, job="job-2"))
        await hear(told, job_at(0.9, stream=OTHER))
        await hear(told, job_at(0.9, stream=None))
        has_changed, jobs = following.take()
        assert not has_changed
        assert [(each.job, each.progress) for each in jobs] == [("job-1", 0.2), ("job-2", 0.7)]
        assert following.take() == (False, [])


async def test_whoever_waits_is_woken() -> None:
    told = Progress()
    ready = AssetReady(asset=ASSET, tenant="default", stream=ASSET, session="1-2")
    with told.follow(ASSET) as first, told.follow(ASSET) as second:
        waiting = [asyncio.create_task(each.wait(60)) for each in (first, second)]
        await told.on_asset(Envelope.of(ready, source="test"))
        await asyncio.wait_for(asyncio.gather(*waiting), 5)
        assert [each.take()[0] for each in (first, second)] == [True, True]


async def test_one_gateway_has_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "MAX_FOLLOWERS", 1)
    told = Progress()
    told.check_room()
    with told.follow(ASSET), pytest.raises(FollowersTooMany):
        told.check_room()
    told.check_room()
