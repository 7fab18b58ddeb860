"""`/api/v1/assets/{id}/events`: how an asset is made, as server-sent events."""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from libs.errors import WeirError
from libs.events import Asset, GetAsset
from libs.permissions import Permission
from services.gateway.api.assets import AssetId, shown
from services.gateway.api.auth import TheTenant, may, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.event_stream import event, event_stream

LOOK_S = 15.0
"""How often the asset is looked at though nothing was heard: a fact may have been missed."""
OVER = frozenset({"ready", "failed"})

router = APIRouter(prefix="/assets", tags=["assets"], dependencies=[needs(Permission.ASSETS_READ)])


@router.get("/{asset_id}/events", response_class=StreamingResponse)
async def follow_asset(
    asset_id: AssetId, request: Request, house: TheHouse, tenant: TheTenant
) -> StreamingResponse:
    """`text/event-stream`: an event `asset`, as `GET` answers it, at first and whenever it is
    another; an event `job` with `job`, `attempt`, `progress` whenever one of its chunks gets
    further. It ends when the asset is ready or has failed, or the caller may read it no more.
    """
    house.progress.check_room()
    await _ask(asset_id, house, tenant)
    return event_stream(_tell(asset_id, request, house, tenant))


async def _tell(asset_id: str, request: Request, house: House, tenant: str) -> AsyncIterator[bytes]:
    with house.progress.follow(asset_id) as following:
        following.changed()  # how it is now comes first
        while True:
            has_changed, jobs = following.take()
            for fact in jobs:
                yield _event("job", fact.model_dump(include={"job", "attempt", "progress"}))
            if has_changed or not jobs:
                try:
                    asset = await _ask(asset_id, house, tenant)
                    view = await shown(asset, house)
                except WeirError as error:
                    if not error.retry:
                        return  # it was deleted
                    yield b": the catalog is away\n\n"
                else:
                    yield _event("asset", view.model_dump(mode="json"))
                    if asset.state in OVER:
                        return
            await following.wait(LOOK_S)
            if not await may(request, house, Permission.ASSETS_READ):
                return


async def _ask(asset: str, house: House, tenant: str) -> Asset:
    return await house.catalog.ask(GetAsset(tenant=tenant, asset=asset))


def _event(name: str, data: dict[str, Any]) -> bytes:
    return event(name, json.dumps(data))
