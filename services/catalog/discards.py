"""Taking rows out of the segment log, and what they named out of the store, a while later.

A row is gone at once: nothing that is rendered from now on lists it. Its object stays until
whoever has it in a playlist has read it. Whoever keeps the store asks what is due, deletes it and
says so; deleting twice harms nobody. Files that were made of rows go with those of their time.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby, islice
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import DeferDiscards, Discards, ForgetDiscards, ListDiscards, Tier
from libs.names import SOURCE
from services.catalog import holds, metrics, old_files, tiers
from services.catalog.database import insert_all_new, insert_new
from services.catalog.models import (
    DiscardRow,
    FileRow,
    GapRow,
    SegmentRow,
    SessionRow,
    TrackRow,
)

CAUSE = "retention"
"""Of the gap that is left."""
BATCH_ROWS = 500
_Rows = Sequence[Row[Any]]
_COLUMNS = (
    SegmentRow.tenant_id,
    SegmentRow.stream_id,
    SegmentRow.session_id,
    SegmentRow.rendition,
    SegmentRow.msn,
    SegmentRow.object_key,
    SegmentRow.size_bytes,
    SegmentRow.duration_s,
    SegmentRow.starts_at,
)
"""What is to be known of a row that goes."""


class Taken(NamedTuple):
    size_bytes: int
    is_all: bool
    """Nothing is left that might go, too."""


async def discard(
    tx: AsyncSession, tenant: str, stream: str, *, before: datetime, due_at: datetime,
    size_bytes: int | None = None, since: datetime | None = None, session: str | None = None,
    cause: str = CAUSE,
) -> Taken:  # fmt: skip
    """Take out the stream's oldest rows and files, of before `before` and not held, a batch of
    them at most, until they are `size_bytes`; only rows that start at `since` or later, only those
    of `session`. Their objects may go from `due_at` on; `cause` is that of the gap that is left.
    """
    rows: list[Row[Any]] = []
    made: list[FileRow] = []
    taken_bytes = 0
    # Of the same moment a file goes first: its last row ends where the next row begins.
    found: tuple[Sequence[Row[Any] | FileRow], ...] = (
        await old_files.oldest(tx, tenant, stream, before, limit=BATCH_ROWS, session=session),
        await _oldest_rows(tx, tenant, stream, before, since, session=session),
    )
    for each in islice(merge(*found, key=_shown_at), BATCH_ROWS):
        if size_bytes is not None and taken_bytes >= size_bytes:
            break
        if isinstance(each, FileRow):
            made.append(each)
        else:
            rows.append(each)
        taken_bytes += each.size_bytes
    if rows:
        await _take_out(tx, rows, due_at, cause)
        metrics.DISCARDED.inc(len(rows))
    if made:
        await put(tx, tenant, await old_files.take_out(tx, made), due_at)
        metrics.DISCARDED_FILES.inc(len(made))
    is_all = len(rows) + len(made) == sum(map(len, found)) < BATCH_ROWS
    return Taken(taken_bytes, is_all)


async def oldest_at(
    tx: AsyncSession, tenant: str, stream: str, *, before: datetime, since: datetime | None = None
) -> datetime | None:
    """When the oldest is from that `discard` would take; None: it would take nothing."""
    found: list[Row[Any] | FileRow] = [
        *await _oldest_rows(tx, tenant, stream, before, since, limit=1),
        *await old_files.oldest(tx, tenant, stream, before, limit=1),
    ]
    return min(map(_shown_at, found), default=None)


async def _oldest_rows(
    tx: AsyncSession, tenant: str, stream: str, before: datetime, since: datetime | None,
    *, limit: int = BATCH_ROWS, session: str | None = None,
) -> _Rows:  # fmt: skip
    query = (
        select(*_COLUMNS)
        .where(
            SegmentRow.tenant_id == tenant,
            SegmentRow.stream_id == stream,
            SegmentRow.starts_at < before,
            ~holds.is_held(),
        )
        .order_by(SegmentRow.starts_at)
        .limit(limit)
    )
    if since is not None:
        query = query.where(SegmentRow.starts_at >= since)
    if session is not None:
        query = query.where(SegmentRow.session_id == session)
    return list(await tx.execute(query))


def _shown_at(each: Row[Any] | FileRow) -> datetime:
    """By what the two are ordered; the last that a file shows is what makes it young."""
    at: datetime = each.ends_at if isinstance(each, FileRow) else each.starts_at
    return at


async def list_due(tx: AsyncSession, ask: ListDiscards, *, now: datetime) -> Discards:
    """Objects whose time has come, the oldest first."""
    query = (
        select(DiscardRow.object_key)
        .where(DiscardRow.due_at <= now, DiscardRow.tier.is_not_distinct_from(ask.tier))
        .order_by(DiscardRow.due_at)
        .limit(ask.limit)
    )
    return Discards(keys=tuple((await tx.execute(query)).scalars()))


async def defer(tx: AsyncSession, ask: DeferDiscards, *, now: datetime) -> None:
    """Somebody is reading them, or they cannot be deleted altogether."""
    until = now + timedelta(seconds=ask.for_s)
    is_named = DiscardRow.object_key.in_(ask.keys)
    is_sooner = is_named & (DiscardRow.due_at < until)
    await tx.execute(update(DiscardRow).where(is_sooner).values(due_at=until))
    if ask.is_cold_left:
        await tx.execute(update(DiscardRow).where(is_named).values(size_bytes=0))


async def forget(tx: AsyncSession, ask: ForgetDiscards) -> None:
    """Only as it was listed: what was a copy then may have to go altogether now."""
    is_same = DiscardRow.tier.is_not_distinct_from(ask.tier)
    await tx.execute(delete(DiscardRow).where(DiscardRow.object_key.in_(ask.keys), is_same))


async def keep(tx: AsyncSession, keys: Sequence[str]) -> None:
    """Somebody says once more that rows name these objects."""
    is_whole = DiscardRow.tier.is_(None)
    await tx.execute(delete(DiscardRow).where(DiscardRow.object_key.in_(keys), is_whole))


async def pending_bytes(tx: AsyncSession) -> int:
    """What the hot store will have room for once all that is due soon is deleted."""
    return int((await tx.execute(select(func.sum(DiscardRow.size_bytes)))).scalar_one() or 0)


async def _take_out(tx: AsyncSession, rows: _Rows, due_at: datetime, cause: str) -> None:
    hot_since = await tiers.hot_since(tx, rows[0].tenant_id, rows[0].stream_id)
    sizes = {row.object_key: row.size_bytes if row.starts_at >= hot_since else 0 for row in rows}
    await put(tx, rows[0].tenant_id, sizes, due_at)
    by_rendition = sorted(rows, key=lambda row: (row.session_id, row.rendition, row.msn))
    for (session_id, rendition), group in groupby(
        by_rendition, key=lambda row: (row.session_id, row.rendition)
    ):
        found = list(group)
        session = await tx.get_one(SessionRow, session_id, with_for_update=True)
        session.size_bytes -= sum(row.size_bytes for row in found)
        if rendition == SOURCE:
            session.segments -= len(found)
            session.duration_us -= sum(round(row.duration_s * 1_000_000) for row in found)
        for first, last in _runs(row.msn for row in found):
            await _delete_run(tx, found[0], first, last)
            await _leave_gap(tx, found[0], first, last, cause)
        await _discard_inits(tx, session, rendition, due_at)
    await tx.flush()


async def _delete_run(tx: AsyncSession, row: Row[Any], first: int, last: int) -> None:
    """As a range of the primary key: a list of whole keys makes SQLite read all of the tenant."""
    run = delete(SegmentRow).where(
        SegmentRow.tenant_id == row.tenant_id,
        SegmentRow.session_id == row.session_id,
        SegmentRow.rendition == row.rendition,
        SegmentRow.msn.between(first, last),
    )
    await tx.execute(run.execution_options(synchronize_session=False))


async def _leave_gap(tx: AsyncSession, row: Row[Any], first: int, last: int, cause: str) -> None:
    """One gap for all that was taken away in a row for one cause."""
    query = select(GapRow).where(
        GapRow.tenant_id == row.tenant_id,
        GapRow.session_id == row.session_id,
        GapRow.rendition == row.rendition,
        GapRow.last_msn == first - 1,
        GapRow.cause == cause,
    )
    before = (await tx.execute(query)).scalar_one_or_none()
    if before is not None:
        before.last_msn = last
        await tx.flush()
        return
    values = {
        "tenant_id": row.tenant_id,
        "session_id": row.session_id,
        "rendition": row.rendition,
        "first_msn": first,
        "last_msn": last,
        "stream_id": row.stream_id,
        "cause": cause,
    }
    await insert_new(tx, GapRow, values)


async def _discard_inits(
    tx: AsyncSession, session: SessionRow, rendition: str, due_at: datetime
) -> None:
    """The init segments go with the last of the rows that need them."""
    if session.ended_at is None:
        return
    left = select(SegmentRow.msn).where(
        SegmentRow.tenant_id == session.tenant_id,
        SegmentRow.session_id == session.id,
        SegmentRow.rendition == rendition,
    )
    if (await tx.execute(left.limit(1))).first() is not None:
        return
    configs = select(TrackRow.config_id).where(
        TrackRow.tenant_id == session.tenant_id,
        TrackRow.session_id == session.id,
        TrackRow.rendition == rendition,
    )
    folder = f"segments/{session.tenant_id}/{session.stream_id}/{session.id}/{rendition}"
    inits = {f"{folder}/init-{each}.mp4": 0 for each in (await tx.execute(configs)).scalars()}
    await put(tx, session.tenant_id, inits, due_at)


async def put(tx: AsyncSession, tenant: str, sizes: Mapping[str, int], due_at: datetime) -> None:
    """Let objects go from `due_at` on, wherever they lie."""
    await _insert(tx, tenant, sizes, due_at, None)
    is_copy = DiscardRow.object_key.in_(sizes) & DiscardRow.tier.is_not(None)
    await tx.execute(update(DiscardRow).where(is_copy).values(tier=None, due_at=due_at))


async def put_copies(
    tx: AsyncSession, tenant: str, sizes: Mapping[str, int], *, to: Tier, due_at: datetime
) -> None:
    """Let the copies go that objects have left behind on their way to a tier."""
    was_left = DiscardRow.object_key.in_(sizes) & (DiscardRow.tier == to)
    await tx.execute(delete(DiscardRow).where(was_left))  # it is what counts now
    if to == "cold":
        await _insert(tx, tenant, sizes, due_at, "hot")
    else:
        await _insert(tx, tenant, dict.fromkeys(sizes, 0), due_at, "cold")


async def _insert(
    tx: AsyncSession, tenant: str, sizes: Mapping[str, int], due_at: datetime, tier: Tier | None
) -> None:
    rows = [
        {
            "object_key": key,
            "tenant_id": tenant,
            "size_bytes": size_bytes,
            "due_at": due_at,
            "tier": tier,
        }
        for key, size_bytes in sizes.items()
    ]
    if rows:
        await insert_all_new(tx, DiscardRow, rows)


def _runs(msns: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of numbers that follow each other."""
    runs: list[tuple[int, int]] = []
    for msn in msns:
        if runs and runs[-1][1] == msn - 1:
            runs[-1] = (runs[-1][0], msn)
        else:
            runs.append((msn, msn))
    return runs
