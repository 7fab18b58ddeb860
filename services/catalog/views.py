"""Views over the segment log: rows of a window of wall-clock time, and what renditions it has."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Text, bindparam, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    PAGE_ROWS,
    ListRenditions,
    ListTracks,
    ListWindow,
    LoggedRendition,
    LoggedRenditions,
    LoggedTracks,
    OutlineWindow,
    Track,
    Written,
)
from services.catalog import page, segments
from services.catalog.database import Database
from services.catalog.models import RenditionRow, SegmentRow, TrackRow
from services.catalog.query import Query

_MICROSECOND = timedelta(microseconds=1)
_OUTLINE = Query(
    select(
        SegmentRow.session_id,
        SegmentRow.rendition,
        SegmentRow.msn,
        SegmentRow.start_ms,
        SegmentRow.duration_s,
        SegmentRow.is_independent,
        SegmentRow.discontinuity_sequence,
        SegmentRow.starts_at,
        cast(SegmentRow.tracks, Text),
    )
    .where(
        SegmentRow.tenant_id == bindparam("tenant"),
        SegmentRow.stream_id == bindparam("stream"),
        SegmentRow.rendition == bindparam("rendition"),
        SegmentRow.starts_at >= bindparam("from_at"),
        SegmentRow.starts_at < bindparam("until_at"),
    )
    # Nothing else than the index's own order: sorting costs a quarter of the statement.
    .order_by(SegmentRow.starts_at)
    .limit(PAGE_ROWS + 1),
    "tenant",
    "stream",
    "rendition",
    "from_at",
    "until_at",
)


async def list_window(tx: AsyncSession, ask: ListWindow) -> Written:
    """A `WindowPage`: rows by wall clock. Sessions of a stream follow each other, so this is their
    order, too.

    Raises `CursorInvalid`.
    """
    from_at = ask.from_at
    if ask.after is not None:
        # The wall clock of rows rises, so that the next row starts later than the page's last.
        from_at = max(from_at, page.read_cursor(ask.after)[0] + _MICROSECOND)
    query = (
        select(*segments.COLUMNS)
        .where(
            SegmentRow.tenant_id == ask.tenant,
            SegmentRow.stream_id == ask.stream,
            SegmentRow.rendition == ask.rendition,
            SegmentRow.starts_at >= from_at,
            SegmentRow.starts_at < ask.until_at,
        )
        .order_by(SegmentRow.starts_at, SegmentRow.msn)
        .limit(ask.limit + 1)
    )
    found = [segments.written(row) for row in await tx.execute(query)]
    rows, has_more = page.fit(found, ask.limit, at_most_bytes=segments.MOST_BYTES)
    after = page.write_cursor(rows[-1]["starts_at"], rows[-1]["session"]) if has_more else None
    return Written(orjson.dumps({"segments": rows, "next_after": after}))


async def outline_window(database: Database, ask: OutlineWindow) -> Written:
    """A `WindowOutline`: the rows of `list_window`, as a playlist tells of them."""
    *columns, starts_at, tracks = await database.columns(
        _OUTLINE, ask.tenant, ask.stream, ask.rendition, ask.from_at, ask.until_at
    )
    configs = [
        {each["kind"]: each["config_id"] for each in row}
        for row in orjson.loads(f"[{','.join(tracks)}]")
    ]
    kinds = ([each.get(kind) for each in configs] for kind in ("video", "audio"))
    rows = list(zip(*columns, starts_at, *kinds, strict=True))
    # The wall clock of rows rises: none of the page starts as late as the next.
    next_from_at = starts_at[PAGE_ROWS] if len(rows) > PAGE_ROWS else None
    return Written(orjson.dumps({"rows": rows[:PAGE_ROWS], "next_from_at": next_from_at}))


async def list_renditions(tx: AsyncSession, ask: ListRenditions) -> LoggedRenditions:
    """Each rendition's rates over the view, and its newest tracks."""
    within: list[ColumnElement[bool]] = [
        SegmentRow.tenant_id == ask.tenant,
        SegmentRow.stream_id == ask.stream,
    ]
    if ask.session is not None:
        within.append(SegmentRow.session_id == ask.session)
    if ask.from_at is not None:
        within.append(SegmentRow.starts_at >= ask.from_at)
    if ask.until_at is not None:
        within.append(SegmentRow.starts_at < ask.until_at)
    query = (
        select(
            SegmentRow.rendition,
            func.count(),
            func.sum(SegmentRow.size_bytes),
            func.sum(SegmentRow.duration_s),
            func.max(SegmentRow.bitrate_bps),
            func.max(SegmentRow.session_id),
        )
        .where(*within)
        .group_by(SegmentRow.rendition)
        .order_by(SegmentRow.rendition)
    )
    rates = list(await tx.execute(query))
    called = await _called(tx, ask.tenant, {newest for *_, newest in rates})
    found = []
    for name, count, size_bytes, duration_s, peak_bps, newest in rates:
        average_bps = round(int(size_bytes) * 8 / duration_s) if duration_s else 0
        language, label = called.get((newest, name), (None, None))
        found.append(
            LoggedRendition(
                rendition=name,
                tracks=await _tracks(tx, ask.tenant, newest, name),
                segments=count,
                average_bps=average_bps,
                peak_bps=max(peak_bps, average_bps),
                language=language,
                label=label,
            )
        )
    return LoggedRenditions(renditions=tuple(found))


async def list_tracks(tx: AsyncSession, ask: ListTracks) -> LoggedTracks:
    """Codec configurations are named by their content, so that one name is one description."""
    query = select(TrackRow).where(
        TrackRow.tenant_id == ask.tenant, TrackRow.session_id.in_(ask.sessions)
    )
    found = {row.config_id: row for row in (await tx.execute(query)).scalars()}
    return LoggedTracks(
        tracks=tuple(
            Track.model_validate(found[name], from_attributes=True) for name in sorted(found)
        )
    )


async def _called(
    tx: AsyncSession, tenant: str, sessions: set[str]
) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """Language and label of the sounds that have them, by session and rendition."""
    query = select(
        RenditionRow.session_id, RenditionRow.rendition, RenditionRow.language, RenditionRow.label
    ).where(
        RenditionRow.tenant_id == tenant,
        RenditionRow.session_id.in_(sessions),
        RenditionRow.label.is_not(None),
    )
    rows = await tx.execute(query)
    return {(session, name): (language, label) for session, name, language, label in rows}


async def _tracks(tx: AsyncSession, tenant: str, session: str, rendition: str) -> tuple[Track, ...]:
    """The tracks that the rendition's newest row has."""
    newest = (
        select(SegmentRow.tracks)
        .where(
            SegmentRow.tenant_id == tenant,
            SegmentRow.session_id == session,
            SegmentRow.rendition == rendition,
        )
        .order_by(SegmentRow.msn.desc())
        .limit(1)
    )
    ranges: list[dict[str, Any]] = (await tx.execute(newest)).scalar_one_or_none() or []
    configs = {each["config_id"] for each in ranges}
    known = select(TrackRow).where(
        TrackRow.tenant_id == tenant,
        TrackRow.session_id == session,
        TrackRow.rendition == rendition,
    )
    rows: Iterable[TrackRow] = (await tx.execute(known)).scalars()
    return tuple(
        Track.model_validate(row, from_attributes=True) for row in rows if row.config_id in configs
    )
