from collections.abc import Collection

import pytest
from sqlalchemy import select

from libs.errors import Unavailable
from libs.events import ListSessions, SessionEnded
from services.catalog.models import OutboxRow
from services.catalog.reconcile import Ingest, Reconcile
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said


class World:
    """The registry and what each ingest holds."""

    def __init__(self, catalog: Catalog) -> None:
        self.registered: dict[str, Collection[str] | None] = {}
        """What each ingest answers; None: nothing."""
        self.is_registry_away = False
        self.now = 1000.0
        self._catalog = catalog
        self.reconcile = self.restart()

    def restart(self) -> Reconcile:
        self.reconcile = Reconcile(
            self._catalog.database,
            self.list_ingests,
            self.list_held,
            self._catalog.clock,
            gone_after_s=20,
            monotonic=lambda: self.now,
        )
        return self.reconcile

    async def list_ingests(self) -> list[Ingest]:
        if self.is_registry_away:
            raise Unavailable("away")
        return [Ingest(name, f"http://{name}") for name in self.registered]

    async def list_held(self, ingest: Ingest) -> Collection[str]:
        held = self.registered[ingest.instance]
        if held is None:
            raise Unavailable("silent")
        return held

    def pass_s(self, seconds: float) -> None:
        self.now += seconds
        self._catalog.clock.pass_s(seconds)


@pytest.fixture
def world(catalog: Catalog) -> World:
    return World(catalog)


@pytest.fixture
async def session(catalog: Catalog) -> str:
    """On air at ingest-1, for an hour."""
    await catalog.create()
    grant = await catalog.open()
    await catalog.facts.stream_published(Said(grant).published())
    await catalog.facts.segment_ready(Said(grant).ready(3))
    catalog.clock.pass_s(3600)
    return grant.session


async def test_session_that_its_ingest_holds_stays(
    catalog: Catalog, world: World, session: str
) -> None:
    world.registered = {"ingest-1": {session}}
    for _ in range(9):
        assert await world.reconcile.tick() == []
        world.pass_s(10)


async def test_session_that_its_ingest_answers_without_is_closed_with_a_fact(
    catalog: Catalog, world: World, session: str
) -> None:
    world.registered = {"ingest-1": set()}
    assert await world.reconcile.tick() == [session]
    assert await world.reconcile.tick() == []
    (closed,) = (await catalog.answers.list_sessions(ListSessions())).sessions
    assert (closed.cause, closed.ended_at) == ("ingest_lost", catalog.clock.now)
    assert not closed.is_publishing
    async with catalog.database.transaction(read_only=True) as tx:
        rows = (await tx.execute(select(OutboxRow))).scalars()
        (ended,) = [row.data for row in rows if row.type == SessionEnded.name]
    assert (ended["session"], ended["cause"], ended["last_tag"]) == (session, "ingest_lost", 399)


async def test_session_of_a_silent_ingest_stays(world: World, session: str) -> None:
    world.registered = {"ingest-1": None}
    for _ in range(9):
        assert await world.reconcile.tick() == []
        world.pass_s(60)


async def test_session_of_an_ingest_that_is_long_gone_is_closed(world: World, session: str) -> None:
    world.registered = {"ingest-2": set()}
    assert await world.reconcile.tick() == []
    world.pass_s(20)
    assert await world.reconcile.tick() == []
    world.pass_s(1)
    assert await world.reconcile.tick() == [session]


async def test_ingest_that_comes_back_in_time_keeps_its_sessions(
    world: World, session: str
) -> None:
    world.registered = {}
    assert await world.reconcile.tick() == []
    world.pass_s(19)
    world.registered = {"ingest-1": {session}}
    assert await world.reconcile.tick() == []
    world.registered = {}
    world.pass_s(19)
    assert await world.reconcile.tick() == []
    world.pass_s(19)
    assert await world.reconcile.tick() == []


async def test_absence_at_boot_counts_from_boot(world: World, session: str) -> None:
    world.registered = {}
    await world.reconcile.tick()
    world.pass_s(300)
    assert await world.restart().tick() == []


async def test_absence_while_the_registry_was_away_proves_nothing(
    world: World, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop itself: look, bus away for minutes, look again."""
    ticks: list[list[str]] = []
    outcomes = [False, True, True, False]

    class Over(Exception):
        pass

    async def next_look(_: float) -> None:
        world.pass_s(100)
        if not outcomes:
            raise Over
        world.is_registry_away = outcomes.pop(0)

    tick = world.reconcile.tick

    async def noted() -> list[str]:
        closed = await tick()
        ticks.append(closed)
        return closed

    monkeypatch.setattr(world.reconcile, "tick", noted)
    monkeypatch.setattr("services.catalog.reconcile.asyncio.sleep", next_look)
    world.registered = {"ingest-1": {session}}
    world.is_registry_away = True
    world.registered = {}
    with pytest.raises(Over):
        await world.reconcile.run(10)
    # Two looks in a row saw it missing at 100 s; the outage lay between the others.
    assert ticks == [[], []]


async def test_session_just_granted_is_not_closed_before_its_ingest_lists_it(
    catalog: Catalog, world: World
) -> None:
    await catalog.create()
    grant = await catalog.open()
    world.registered = {"ingest-1": set()}
    assert await world.reconcile.tick() == []
    world.pass_s(20)
    assert await world.reconcile.tick() == [grant.session]


async def test_stream_can_be_published_after_its_ingest_died(
    catalog: Catalog, world: World, session: str
) -> None:
    world.registered = {"ingest-1": set()}
    await world.reconcile.tick()
    grant = await catalog.open(ingest="ingest-2")
    world.registered = {"ingest-2": {grant.session}}
    world.pass_s(60)
    assert await world.reconcile.tick() == []
