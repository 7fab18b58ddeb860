"""GetHLSStreamingSessionURL and GetDASHStreamingSessionURL: links that play, for a while."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from libs.events import Segment, Stream
from libs.names import DEFAULT_TENANT
from libs.permissions import Permission
from libs.signing import ViewerClaims, sign_viewer
from services.gateway.api.auth import signed
from services.gateway.api.house import House, TheHouse
from services.gateway.api.kvs.errors import KVSRoute, check_pictures, invalid, unknown
from services.gateway.api.kvs.fragments import Selector, bounds, selected
from services.gateway.api.kvs.names import find_recorded
from services.gateway.api.kvs.request import OfStream, body_of, read
from services.gateway.views.log import Log

router = APIRouter(route_class=KVSRoute)
MIN_EXPIRES_S, MAX_EXPIRES_S = 300, 43_200
FRAGMENTS_ON_DEMAND = 1000
"""Listed unless another number is asked for."""
MAX_FRAGMENTS = 5000
LIVE_WINDOW = timedelta(seconds=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class SessionWanted(OfStream):
    playback_mode: Literal["LIVE", "LIVE_REPLAY", "ON_DEMAND"] = "LIVE"
    display_fragment_timestamp: Literal["ALWAYS", "NEVER"] = "NEVER"
    expires: int = Field(default=MIN_EXPIRES_S, ge=MIN_EXPIRES_S, le=MAX_EXPIRES_S)


class HLSWanted(SessionWanted):
    hls_fragment_selector: Selector | None = Field(default=None, alias="HLSFragmentSelector")
    container_format: Literal["FRAGMENTED_MP4", "MPEG_TS"] = "FRAGMENTED_MP4"
    discontinuity_mode: Literal["ALWAYS", "NEVER", "ON_DISCONTINUITY"] = "NEVER"
    max_media_playlist_fragment_results: int | None = Field(default=None, ge=1, le=MAX_FRAGMENTS)


class DASHWanted(SessionWanted):
    dash_fragment_selector: Selector | None = Field(default=None, alias="DASHFragmentSelector")
    display_fragment_number: Literal["ALWAYS", "NEVER"] = "NEVER"
    max_manifest_fragment_results: int | None = Field(default=None, ge=1, le=MAX_FRAGMENTS)


@router.post(
    "/getHLSStreamingSessionURL",
    openapi_extra=body_of(HLSWanted),
    dependencies=[signed(Permission.VIEWERS_WRITE)],
)
async def get_hls_session(request: Request, house: TheHouse) -> dict[str, Any]:
    """A link that plays as HLS until it expires."""
    wanted = await read(request, HLSWanted)
    stream = await find_recorded(house, wanted)
    most = wanted.max_media_playlist_fragment_results or FRAGMENTS_ON_DEMAND
    view = await _view(house, stream, wanted.playback_mode, wanted.hls_fragment_selector, most)
    if wanted.container_format == "MPEG_TS":
        # Live as MPEG-TS is a window that goes on with what is on air.
        name = f"{view or f'{_ms(datetime.now(UTC) - LIVE_WINDOW)}-'}/ts.m3u8"
    else:
        name = f"{view}/index.m3u8" if view else "master.m3u8"
    pull = await house.addresses.pull_of(stream.tenant)
    return {"HLSStreamingSessionURL": playback_url(house, pull, stream.id, name, wanted.expires)}


@router.post(
    "/getDASHStreamingSessionURL",
    openapi_extra=body_of(DASHWanted),
    dependencies=[signed(Permission.VIEWERS_WRITE)],
)
async def get_dash_session(request: Request, house: TheHouse) -> dict[str, Any]:
    """A link that plays as DASH until it expires."""
    wanted = await read(request, DASHWanted)
    stream = await find_recorded(house, wanted)
    most = wanted.max_manifest_fragment_results or FRAGMENTS_ON_DEMAND
    view = await _view(house, stream, wanted.playback_mode, wanted.dash_fragment_selector, most)
    name = f"{view}/manifest.mpd" if view else "manifest.mpd"
    pull = await house.addresses.pull_of(stream.tenant)
    return {"DASHStreamingSessionURL": playback_url(house, pull, stream.id, name, wanted.expires)}


def playback_url(house: House, pull: str, stream_id: str, name: str, expires_s: int) -> str:
    """The address of `name` below the stream at the domain `pull`, with a token that is judged
    wherever it is shown.

    A link to a session, or to a window that has an end, is good for nothing else of the stream.
    """
    now = time.time()
    claims = ViewerClaims(
        kind="playback",
        subject=stream_id,
        expires_at_s=int(now) + expires_s,
        issued_at_ms=int(now * 1000),
        view=_part_of(name),
    )
    token = sign_viewer(claims, house.viewing.keys.signing(datetime.fromtimestamp(now, UTC)))
    return f"{pull}/~{token}/{stream_id}/{name}"


def _part_of(name: str) -> str:
    """The view that a name stands in; "" if it is live, or goes on with what is."""
    view, slash, _ = name.partition("/")
    return view if slash and not view.endswith("-") else ""


async def on_demand(
    house: House, stream: Stream, from_at: datetime, until_at: datetime, most: int
) -> str:
    """The window that has exactly these fragments. Raises `ResourceNotFound`."""
    return _window(*await _ends(house, stream, from_at, until_at, most))


async def _ends(
    house: House, stream: Stream, from_at: datetime, until_at: datetime, most: int
) -> tuple[Segment, Segment]:
    """The first and the last fragment. Raises `ResourceNotFound`."""
    first = last = None
    async for row in selected(house, stream, from_at, until_at, most):
        first, last = first or row, row
    if first is None or last is None:
        raise unknown("The stream has no fragments in this time range.")
    return first, last


def _window(first: Segment, last: Segment) -> str:
    return f"{-(-(first.starts_at - _EPOCH) // _MILLISECOND)}-{_ms(last.starts_at) + 1}"


async def _view(
    house: House, stream: Stream, mode: str, selector: Selector | None, most: int
) -> str:
    """The folder of the view below the stream; "" is what is live."""
    if mode == "ON_DEMAND":
        first, last = await _ends(house, stream, *bounds(selector), most)
        check_pictures(first.tracks)
        return _window(first, last)
    start = _start(mode, selector)
    live = house.directory.live(stream.id)
    if live is None and start is None:
        raise unknown("The stream has had no fragment for 30 seconds.")
    if live is None:
        raise unknown("The stream is not live; ask for ON_DEMAND.")
    if tracks := await Log(house.catalog, DEFAULT_TENANT).tracks([live.session]):
        check_pictures(tracks.values())
    return "" if start is None else f"{_ms(start)}-"


def _start(mode: str, selector: Selector | None) -> datetime | None:
    """From when on LIVE_REPLAY plays; None is LIVE. Raises `InvalidArgument`."""
    wanted = None if selector is None else selector.timestamp_range
    if mode == "LIVE" and wanted is not None:
        raise invalid("LIVE takes no TimestampRange; LIVE_REPLAY and ON_DEMAND do.")
    if mode == "LIVE_REPLAY" and wanted is None:
        raise invalid("LIVE_REPLAY needs a TimestampRange with a StartTimestamp.")
    return None if wanted is None else wanted.start_timestamp


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND
