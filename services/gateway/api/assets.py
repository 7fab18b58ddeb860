"""`/api/v1/assets`: what can be played on demand."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from libs.events import (
    Asset,
    AssetState,
    CreateAsset,
    DeleteAsset,
    GetAsset,
    ListAssets,
    RenameAsset,
    ViewPolicy,
)
from libs.events.assets import MAX_ASSET_NAME, AssetWay
from libs.names import SESSION_ID
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.api.named_clips import ClipLinks, links_of

PAGE_ASSETS = 200

router = APIRouter(prefix="/assets", tags=["assets"])
AssetId = Annotated[str, Path(pattern="^asset-[0-9a-f]{16}$")]
Name = Annotated[str, Field(min_length=1, max_length=MAX_ASSET_NAME)]


class NewAsset(BaseModel):
    """Made of an upload that was accepted, or of a session that is over: then nothing is copied,
    and nothing of it goes until the asset is deleted.
    """

    model_config = ConfigDict(extra="forbid")

    upload: str | None = Field(default=None, pattern="^upload-[0-9a-f]{16}$")
    session: str | None = Field(default=None, pattern=f"^{SESSION_ID.pattern}$")
    name: Name | None = None
    """Default: that of the file, or the id of the stream."""
    ladder: dict[str, Any] | None = None
    """Of an upload: as in a stream, for example `{"rungs": ["sd", "hd"]}`."""
    view_policy: ViewPolicy | None = None
    """Of an upload; default: `public`. A session's is that of its stream."""
    is_cdn_allowed: bool = False
    """Of an upload: whether a CDN that checks signatures may have it, too. A session's is as its
    stream's; what has a watermark may not be there."""
    is_watermarked: bool = False
    """Of an upload: make each rendition in two variants, so that a leaked copy names its viewer. It
    is `signed`, takes twice the room, and is not copied from the source.
    """


class AssetChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name


class AssetLinks(ClipLinks):
    watch: str
    """The page for people."""
    poster: str
    """A JPEG of at most 1280x720; 409 while it is made, 404 if there is no picture."""
    storyboard: str
    """WebVTT: which tile of which JPEG shows which time. It is made when it is first asked for."""


class AudioTrackView(BaseModel):
    """A sound that a viewer can choose. MP4 files have the default one."""

    language: str | None
    """BCP 47; `und`: its file does not say. Null: it was on air, which has no languages."""
    label: str | None
    is_default: bool
    codec: str
    channels: int | None
    sample_rate: int | None


class AssetView(BaseModel):
    """An asset. `state` goes from `waiting` by `processing` to `ready`, or is `failed`, with a
    reason.
    """

    id: str
    name: str
    way: AssetWay
    state: AssetState
    upload: str | None
    stream: str
    session: str | None
    view_policy: ViewPolicy
    is_cdn_allowed: bool
    ladder: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    chunks: int
    chunks_done: int
    progress: float
    """0 to 1: how much of it is made."""
    duration_s: float | None
    is_watermarked: bool
    audio_tracks: tuple[AudioTrackView, ...]
    """The default first; known once a part of it is made."""
    job: str | None
    error_code: str | None
    reason: str | None
    playback: AssetLinks | None
    """Where it is watched, once it is ready, by whoever may."""


class AssetsView(BaseModel):
    assets: tuple[AssetView, ...]
    next_after: str | None


@router.get("", dependencies=[needs(Permission.ASSETS_READ)])
async def list_assets(
    house: TheHouse,
    tenant: TheTenant,
    state: AssetState | None = None,
    upload: Annotated[str | None, Query(pattern="^upload-[0-9a-f]{16}$")] = None,
    after: Annotated[str | None, Query(max_length=128, pattern=r"^[\x21-\x7e]*$")] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_ASSETS)] = PAGE_ASSETS,
) -> AssetsView:
    """A page of assets, newest first."""
    ask = ListAssets(tenant=tenant, state=state, upload=upload, after=after, limit=limit)
    page = await house.catalog.ask(ask)
    pull = await house.addresses.pull_of(tenant)
    views = tuple(show(asset, pull) for asset in page.assets)
    return AssetsView(assets=views, next_after=page.next_after)


@router.post("", status_code=201, dependencies=[needs(Permission.ASSETS_WRITE)])
async def create_asset(
    body: NewAsset, response: Response, house: TheHouse, tenant: TheTenant
) -> AssetView:
    """Make an asset of an upload (each has one already, with the ladder that it was sent with), or
    keep a session as one.
    """
    ask = CreateAsset(
        tenant=tenant,
        upload=body.upload,
        session=body.session,
        title=body.name,
        ladder=body.ladder,
        view_policy=body.view_policy,
        is_cdn_allowed=body.is_cdn_allowed,
        is_watermarked=body.is_watermarked,
    )
    asset = await house.catalog.ask(ask)
    response.headers["location"] = f"/api/v1/assets/{asset.id}"
    return await shown(asset, house)


@router.get("/{asset_id}", dependencies=[needs(Permission.ASSETS_READ)])
async def get_asset(asset_id: AssetId, house: TheHouse, tenant: TheTenant) -> AssetView:
    """An asset, how far it is made, and where it is watched."""
    return await shown(await house.catalog.ask(GetAsset(tenant=tenant, asset=asset_id)), house)


@router.patch("/{asset_id}", dependencies=[needs(Permission.ASSETS_WRITE)])
async def rename_asset(
    asset_id: AssetId, body: AssetChange, house: TheHouse, tenant: TheTenant
) -> AssetView:
    """Call it something else."""
    ask = RenameAsset(tenant=tenant, asset=asset_id, title=body.name)
    return await shown(await house.catalog.ask(ask), house)


@router.delete("/{asset_id}", status_code=204, dependencies=[needs(Permission.ASSETS_DELETE)])
async def delete_asset(asset_id: AssetId, house: TheHouse, tenant: TheTenant) -> None:
    """Stop making it, and let its media go; those of a session are left to retention again."""
    await house.catalog.ask(DeleteAsset(tenant=tenant, asset=asset_id))


async def shown(asset: Asset, house: House) -> AssetView:
    return show(asset, await house.addresses.pull_of(asset.tenant))


def show(asset: Asset, pull: str) -> AssetView:
    """With links below the domain `pull`."""
    playback = None
    if asset.state == "ready" and asset.session is not None:
        base = f"{pull}/{asset.stream}"
        links = links_of(asset.session, lambda name: f"{base}/{name}")
        beside = f"{base}/{asset.session}"
        playback = AssetLinks(
            **links.model_dump(),
            watch=f"{pull}/watch/{asset.id}",
            poster=f"{beside}/poster.jpg",
            storyboard=f"{beside}/storyboard.vtt",
        )
    done = asset.chunks_done / asset.chunks if asset.chunks else float(asset.state == "ready")
    return AssetView(
        **asset.model_dump(exclude={"tenant"}), progress=round(done, 3), playback=playback
    )
