"""`/api/v1/viewer-keys`: the keys that sign viewer tokens. Two are live; secrets are never told."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from libs.events import ListViewerKeys, RotateViewerKeys, ViewerKeys
from libs.names import DEFAULT_TENANT
from libs.permissions import Permission
from services.gateway.api.auth import needs
from services.gateway.api.house import TheHouse

router = APIRouter(prefix="/viewer-keys", tags=["viewers"])


class KeyView(BaseModel):
    id: str
    created_at: datetime


class KeyViews(BaseModel):
    keys: list[KeyView]
    """Newest first; the newest signs, from 20 s after it was made."""


@router.get("", dependencies=[needs(Permission.VIEWERS_READ)])
async def list_keys(house: TheHouse) -> KeyViews:
    """The live keys, without their secrets."""
    return _views(await house.catalog.ask(ListViewerKeys(tenant=DEFAULT_TENANT)))


@router.post("/rotate", dependencies=[needs(Permission.SETTINGS_WRITE)])
async def rotate_keys(house: TheHouse) -> KeyViews:
    """Make a new key. Tokens of the last one stay good, those of the one before are void now.

    Twice in a row makes every token void that there is.
    """
    answer = await house.catalog.ask(RotateViewerKeys(tenant=DEFAULT_TENANT))
    house.viewing.keys_learnt(answer)
    return _views(answer)


def _views(answer: ViewerKeys) -> KeyViews:
    return KeyViews(keys=[KeyView(id=key.id, created_at=key.created_at) for key in answer.keys])
