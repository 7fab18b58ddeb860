"""Everybody who may call."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from sqlalchemy import insert

from libs.events import CreateAPIKey, CreateStream, CreateUser, OpenConsoleSession
from libs.permissions import ALL, Permission, Role
from services.catalog.access_answers import AccessAnswers
from services.catalog.models import TenantRow
from services.gateway.access.callers import digest_of
from services.gateway.api.auth import COOKIE
from tests.integration.access.conftest import ORIGIN, Installation

SCOPE = Permission.STREAMS_READ
PREFIX = "cam-"


async def populate(weir: Installation) -> None:
    for stream, item in (("cam-1", {}), ("shut", {"viewPolicy": "signed"})):
        await weir.bus.ask(CreateStream(tenant="default", id=stream, item=item))
    async with weir.database.transaction() as tx:
        await tx.execute(insert(TenantRow).values(id="acme", created_at=datetime.now(UTC)))


async def nobody(weir: Installation) -> httpx2.AsyncClient:
    return weir.client(**ORIGIN)


async def user(weir: Installation, role: Role) -> httpx2.AsyncClient:
    password_hash = await weir.house.access.passwords.hash("long enough")
    ask = CreateUser(tenant="default", user_name=role.value, role=role, password_hash=password_hash)
    await weir.bus.ask(ask)
    return await weir.signed_in(role.value, "long enough")


async def key(weir: Installation, **more: Any) -> httpx2.AsyncClient:
    secret = "weir_0123456789ab_secret"
    facts: dict[str, Any] = {"tenant": "default", "permissions": tuple(each.value for each in ALL)}
    ask = CreateAPIKey(
        id="0123456789ab",
        digest=digest_of(secret),
        key_name="a key",
        created_by="somebody",
        **facts | more,
    )
    await weir.bus.ask(ask)
    return weir.client(**{"x-api-key": secret})


async def expired(weir: Installation) -> httpx2.AsyncClient:
    long_ago = AccessAnswers(weir.database, lambda: datetime(2020, 1, 1, tzinfo=UTC))
    ask = OpenConsoleSession(
        tenant="default",
        user=None,
        digest=digest_of("long ago"),
        fence=weir.house.access.owner.fence,
        lifetime_s=3600,
        idle_s=3600,
    )
    await long_ago.open_session(ask)
    return weir.client(**ORIGIN, cookie=f"{COOKIE}=long ago")


async def ended(weir: Installation) -> httpx2.AsyncClient:
    """Somebody kept the cookie of a session that was signed out."""
    client = await weir.signed_in()
    cookie = client.cookies[COOKIE]
    assert (await client.post("/api/v1/logout")).status_code == 204
    return weir.client(**ORIGIN, cookie=f"{COOKIE}={cookie}")


async def disabled(weir: Installation) -> httpx2.AsyncClient:
    client = await user(weir, Role.OWNER)
    other = await weir.signed_in()
    [listed] = (await other.get("/api/v1/users")).json()["users"]
    changed = await other.patch(f"/api/v1/users/{listed['id']}", json={"is_disabled": True})
    assert changed.status_code == 200
    return client


async def revoked(weir: Installation) -> httpx2.AsyncClient:
    client = await key(weir)
    assert (await client.get("/api/v1/streams")).status_code == 200
    owner = await weir.signed_in()
    [listed] = (await owner.get("/api/v1/api-keys")).json()["keys"]
    assert (await owner.delete(f"/api/v1/api-keys/{listed['id']}")).status_code == 204
    return client


async def of_settings(weir: Installation) -> httpx2.AsyncClient:
    return weir.client(**{"x-api-key": weir.house.settings.api_key.get_secret_value()})


CALLERS: dict[str, Callable[[Installation], Awaitable[httpx2.AsyncClient]]] = {
    "nobody": nobody,
    "viewer": lambda weir: user(weir, Role.VIEWER),
    "operator": lambda weir: user(weir, Role.OPERATOR),
    "owner": lambda weir: user(weir, Role.OWNER),
    "owner of the settings": Installation.signed_in,
    "key of the settings": of_settings,
    "scoped key": lambda weir: key(weir, permissions=(SCOPE.value,)),
    "limited key": lambda weir: key(weir, stream_prefix=PREFIX),
    "key of another tenant": lambda weir: key(weir, tenant="acme"),
    "expired key": lambda weir: key(weir, expires_at=datetime.now(UTC) - timedelta(seconds=1)),
    "revoked key": revoked,
    "expired session": expired,
    "ended session": ended,
    "disabled user": disabled,
}
