"""A window of wall-clock time as a playlist, across sessions and gaps."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from libs.events import Segment, SegmentOutline, TrackKind
from libs.names import SOURCE
from services.gateway.views.listing import Listing
from services.gateway.views.log import Log
from services.gateway.views.span import Span
from services.gateway.views.timeline import Timeline
from services.gateway.views.transport_listing import TransportListing

LOOKS_BACK = timedelta(seconds=30)
"""How far before a window its first keyframe is looked for."""
_TO_STREAM = "../../"


async def read_window(log: Log, stream: str, rendition: str, span: Span) -> list[Segment]:
    """The rows that a player needs to show all of `span`; it begins with a keyframe if any row
    does that is near enough.
    """
    since = span.from_at - LOOKS_BACK
    rows = await log.of_window(stream, SOURCE, since, span.until_at)
    if rendition != SOURCE:
        found = await log.of_window(stream, rendition, since, span.until_at)
        own = {(row.session, row.msn): row.tracks for row in found}
        rows = [
            row.model_copy(
                update={"tracks": own.get((row.session, row.msn), ()), "rendition": rendition}
            )
            for row in rows
        ]
    return rows[_first(rows, span) :]


async def outline_window(log: Log, stream: str, rendition: str, span: Span) -> list[SegmentOutline]:
    """The same rows, as far as a playlist tells of them."""
    since = span.from_at - LOOKS_BACK
    rows = await log.outline(stream, SOURCE, since, span.until_at)
    if rendition != SOURCE:
        found = await log.outline(stream, rendition, since, span.until_at)
        own = {(row.session, row.msn): row for row in found}
        rows = [_of_rung(row, own.get((row.session, row.msn)), rendition) for row in rows]
    return rows[_first(rows, span) :]


def render_window(rows: Iterable[SegmentOutline], kind: TrackKind) -> bytes | None:
    """The playlist of one track; None if no row has it."""
    return _render(rows, Listing(kind, to_stream=_TO_STREAM))


def render_transport_window(rows: Iterable[SegmentOutline]) -> bytes | None:
    """The playlist of all tracks as MPEG-TS; None if no row has any."""
    return _render(rows, TransportListing(to_stream=_TO_STREAM))


def _render(rows: Iterable[SegmentOutline], listing: Listing) -> bytes | None:
    for row in rows:
        listing.add(row)
    if not listing.has_track:
        return None
    return listing.render(target_s=listing.target_s, kind="VOD", is_ended=True)


def _of_rung(row: SegmentOutline, own: SegmentOutline | None, rendition: str) -> SegmentOutline:
    """A row of the source with the rung's tracks: the source is the only timeline."""
    video, audio = (None, None) if own is None else (own.video, own.audio)
    return row._replace(rendition=rendition, video=video, audio=audio)


def timeline_of(rows: Sequence[Segment]) -> Timeline:
    timeline = Timeline()
    for row in rows:
        timeline.add(row)
    return timeline


def _first(rows: Sequence[Segment | SegmentOutline], span: Span) -> int:
    """Where the row stands that plays first: the keyframe that the window's first picture needs."""
    inside = next(
        (
            index
            for index, row in enumerate(rows)
            if _starts_at(row) + timedelta(seconds=row.duration_s) > span.from_at
        ),
        len(rows),
    )
    if inside == len(rows):
        return inside
    for index in range(inside, -1, -1):
        if rows[index].session != rows[inside].session:
            break
        if rows[index].is_independent:
            return index
    later = (index for index in range(inside, len(rows)) if rows[index].is_independent)
    return next(later, inside)


def _starts_at(row: Segment | SegmentOutline) -> datetime:
    at = row.starts_at
    return datetime.fromisoformat(at) if isinstance(at, str) else at
