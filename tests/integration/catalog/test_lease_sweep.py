"""Leases go when their job is over for good, and never before."""

from dataclasses import dataclass, field

from services.catalog.lease_sweep import KEPT, LeaseSweep
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said

ENDED_S = 60.0
"""After this the end that the facts tell of has come."""


@dataclass
class Record:
    is_released: bool = True


@dataclass
class Bucket:
    """Leases in a dictionary, each with its revision."""

    leases: dict[str, tuple[Record, int]] = field(default_factory=dict)

    async def keys(self) -> list[str]:
        return list(self.leases)

    async def read(self, key: str) -> tuple[Record, int] | None:
        return self.leases.get(key)

    async def remove(self, key: str, revision: int) -> bool:
        assert self.leases[key][1] == revision
        del self.leases[key]
        return True


async def ended(catalog: Catalog, stream: str) -> str:
    """A session that is over, and packaged; the key of its lease."""
    await catalog.create(stream)
    grant = await catalog.open(stream)
    said = Said(grant)
    facts = catalog.facts
    await facts.stream_published(said.published())
    await facts.rendition_started(said.rendition_started())
    await facts.segment_ready(said.ready(0))
    await facts.rendition_ended(said.rendition_ended(said.first_msn))
    await facts.session_ended(said.ended())
    return f"package.{grant.session}"


async def test_leases_of_sessions_that_are_over_are_removed(catalog: Catalog) -> None:
    over = await ended(catalog, "cam-1")
    await catalog.create("cam-2")
    grant = await catalog.open("cam-2")
    await catalog.facts.stream_published(Said(grant).published())
    live = f"package.{grant.session}"
    bucket = Bucket({over: (Record(), 1), live: (Record(), 2), "package.unknown": (Record(), 3)})
    sweep = LeaseSweep(catalog.database, bucket, catalog.clock)
    await sweep.tick()
    assert set(bucket.leases) == {over, live, "package.unknown"}, "gateways may still ask"
    catalog.clock.pass_s(ENDED_S + KEPT.total_seconds())
    await sweep.tick()
    assert set(bucket.leases) == {live, "package.unknown"}


async def test_lease_that_was_never_released_goes_once_it_stands_still(catalog: Catalog) -> None:
    over = await ended(catalog, "cam-1")
    catalog.clock.pass_s(ENDED_S + KEPT.total_seconds())
    bucket = Bucket()
    sweep = LeaseSweep(catalog.database, bucket, catalog.clock)
    for revision in (1, 2):
        bucket.leases[over] = (Record(is_released=False), revision)
        await sweep.tick()
        assert over in bucket.leases, "somebody beats"
    await sweep.tick()
    assert bucket.leases == {}
