"""Tiering: which segments are to go from the hot store to the cold one, or back, and what becomes
of those that did.

The catalog has no way to the stores. Whoever has asks for a move, a range of one stream, does it
and says so. A range is given to one mover at a time, so that nothing is copied twice; that two have
it (one seemed dead) harms nobody, as only a move that begins at the mark counts.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    MOVE_OBJECTS,
    FinishMove,
    Move,
    MovingObject,
    NextMove,
    Nothing,
    TakeMove,
    Tier,
)
from services.catalog import discards, metrics, tiers
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.listed import listed_since
from services.catalog.models import SegmentRow, SessionRow, StreamRow, TierRow
from services.catalog.retention import Room, Rules

log = structlog.get_logger()

LAPSE = timedelta(minutes=2)
"""A mover that has said nothing for so long after it took a move is taken for dead."""
SLACK = timedelta(minutes=1)
"""Nothing is brought back for less: clocks are set."""
NO_ROOM = "The hot store has no room for what is to be brought back from the cold one."


class TierRules(NamedTuple):
    """What holds for all streams."""

    cold_after_hours: float | None = None
    turn_after: timedelta = timedelta(minutes=10)
    """From a stream's last move to one the other way: until then somebody who was slow may be
    deleting what that move left behind."""


class _Place(NamedTuple):
    """Where a stream's rows lie, and from what age on they are to lie cold."""

    tenant: str
    stream: str
    is_there: bool
    hours: float | None
    cold_until_at: datetime
    hot_since_at: datetime
    moved_to: str | None
    moved_at: datetime | None


class _Given(NamedTuple):
    mover: str
    """Empty: it has been done."""
    at: datetime
    coming_bytes: int = 0
    """What the hot store is to get of it."""


class Tiering:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        rules: TierRules,
        *,
        room: Room | None = None,
        retention: Rules | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._room = room or Room()
        self._retention = retention or Rules()
        self._given: dict[tuple[str, str], _Given] = {}

    async def take(self, ask: TakeMove) -> NextMove:
        now = self._clock()
        waits_for = ""
        async with self._database.transaction(read_only=True) as tx:
            listed_at = await listed_since(tx, now)
            for place in self._in_turn(await self._places(tx)):
                given = self._given.get((place.tenant, place.stream))
                if given and given.mover not in ("", ask.mover) and now - given.at < LAPSE:
                    continue
                found = await self._next(tx, place, now, listed_at)
                if found.move is not None:
                    self._given[place[:2]] = _Given(ask.mover, now, _coming_bytes(found.move))
                    return found
                waits_for = waits_for or found.waits_for
        return NextMove(waits_for=waits_for)

    async def finish(self, ask: FinishMove) -> Nothing:
        now = self._clock()
        async with self._database.transaction() as tx:
            sizes, is_done = await tiers.advance(tx, ask, now=now)
            # Retention let go of these while they were copied.
            gone = {key: 0 for key in ask.keys if key not in sizes}
            await discards.put(tx, ask.tenant, gone, now + self._retention.grace)
            moved = {key: sizes[key] for key in ask.keys if key in sizes}
            if is_done:
                await discards.put_copies(tx, ask.tenant, moved, to=ask.to, due_at=now)
        if not is_done:
            log.info("move.void", stream=ask.stream, to=ask.to)
            return Nothing()
        if ask.to == "hot":
            self._room.fill(sum(moved.values()))
        metrics.MOVED.labels(ask.to).inc(len(moved))
        self._given[ask.tenant, ask.stream] = _Given("", now)
        log.info("move.done", stream=ask.stream, to=ask.to, rows=len(moved), left=len(ask.left))
        return Nothing()

    def _in_turn(self, places: Sequence[_Place]) -> Sequence[_Place]:
        """Whose turn it has been the longest ago comes first: one that fails holds up no other."""
        given = self._given
        return sorted(
            places,
            key=lambda place: given[place[:2]].at if place[:2] in given else tiers.EPOCH,
        )

    async def _places(self, tx: AsyncSession) -> list[_Place]:
        query = (
            select(
                SessionRow.tenant_id,
                SessionRow.stream_id,
                StreamRow.id.is_not(None),
                StreamRow.cold_after_hours,
                func.coalesce(TierRow.cold_until_at, tiers.EPOCH),
                func.coalesce(TierRow.hot_since_at, tiers.EPOCH),
                TierRow.moved_to,
                TierRow.moved_at,
            )
            .distinct()
            .outerjoin(StreamRow, StreamRow.id == SessionRow.stream_id)
            .outerjoin(
                TierRow,
                (TierRow.tenant_id == SessionRow.tenant_id)
                & (TierRow.stream_id == SessionRow.stream_id),
            )
            .where(SessionRow.size_bytes > 0)
        )
        if self._rules.cold_after_hours is None:
            query = query.where(
                or_(StreamRow.cold_after_hours.is_not(None), TierRow.stream_id.is_not(None))
            )
        return [_Place(*found) for found in await tx.execute(query)]

    async def _next(
        self, tx: AsyncSession, place: _Place, now: datetime, listed_at: datetime
    ) -> NextMove:
        """What is to be moved of a stream."""
        hours = place.hours or self._rules.cold_after_hours
        if hours is None and not place.is_there:
            return NextMove()  # who deletes a stream does not want it back in the hot store
        wanted = tiers.EPOCH if hours is None else max(tiers.EPOCH, now - timedelta(hours=hours))
        to: Tier = "hot" if wanted < place.hot_since_at - SLACK else "cold"
        is_turn = place.moved_to not in (None, to)
        if is_turn and place.moved_at and now - place.moved_at < self._rules.turn_after:
            return NextMove()
        if to == "hot":
            return await self._back(tx, place, wanted, now)
        return await self._away(tx, place, min(wanted, listed_at))

    async def _away(self, tx: AsyncSession, place: _Place, until_at: datetime) -> NextMove:
        """The oldest that lie hot."""
        from_at = place.cold_until_at
        rows = await _rows(tx, place, from_at, until_at, is_newest_first=False)
        if len(rows) > MOVE_OBJECTS:
            until_at = rows[-1].starts_at
        return _move(place, "cold", rows, from_at, until_at)

    async def _back(
        self, tx: AsyncSession, place: _Place, from_at: datetime, now: datetime
    ) -> NextMove:
        """The newest that lie cold, as far as there is room: else retention would take them."""
        until_at = place.hot_since_at
        rows = await _rows(tx, place, from_at, until_at, is_newest_first=True)
        if len(rows) > MOVE_OBJECTS:
            edge = rows[-1].starts_at
            from_at = min((row.starts_at for row in rows if row.starts_at > edge), default=until_at)
        free_bytes = self._room.free_bytes
        need_bytes = sum(row.size_bytes for row in rows) + self._retention.min_free_bytes
        need_bytes += self._coming_bytes(place, now)
        if rows and free_bytes is not None and free_bytes < need_bytes:
            return NextMove(waits_for=NO_ROOM)
        return _move(place, "hot", rows, from_at, until_at)

    def _coming_bytes(self, place: _Place, now: datetime) -> int:
        """What is being brought back of other streams."""
        return sum(
            given.coming_bytes
            for of, given in self._given.items()
            if of != place[:2] and now - given.at < LAPSE
        )


async def _rows(
    tx: AsyncSession, place: _Place, from_at: datetime, until_at: datetime, *, is_newest_first: bool
) -> Sequence[Row[Any]]:
    """In order, and one more than a move may have."""
    order = SegmentRow.starts_at.desc() if is_newest_first else SegmentRow.starts_at
    query = (
        select(
            SegmentRow.starts_at, SegmentRow.object_key, SegmentRow.size_bytes, SegmentRow.sha256
        )
        .where(
            SegmentRow.tenant_id == place.tenant,
            SegmentRow.stream_id == place.stream,
            SegmentRow.starts_at >= from_at,
            SegmentRow.starts_at < until_at,
        )
        .order_by(order)
        .limit(MOVE_OBJECTS + 1)
    )
    return list(await tx.execute(query))


def _coming_bytes(move: Move) -> int:
    return sum(each.size_bytes for each in move.objects) if move.to == "hot" else 0


def _move(
    place: _Place, to: Tier, rows: Sequence[Row[Any]], from_at: datetime, until_at: datetime
) -> NextMove:
    """Rows that start together go together."""
    objects = tuple(
        MovingObject(key=row.object_key, size_bytes=row.size_bytes, sha256=row.sha256)
        for row in rows
        if from_at <= row.starts_at < until_at
    )
    if not objects:
        return NextMove()
    return NextMove(
        move=Move(
            tenant=place.tenant,
            stream=place.stream,
            to=to,
            from_at=from_at,
            until_at=until_at,
            objects=objects,
        )
    )
