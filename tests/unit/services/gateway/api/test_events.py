"""Who may listen to public events, and for how long."""

import asyncio

import httpx2
import pytest

from libs.events import ListPublicEvents, LoggedEvents
from services.gateway import public_feed
from services.gateway.api.house import House
from services.gateway.public_feed import PublicFeeds
from tests.unit.services.gateway.conftest import client_of

NOTHING = LoggedEvents(events=(), next_after=0, oldest=1, newest=0)


@pytest.fixture
def opened(house: House) -> asyncio.Event:
    """Is set once somebody listens. Nothing happens."""
    opened = asyncio.Event()

    async def list_events(_: ListPublicEvents) -> LoggedEvents:
        opened.set()
        return NOTHING

    house.feed = PublicFeeds(list_events, asyncio.create_task)
    return opened


async def key_of(client: httpx2.AsyncClient, **more: str) -> dict[str, str]:
    body = {"name": "listener", "permissions": ["events:read"]} | more
    made: dict[str, str] = (await client.post("/api/v1/api-keys", json=body)).json()
    return made


async def test_revoked_key_hears_no_more(
    client: httpx2.AsyncClient, house: House, opened: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_feed, "HEARTBEAT_S", 0.01)
    made = await key_of(client)
    async with client_of(house, **{"x-api-key": made["key"]}) as listener:
        listening = asyncio.create_task(listener.get("/api/v1/events"))
        await opened.wait()
        assert (await client.delete(f"/api/v1/api-keys/{made['id']}")).status_code == 204
        async with asyncio.timeout(10):
            heard = await listening
    assert (heard.status_code, heard.text[:6]) == (200, "retry:")


async def test_limited_key_hears_of_its_streams_only(
    client: httpx2.AsyncClient, house: House, opened: asyncio.Event
) -> None:
    made = await key_of(client, stream_prefix="cam-")
    house.feed.close()
    async with client_of(house, **{"x-api-key": made["key"]}) as listener:
        for query in ("", "?stream=film-1", "?stream=cam-1,film-1", "?stream=cam-1&stream=film-1"):
            refused = await listener.get(f"/api/v1/events{query}")
            assert (refused.status_code, refused.json()["code"]) == (403, "key_limited"), query
        assert not opened.is_set()
        heard = await listener.get("/api/v1/events?stream=cam-1,cam-2&stream=cam-3")
    assert (heard.status_code, opened.is_set()) == (200, True)
