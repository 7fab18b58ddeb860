"""Which rows of the segment log a request means, and ListFragments, GetMediaForFragmentList."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from libs.events import ListSegments, ListWindow, Segment, Stream
from libs.names import DEFAULT_TENANT, SOURCE
from libs.permissions import Permission
from services.gateway.api.auth import signed
from services.gateway.api.house import House, TheHouse
from services.gateway.api.kvs.errors import KVSRoute, invalid, unknown
from services.gateway.api.kvs.names import find_recorded, fragment_number, read_fragment_number
from services.gateway.api.kvs.request import Input, Instant, OfStream, body_of, read
from services.gateway.api.kvs.streams import read_token, write_token
from services.gateway.views.clip import Clip
from services.gateway.views.log import Log
from services.gateway.views.matroska import read_as_matroska
from services.gateway.views.span import MAX_SPAN

router = APIRouter(route_class=KVSRoute)
MAX_FRAGMENTS = 1000
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MOMENT = timedelta(microseconds=1)


class TimestampRange(Input):
    start_timestamp: Instant
    end_timestamp: Instant | None = None


class Selector(Input):
    """Weir knows one clock of a fragment, so that both types are the same."""

    fragment_selector_type: Literal["PRODUCER_TIMESTAMP", "SERVER_TIMESTAMP"]
    timestamp_range: TimestampRange | None = None


class FragmentsWanted(OfStream):
    max_results: int = Field(default=MAX_FRAGMENTS, ge=1, le=MAX_FRAGMENTS)
    next_token: str = Field(default="", max_length=4096)
    fragment_selector: Selector | None = None


class MediaWanted(OfStream):
    fragments: list[Annotated[str, Field(max_length=128)]] = Field(
        min_length=1, max_length=MAX_FRAGMENTS
    )


def bounds(selector: Selector | None) -> tuple[datetime, datetime]:
    """First moment, and the one behind the last. Raises `InvalidArgument`."""
    wanted = selector.timestamp_range if selector is not None else None
    if wanted is None or wanted.end_timestamp is None:
        raise invalid("A fragment selector needs a TimestampRange with start and end.")
    if wanted.end_timestamp < wanted.start_timestamp:
        raise invalid("EndTimestamp must not lie before StartTimestamp.")
    if wanted.end_timestamp - wanted.start_timestamp > MAX_SPAN:
        raise invalid("A TimestampRange covers at most 24 hours.")
    # A fragment that starts exactly at the end belongs to it.
    return wanted.start_timestamp, wanted.end_timestamp + _MOMENT


async def selected(
    house: House, stream: Stream, from_at: datetime, until_at: datetime, most: int | None = None
) -> AsyncIterator[Segment]:
    """The fragments that start within the bounds, `most` at most."""
    log = Log(house.catalog, DEFAULT_TENANT)
    count = 0
    async for rows in log.pages_of_window(stream.id, SOURCE, from_at, until_at):
        for row in rows:
            yield row
            count += 1
            if count == most:
                return


@router.post(
    "/listFragments",
    openapi_extra=body_of(FragmentsWanted),
    dependencies=[signed(Permission.RECORDINGS_READ)],
)
async def list_fragments(request: Request, house: TheHouse) -> dict[str, Any]:
    """The stored fragments of a stream, in order: one for each row of the segment log."""
    wanted = await read(request, FragmentsWanted)
    stream = await find_recorded(house, wanted)
    from_at, until_at = _BEGINNING, datetime.now(UTC)
    if wanted.fragment_selector is not None:
        from_at, until_at = bounds(wanted.fragment_selector)
    ask = ListWindow(
        tenant=DEFAULT_TENANT,
        stream=stream.id,
        rendition=SOURCE,
        from_at=from_at,
        until_at=until_at,
        after=read_token(wanted.next_token) if wanted.next_token else None,
        limit=wanted.max_results,
    )
    page = await house.catalog.ask(ask)
    answer: dict[str, Any] = {"Fragments": [_fragment(row) for row in page.segments]}
    if page.next_after is not None:
        answer["NextToken"] = write_token(page.next_after)
    return answer


@router.post(
    "/getMediaForFragmentList",
    openapi_extra=body_of(MediaWanted),
    dependencies=[signed(Permission.RECORDINGS_READ)],
)
async def get_media_for_fragment_list(request: Request, house: TheHouse) -> StreamingResponse:
    """The media of fragments as one Matroska file, in the order that was asked for."""
    wanted = await read(request, MediaWanted)
    stream = await find_recorded(house, wanted)
    clip = Clip()
    for row in await _rows(house, stream, wanted.fragments):
        clip.add(row)
    await clip.open(house.store)
    return StreamingResponse(read_as_matroska(clip, house.store), media_type="video/webm")


async def _rows(house: House, stream: Stream, numbers: list[str]) -> list[Segment]:
    """Raises `ResourceNotFound`, `InvalidArgument`."""
    keys = [read_fragment_number(number) for number in numbers]
    found: dict[tuple[str, int], Segment] = {}
    for session in {session for session, _ in keys}:
        msns = sorted(msn for each, msn in keys if each == session)
        after: int | None = msns[0] - 1
        while after is not None and after < msns[-1]:
            ask = ListSegments(
                tenant=DEFAULT_TENANT, session=session, rendition=SOURCE, after=after,
                limit=min(MAX_FRAGMENTS, msns[-1] - after),
            )  # fmt: skip
            page = await house.catalog.ask(ask)
            found |= {(session, row.msn): row for row in page.segments if row.stream == stream.id}
            after = page.next_after
    for key, number in zip(keys, numbers, strict=True):
        if key not in found:
            raise unknown(f"The stream {stream.id!r} has no fragment {number}.")
    return [found[key] for key in keys]


def _fragment(row: Segment) -> dict[str, Any]:
    return {
        "FragmentNumber": fragment_number(row),
        "FragmentSizeInBytes": row.size_bytes,
        "ProducerTimestamp": row.starts_at.timestamp(),
        "ServerTimestamp": row.starts_at.timestamp(),
        "FragmentLengthInMilliseconds": round(row.duration_s * 1000),
    }
