"""`/api/v1/api-keys`: keys of programs, each for what it needs.

    weir_<id>_<secret>

The key is told once; what is kept opens nothing.
"""

import secrets
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from libs.events import APIKey, CreateAPIKey, ListAPIKeys, RevokeAPIKey
from libs.events.access import MAX_KEY_NAME, PAGE_ACCESS
from libs.names import STREAM_ID
from libs.permissions import Permission, known
from services.gateway.access.callers import KEY_PREFIX, digest_of
from services.gateway.api.auth import TheCaller, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.jobs import After
from services.gateway.errors import ExpiryPast, PermissionLacking

router = APIRouter(prefix="/api-keys", tags=["api keys"])
KeyId = Annotated[str, Path(pattern="^[0-9a-f]{12}$")]
ID_BYTES, SECRET_BYTES = 6, 32


def _check_prefix(prefix: str) -> str:
    if prefix and not STREAM_ID.fullmatch(prefix):
        raise ValueError("must be how ids of streams begin")
    return prefix


class NewAPIKey(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_KEY_NAME, pattern="^[^\x00-\x1f\x7f]*$")
    permissions: list[Permission] = Field(min_length=1)
    """None beyond those of the caller."""
    stream_prefix: Annotated[str, AfterValidator(_check_prefix)] = ""
    """Only streams whose ids begin so, and nothing that is about none or several."""
    expires_at: AwareDatetime | None = None
    """Default: when it is revoked."""


class APIKeyView(BaseModel):
    id: str
    name: str
    permissions: list[Permission]
    stream_prefix: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    used_at: datetime | None
    """Last, to within half a minute."""


class MadeAPIKey(APIKeyView):
    key: str
    """What is sent as `x-api-key`; it is told just this once."""


class APIKeyViews(BaseModel):
    keys: list[APIKeyView]
    """Without the key of the settings."""
    next_after: str | None


@router.get("", dependencies=[needs(Permission.API_KEYS_READ)])
async def list_keys(
    house: TheHouse,
    caller: TheCaller,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_ACCESS)] = PAGE_ACCESS,
) -> APIKeyViews:
    """A page of keys, newest first."""
    page = await house.catalog.ask(ListAPIKeys(tenant=caller.tenant, after=after, limit=limit))
    return APIKeyViews(keys=[_view(key) for key in page.keys], next_after=page.next_after)


@router.post("", status_code=201, dependencies=[needs(Permission.API_KEYS_WRITE)])
async def create_key(
    body: NewAPIKey, response: Response, house: TheHouse, caller: TheCaller
) -> MadeAPIKey:
    """Make a key, which may no more than the caller."""
    lacking = sorted(set(body.permissions) - caller.permissions)
    if lacking:
        raise PermissionLacking(f"You may not {lacking[0]} yourself, so no key of yours may.")
    if body.expires_at is not None and body.expires_at <= datetime.now(UTC):
        raise ExpiryPast("`expires_at` is over; name a time to come.")
    key_id = secrets.token_hex(ID_BYTES)
    key = f"{KEY_PREFIX}{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    ask = CreateAPIKey(
        tenant=caller.tenant,
        id=key_id,
        digest=digest_of(key),
        key_name=body.name,
        permissions=tuple(sorted(set(body.permissions))),
        stream_prefix=body.stream_prefix,
        created_by=caller.name,
        expires_at=body.expires_at,
    )
    made = await house.catalog.ask(ask)
    response.headers["location"] = f"/api/v1/api-keys/{made.id}"
    return MadeAPIKey(**_view(made).model_dump(), key=key)


@router.delete("/{key_id}", status_code=204, dependencies=[needs(Permission.API_KEYS_WRITE)])
async def revoke_key(key_id: KeyId, house: TheHouse, caller: TheCaller) -> None:
    """Revoke a key. It opens nothing from now on."""
    await house.catalog.ask(RevokeAPIKey(tenant=caller.tenant, id=key_id))
    house.access.callers.doubt()


def _view(key: APIKey) -> APIKeyView:
    said = key.model_dump(include=set(APIKeyView.model_fields), exclude={"permissions"})
    return APIKeyView(**said, permissions=sorted(known(key.permissions)))
