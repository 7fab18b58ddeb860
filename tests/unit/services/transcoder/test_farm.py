"""Who is let in, and who makes way for live streams."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from libs.bus import RemoteError
from libs.events import FiniteJobRequested, JobGrant, JobSize, RemuxParams, RemuxRequested
from services.transcoder import farm as farm_module
from services.transcoder.attempt import Attempt, Stop
from services.transcoder.cost import Slots
from services.transcoder.farm import Farm, NotNow


class FakeAttempt:
    """Runs until it is told to end."""

    def __init__(self, job: str, cores: float) -> None:
        self.grant = JobGrant(
            job=job, attempt=1, tenant="default", stream=None, size="small", folder="x",
            params=RemuxParams(session="00000000-00000000"),
        )  # fmt: skip
        self.cores = cores
        self.is_paused = False
        self.stopped: Stop | None = None
        self.over = asyncio.Event()

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False

    def stop(self, why: Stop) -> None:
        self.stopped = why
        self.over.set()

    async def run(self) -> None:
        await self.over.wait()


class House:
    def __init__(self, size: float) -> None:
        self.slots = Slots(size)
        self.made: dict[str, FakeAttempt] = {}
        self.refusal: RemoteError | None = None
        self.farm = Farm(self.begin, self.make, slots=self.slots, spawn=self.spawn)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return asyncio.create_task(work, name=name)

    async def begin(self, job: str) -> JobGrant:
        if self.refusal is not None:
            raise self.refusal
        self.made[job] = FakeAttempt(job, self.cores)
        return self.made[job].grant

    def make(self, grant: JobGrant) -> Attempt:
        return cast("Attempt", self.made[grant.job])

    async def take(self, job: str, size: JobSize = "medium") -> None:
        self.cores = {"small": 0.5, "medium": 1.0, "large": 2.0}[size]
        await self.farm.take(order(job, size))

    @property
    def paused(self) -> list[str]:
        return [job for job, attempt in self.made.items() if attempt.is_paused]


def order(job: str, size: JobSize = "medium") -> FiniteJobRequested:
    return RemuxRequested(job=job, offer=1, tenant="default", size=size)


def refusal(status: int, *, retry: bool) -> RemoteError:
    return RemoteError(code="x", status=status, detail="x", blame="caller", retry=retry)


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(farm_module, "ROOM_S", 0.05)


async def test_jobs_are_let_in_while_there_is_room() -> None:
    house = House(2.0)
    await house.take("a")
    await house.take("b")
    with pytest.raises(NotNow):
        await house.take("c")
    house.made["a"].over.set()
    await house.take("c")
    assert list(house.made) == ["a", "b", "c"]


async def test_one_job_is_let_in_however_large_it_is() -> None:
    house = House(0.5)
    await house.take("a", "large")
    assert house.paused == []
    with pytest.raises(NotNow):
        await house.take("b", "small")


async def test_live_job_pauses_those_begun_last_and_they_go_on_after_it() -> None:
    house = House(3.0)
    for job in "abc":
        await house.take(job)
    assert house.slots.enter("live", 1.5), "as if nobody else were there"
    assert house.paused == ["b", "c"]
    with pytest.raises(NotNow):
        await house.take("d", "small")
    house.made["a"].over.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert house.paused == ["c"]
    assert house.slots.enter("more live", 1.5)
    assert house.paused == ["b", "c"]
    house.slots.leave("live")
    house.slots.leave("more live")
    assert house.paused == []


async def test_live_job_that_needs_all_pauses_the_only_other() -> None:
    house = House(1.0)
    await house.take("a")
    house.slots.enter("live", 5.0)
    assert house.paused == ["a"]


async def test_order_that_nobody_wants_takes_no_room() -> None:
    house = House(1.0)
    house.refusal = refusal(404, retry=False)
    await house.take("a")
    house.refusal = refusal(504, retry=True)
    with pytest.raises(NotNow):
        await house.take("a")
    house.refusal = None
    await house.take("a")
    assert list(house.made) == ["a"]


async def test_cancelled_job_is_stopped_and_no_other() -> None:
    house = House(2.0)
    await house.take("a")
    await house.take("b")
    house.farm.cancelled("a")
    house.farm.cancelled("never heard of")
    assert (house.made["a"].stopped, house.made["b"].stopped) == (Stop.CANCELLED, None)


async def test_stop_gives_all_back_and_takes_no_more() -> None:
    house = House(2.0)
    await house.take("a")
    await house.farm.stop()
    assert house.made["a"].stopped is Stop.DRAINED
    with pytest.raises(NotNow):
        await house.take("b")
