"""A lease is taken under an epoch that ingest accepts."""

from typing import cast

from libs.bus import Lease, Leases
from libs.tags.taking import take_lease
from tests.unit.services.packager.fakes import FakeIngest, FakeLease, order


class FakeLeases:
    """Counts epochs from 1, as a wiped bucket does."""

    def __init__(self, *, is_free: bool = True) -> None:
        self.epoch = 0
        self.is_free = is_free
        self.taken: list[FakeLease] = []

    async def take(self, key: str, *, epoch_floor: int, **_: str) -> FakeLease | None:
        assert key == f"package.{order().session}"
        if not self.is_free:
            return None
        self.epoch = max(self.epoch, epoch_floor) + 1
        self.taken.append(FakeLease(self.epoch))
        return self.taken[-1]


async def take(leases: FakeLeases, ingest: FakeIngest) -> Lease | None:
    stand_in = cast("Leases", leases)
    return await take_lease(
        stand_in,
        ingest.ingest(),
        f"package.{order().session}",
        holder="p",
        url="http://p",
        stream="cam",
    )


async def test_free_lease_is_taken_and_claimed() -> None:
    ingest = FakeIngest([])
    lease = await take(FakeLeases(), ingest)
    assert lease is not None
    assert (lease.epoch, ingest.fence) == (1, 1)


async def test_held_lease_is_left_alone() -> None:
    ingest = FakeIngest([])
    assert await take(FakeLeases(is_free=False), ingest) is None
    assert ingest.fence == 0


async def test_epoch_climbs_over_what_ingest_has_seen() -> None:
    ingest, leases = FakeIngest([]), FakeLeases()
    ingest.fence = 1_000_000
    lease = await take(leases, ingest)
    assert lease is not None
    assert lease.epoch > 1_000_000
    assert len(leases.taken) <= 21
    assert all(other.ends == ["released"] for other in leases.taken[:-1])
    assert leases.taken[-1].ends == []


async def test_ingest_without_the_session_does_not_keep_the_lease_from_us() -> None:
    ingest = FakeIngest([])
    ingest.is_gone = True
    assert await take(FakeLeases(), ingest) is not None
