"""`/api/v1/windows`: the same time of several streams, to be shown beside each other."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from libs.events import GetStream
from libs.permissions import Permission
from services.gateway.api.auth import TheCaller, check, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.api.kvs.sessions import playback_url
from services.gateway.api.named_clips import ClipLinks, links_of
from services.gateway.api.streams import check_known_id
from services.gateway.api.viewer_tokens import MAX_TOKEN_S
from services.gateway.errors import SpanWrong
from services.gateway.views.alignment import align
from services.gateway.views.log import Log
from services.gateway.views.span import Span

MAX_STREAMS = 32

router = APIRouter(prefix="/windows", tags=["views"])


class ShownPart(BaseModel):
    """A time of which there is something, without a hole."""

    session: str
    from_at: datetime
    until_at: datetime
    position_s: float
    """Where `from_at` is in the playlist, in seconds from its beginning."""


class Hole(BaseModel):
    """A time within the window of which there is nothing."""

    from_at: datetime
    until_at: datetime


class StreamWindow(BaseModel):
    """What is to be seen of one stream."""

    stream: str
    playback: ClipLinks | None
    """None: nothing is."""
    offset_s: float | None
    """When its playlist begins, in seconds from the window's beginning. It is negative where the
    first picture needs an earlier keyframe: `-offset_s` is then the position to begin at.
    """
    duration_s: float
    parts: list[ShownPart]
    holes: list[Hole]


class Windows(BaseModel):
    from_at: datetime
    until_at: datetime
    streams: list[StreamWindow]
    """In the order in which they were asked for."""


@router.get("", dependencies=[needs(Permission.RECORDINGS_READ, limit="query")])
async def show_windows(
    house: TheHouse,
    caller: TheCaller,
    stream: Annotated[list[str], Query(min_length=1, max_length=MAX_STREAMS)],
    from_at: AwareDatetime,
    until_at: AwareDatetime,
    expires_in_s: Annotated[int | None, Query(ge=60, le=MAX_TOKEN_S)] = None,
) -> Windows:
    """The same window of up to 32 streams: playlists, where each stands at which time, and what is
    missing. With `expires_in_s` (which needs `viewers:write`, too) the links work for whoever has
    them, for so long, and show this window only.

    To show all at the time T, find in each stream's `parts` the one that holds T, and seek its
    player to `position_s` + (T - `from_at`).
    """
    if expires_in_s is not None:
        check(caller, Permission.VIEWERS_WRITE)
    span = Span(_to_ms(from_at), _to_ms(until_at))
    if span.trouble is not None:
        raise SpanWrong(span.trouble)
    for each in stream:
        check_known_id(each)
    pull = await house.addresses.pull_of(caller.tenant)
    shown = await asyncio.gather(
        *(
            _show(each, span, house, caller.tenant, _linker(each, house, pull, expires_in_s))
            for each in stream
        )
    )
    return Windows(from_at=span.from_at, until_at=span.until_at, streams=shown)


async def _show(
    stream: str, span: Span, house: House, tenant: str, link: Callable[[str], str]
) -> StreamWindow:
    await house.catalog.ask(GetStream(tenant=tenant, id=stream))
    runs = await Log(house.catalog, tenant).runs(stream, span.from_at, span.until_at)
    found = align(span, runs, now=datetime.now(UTC))
    offset_s = None
    if found.shown:
        offset_s = (found.shown[0].from_at - span.from_at).total_seconds()
    return StreamWindow(
        stream=stream,
        playback=links_of(span, link) if found.shown else None,
        offset_s=offset_s,
        duration_s=found.duration_s,
        parts=[ShownPart(**each._asdict()) for each in found.shown],
        holes=[Hole(**each._asdict()) for each in found.holes],
    )


def _linker(stream: str, house: House, pull: str, expires_in_s: int | None) -> Callable[[str], str]:
    if expires_in_s is not None:
        return lambda name: playback_url(house, pull, stream, name, expires_in_s)
    return lambda name: f"{pull}/{stream}/{name}"


def _to_ms(at: datetime) -> datetime:
    """As it stands in a link."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
