"""`/api/v1/sessions/<id>/watermark`: what naming the source of a leak needs."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from libs.events import (
    PAGE_ROWS,
    GetWatermark,
    ListWatermarked,
    Watermark,
    WatermarkedViewers,
)
from libs.names import SESSION_ID
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse

SessionId = Annotated[str, Path(pattern=f"^{SESSION_ID.pattern}$")]

router = APIRouter(prefix="/sessions/{session}/watermark", tags=["watermarks"])


@router.get("", dependencies=[needs(Permission.WATERMARKS_READ)])
async def get_watermark(house: TheHouse, tenant: TheTenant, session: SessionId) -> Watermark:
    """The secret of a session's forensic watermark; null: it has none. Whoever has the secret knows
    which variants each viewer is served.
    """
    return await house.catalog.ask(GetWatermark(tenant=tenant, session=session))


@router.get("/viewers", dependencies=[needs(Permission.WATERMARKS_READ)])
async def list_viewers(
    house: TheHouse,
    tenant: TheTenant,
    session: SessionId,
    after: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=PAGE_ROWS)] = PAGE_ROWS,
) -> WatermarkedViewers:
    """Everybody who was served the session, by name: one of them leaked it."""
    return await house.catalog.ask(
        ListWatermarked(tenant=tenant, session=session, after=after, limit=limit)
    )
