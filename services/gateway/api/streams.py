"""`/api/v1/streams`: the streams, how to push to them, where to watch them, how they are."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from libs.events import (
    CreateStream,
    DeleteStream,
    GetStream,
    Ladder,
    ListStreams,
    Stream,
    UpdateStream,
    ViewPolicy,
)
from libs.events.marks import Mark
from libs.names import STREAM_ID, check_stream_id
from libs.permissions import Permission
from libs.push_url import SECRET, PushURL, PushURLInvalid
from services.gateway.access.caller import Caller
from services.gateway.api.addresses import Addresses
from services.gateway.api.auth import TheCaller, TheTenant, needs
from services.gateway.api.bodies import body_of
from services.gateway.api.house import House, TheHouse
from services.gateway.api.item import Item, read_item
from services.gateway.errors import ItemInvalid, KeyLimited, StreamUnknown

PAGE_STREAMS = 50
"""Streams asked for at once: so many of the largest items fit one message (1 MiB)."""

_TEXTS = ("title", "description")

router = APIRouter(prefix="/streams", tags=["streams"])

Health = Literal["offline", "waiting", "starting", "live"]


class Push(BaseModel):
    """Where and how to publish. Without the permission `keys:read`, keys are shown as "…"."""

    url: str
    """For ffmpeg and the like."""
    server: str
    """For OBS: Server."""
    stream_key: str
    """For OBS: Stream Key."""
    secure_url: str | None
    """The same as `url` over TLS (RTMPS); null where no certificate is configured."""


class PlayerPages(BaseModel):
    """Pages with a player, by what it plays."""

    flv: str
    hls: str
    hls_cmaf: str
    dash: str


class Playback(BaseModel):
    watch: str
    """The page for people."""
    flv: str
    hls: str
    hls_cmaf: str
    dash: str
    rtmp: str
    """Empty in a signed link: RTMP asks no token, so a signed stream is not played over it."""
    pages: PlayerPages


class Viewers(BaseModel):
    """Players that watch now."""

    total: int
    flv: int
    hls: int
    dash: int
    rtmp: int


class LiveState(BaseModel):
    session: str
    generation: int
    is_publishing: bool
    """False within the reconnect window: the publisher has gone, the session has not."""


class StreamView(BaseModel):
    """A stream as the API shows it."""

    id: str
    created_at: datetime
    expires_at: datetime
    """Until when the push key is valid."""
    push: Push
    playback: Playback
    is_live: bool
    live_since: datetime | None
    live: LiveState | None
    health: Health
    """`waiting`: within the reconnect window; `starting`: on air, not packaged yet."""
    is_enabled: bool
    """Whether it may be published; `isEnabled: false` in the item ends what is on air, too."""
    publish_policy: Literal["takeover", "reject"]
    reconnect_window_s: float
    segment_s: float
    playlist_segments: int
    title: str
    """What is on air, as its watch page says it: one line of at most 200 characters."""
    description: str
    """More of it, at most 5,000 characters."""
    view_policy: ViewPolicy
    """`signed`: it is watched with a viewer token only; `viewPolicy` in the item sets it."""
    is_cdn_allowed: bool
    """Whether a CDN that checks signatures may have it, too; `isCDNAllowed` in the item sets it."""
    ladder: Ladder | None
    """The rungs that it is transcoded to, null for none. In the item, `ladder` sets it
    (`{"rungs": ["sd", "hd", {"name": …, "width": …, "height": …, "bitrate": …}]}`), else the
    fields `isCodec`, `ld`, `sd`, `hd`, `ud` and `codec`."""
    marks: tuple[Mark, ...]
    """What is burned into its picture, the lowest first. In the item, `watermark` sets it (a list
    such as `[{"kind": "text", "text": …, "size": …, "color": …, "anchor": "bottom_right"},
    {"kind": "image", "image": …}, {"kind": "clock"}]`), else the fields `isWaterMark`,
    `isImageWaterMark` and what belongs to them. What became of each while the stream is live, and
    why one is left out, is in `report.marks` of the job `transcode-<session>`."""
    viewers: Viewers
    """Players that watch now, on all gateways."""
    item: dict[str, Any]
    """Every field that was set, with its original JSON type; `relayURL` without its stream key."""


class StreamViews(BaseModel):
    streams: list[StreamView]
    next_after: str | None


class NewStream(BaseModel):
    id: str | None = None
    """None: Weir makes one."""
    item: dict[str, Any] = {}
    title: str = ""
    description: str = ""


class StreamChange(BaseModel):
    """What is left out stays as it is; a live stream's viewers see a new title at once."""

    item: dict[str, Any] = {}
    """Fields to set; others stay as they are."""
    title: str | None = None
    description: str | None = None


def check_known_id(stream_id: str) -> None:
    """A name that no stream can have is simply unknown; it never reaches the catalog."""
    if not STREAM_ID.fullmatch(stream_id):
        raise StreamUnknown(f"There is no stream {stream_id[:64]!r}.")


async def check_own(house: House, tenant: str, stream_id: str) -> None:
    """Raises `StreamUnknown` if it is another tenant's, and what the catalog answers."""
    if await house.viewing.policies.find_tenant(stream_id) != tenant:
        raise StreamUnknown(f"There is no stream {stream_id[:64]!r}.")


async def every_stream(house: House, tenant: str) -> AsyncIterator[Stream]:
    after: str | None = None
    while True:
        ask = ListStreams(tenant=tenant, after=after, limit=PAGE_STREAMS)
        page = await house.catalog.ask(ask)
        for stream in page.streams:
            yield stream
        after = page.next_after
        if after is None:
            return


def view_of(stream: Stream, house: House, caller: Caller, addresses: Addresses) -> StreamView:
    """As this caller may see it."""
    live = house.directory.live(stream.id)
    state = None
    if live is not None:
        state = LiveState(
            session=live.session, generation=live.generation, is_publishing=live.is_publishing
        )
    return StreamView(
        id=stream.id,
        created_at=stream.created_at,
        expires_at=stream.expires_at,
        push=_push_of(stream, addresses, shown_key(stream, caller)),
        playback=playback_of(stream.id, addresses),
        is_live=live is not None and live.is_publishing,
        live_since=stream.live_since if live is not None else None,
        live=state,
        health=_health_of(stream.id, house),
        is_enabled=stream.is_enabled,
        publish_policy=stream.publish_policy,
        reconnect_window_s=stream.reconnect_window_s,
        segment_s=stream.segment_s,
        playlist_segments=stream.playlist_segments,
        title=stream.title,
        description=stream.description,
        view_policy=stream.view_policy,
        is_cdn_allowed=stream.is_cdn_allowed,
        ladder=stream.ladder,
        marks=stream.marks,
        viewers=viewers_of(stream.id, house),
        item=without_secrets(stream.item),
    )


def without_secrets(item: dict[str, Any]) -> dict[str, Any]:
    """`relayURL` holds another platform's stream key: only what wrote it there reads it back."""
    url = item.get("relayURL")
    if not url:
        return item
    try:
        shown = PushURL.parse(str(url)).shown
    except PushURLInvalid:
        shown = SECRET
    return item | {"relayURL": shown}


def shown_key(stream: Stream, caller: Caller) -> str:
    """Its push key, for those who may have it."""
    return stream.key if caller.may(Permission.KEYS_READ) else SECRET


def _push_of(stream: Stream, addresses: Addresses, key: str) -> Push:
    server = addresses.push_server
    stream_key = f"{stream.id}?sign={key}"
    secure = addresses.secure_push
    return Push(
        url=f"{server}/{stream_key}",
        server=server,
        stream_key=stream_key,
        secure_url=f"{secure}/stream/{stream_key}" if secure else None,
    )


def viewers_of(stream_id: str, house: House) -> Viewers:
    counts = house.viewing.census.counts(stream_id)
    rtmp = house.viewing.players.count(stream_id)
    return Viewers(
        total=counts.total + rtmp, flv=counts.flv, hls=counts.hls, dash=counts.dash, rtmp=rtmp
    )


def playback_of(stream_id: str, addresses: Addresses, token: str = "") -> Playback:
    """Where it is watched; with a viewer token that stands in each link."""
    personal = f"/~{token}" if token else ""
    root = f"{addresses.pull}{personal}"
    base = f"{root}/{stream_id}"
    return Playback(
        watch=f"{root}/watch/{stream_id}",
        flv=f"{base}/live.flv",
        hls=f"{base}/live.m3u8",
        hls_cmaf=f"{base}/master.m3u8",
        dash=f"{base}/manifest.mpd",
        rtmp=f"{addresses.push_server}/{stream_id}" + (f"?token={token}" if token else ""),
        pages=PlayerPages(
            flv=f"{base}/flv.html",
            hls=f"{base}/index.html",
            hls_cmaf=f"{base}/hls.html",
            dash=f"{base}/dash.html",
        ),
    )


def _health_of(stream_id: str, house: House) -> Health:
    live = house.directory.live(stream_id)
    if live is None:
        return "offline"
    if not live.is_publishing:
        return "waiting"
    return "live" if house.directory.packager(live.session) else "starting"


@router.get("", dependencies=[needs(Permission.STREAMS_READ, limit="handler")])
async def list_streams(
    house: TheHouse,
    caller: TheCaller,
    after: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_STREAMS)] = PAGE_STREAMS,
) -> StreamViews:
    """A page of streams, oldest first; `next_after` is where the next page starts. Streams that an
    API key is not for are left out of their page.
    """
    ask = ListStreams(tenant=caller.tenant, after=after, limit=limit)
    page = await house.catalog.ask(ask)
    addresses = await house.addresses.of(caller.tenant)
    shown = [stream for stream in page.streams if caller.covers(stream.id)]
    views = [view_of(stream, house, caller, addresses) for stream in shown]
    return StreamViews(streams=views, next_after=page.next_after)


@router.post(
    "",
    status_code=201,
    openapi_extra=body_of(NewStream),
    dependencies=[needs(Permission.STREAMS_WRITE, limit="handler")],
)
async def create_stream(
    request: Request, response: Response, house: TheHouse, caller: TheCaller
) -> StreamView:
    """Make a stream; the answer holds its push key and every playback URL."""
    body = await read_item(request)
    stream_id = body.get("id")
    if stream_id is not None:
        if not isinstance(stream_id, str):
            raise ItemInvalid("id must be a string.")
        check_stream_id(stream_id)
    if not caller.covers(stream_id or ""):
        raise KeyLimited(f"Give the stream an id that begins with {caller.stream_prefix!r}.")
    ask = CreateStream(
        tenant=caller.tenant,
        id=stream_id,
        item=_item_of(body, {"id", "item", *_TEXTS}),
        title=_text_of(body, "title") or "",
        description=_text_of(body, "description") or "",
    )
    stream = await house.catalog.ask(ask)
    response.headers["location"] = f"/api/v1/streams/{stream.id}"
    return view_of(stream, house, caller, await house.addresses.of(caller.tenant))


@router.get("/{stream_id}", dependencies=[needs(Permission.STREAMS_READ)])
async def get_stream(stream_id: str, house: TheHouse, caller: TheCaller) -> StreamView:
    """One stream, and whether it is live."""
    check_known_id(stream_id)
    stream = await house.catalog.ask(GetStream(tenant=caller.tenant, id=stream_id))
    return view_of(stream, house, caller, await house.addresses.of(caller.tenant))


@router.patch(
    "/{stream_id}",
    openapi_extra=body_of(StreamChange),
    dependencies=[needs(Permission.STREAMS_WRITE)],
)
async def update_stream(
    stream_id: str, request: Request, house: TheHouse, caller: TheCaller
) -> StreamView:
    """Set the fields of `item`, the title, the description; others stay."""
    check_known_id(stream_id)
    body = await read_item(request)
    ask = UpdateStream(
        tenant=caller.tenant,
        id=stream_id,
        item=_item_of(body, {"item", *_TEXTS}),
        title=_text_of(body, "title"),
        description=_text_of(body, "description"),
    )
    stream = await house.catalog.ask(ask)
    return view_of(stream, house, caller, await house.addresses.of(caller.tenant))


@router.delete("/{stream_id}", status_code=204, dependencies=[needs(Permission.STREAMS_WRITE)])
async def delete_stream(stream_id: str, house: TheHouse, tenant: TheTenant) -> None:
    """Its push key stops working at once, and a publisher is disconnected."""
    check_known_id(stream_id)
    await house.catalog.ask(DeleteStream(tenant=tenant, id=stream_id))


def _item_of(body: Item, known: set[str]) -> Item:
    unknown = sorted(body.keys() - known)
    if unknown:
        raise ItemInvalid(f"Unknown field {unknown[0]!r}; a stream's own fields go into `item`.")
    item = body.get("item", {})
    if not isinstance(item, dict):
        raise ItemInvalid("item must be a JSON object.")
    return item


def _text_of(body: Item, name: str) -> str | None:
    text = body.get(name)
    if text is not None and not isinstance(text, str):
        raise ItemInvalid(f"{name} must be a string.")
    return text
