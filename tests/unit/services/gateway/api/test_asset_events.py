"""How an asset is made, told for as long as whoever listens may know it."""

import asyncio
from typing import Any

import httpx2
import pytest

from libs.events import Ask, Asset, GetAsset
from services.gateway.api import asset_events
from services.gateway.api.house import House
from tests.unit.services.gateway.conftest import CREATED_AT, client_of

ASSET = Asset(
    id="asset-0000000000000001",
    tenant="default",
    name="a film",
    way="upload",
    state="processing",
    upload="upload-0000000000000001",
    stream="asset-0000000000000001",
    session=None,
    view_policy="public",
    ladder=None,
    created_at=CREATED_AT,
    updated_at=CREATED_AT,
    chunks=2,
    chunks_done=1,
    duration_s=None,
    is_watermarked=False,
    job=None,
)


async def test_ready_asset_is_watched_at_the_default_domain(
    client: httpx2.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = house.catalog.ask
    ready = ASSET.model_copy(update={"state": "ready", "session": "69573000-0a0b0c0d"})

    async def ask(ask: Ask[Any], *, timeout_s: float = 5) -> Any:
        return ready if isinstance(ask, GetAsset) else await others(ask, timeout_s=timeout_s)

    monkeypatch.setattr(house.catalog, "ask", ask)
    body = {"kind": "pull", "url": "https://live.example.org", "is_default": True}
    await client.post("/api/v1/domains", json=body)
    shown = (await client.get(f"/api/v1/assets/{ASSET.id}")).json()["playback"]
    assert shown["watch"] == f"https://live.example.org/watch/{ASSET.id}"
    assert all(link.startswith("https://live.example.org/") for link in shown.values())
    told = await client.get(f"/api/v1/assets/{ASSET.id}/events")
    assert shown["watch"] in told.text


async def test_revoked_key_hears_no_more(
    client: httpx2.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    others, asked = house.catalog.ask, asyncio.Event()

    async def ask(ask: Ask[Any], *, timeout_s: float = 5) -> Any:
        if isinstance(ask, GetAsset):
            asked.set()
            return ASSET
        return await others(ask, timeout_s=timeout_s)

    monkeypatch.setattr(house.catalog, "ask", ask)
    monkeypatch.setattr(asset_events, "LOOK_S", 0.01)
    body = {"name": "listener", "permissions": ["assets:read"]}
    made = (await client.post("/api/v1/api-keys", json=body)).json()
    async with client_of(house, **{"x-api-key": made["key"]}) as listener:
        path = f"/api/v1/assets/{ASSET.id}/events"
        listening = asyncio.create_task(listener.get(path))
        await asked.wait()
        assert (await client.delete(f"/api/v1/api-keys/{made['id']}")).status_code == 204
        async with asyncio.timeout(10):
            heard = await listening
    assert heard.status_code == 200
    assert "event: asset" in heard.text
