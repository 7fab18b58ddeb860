"""`/api/v1/streams/{id}/relay-targets`: what the API asks the catalog, and what it never shows."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from libs.events import (
    CreateRelayTarget,
    DeleteRelayTarget,
    ListRelayTargets,
    Nothing,
    RelayTarget,
    RelayTargets,
    UpdateRelayTarget,
)
from services.gateway.api.house import House

PATH = "/api/v1/streams/cam-1/relay-targets"
KEY = "k3y-that-is-secret"
URL = f"rtmp://live.example/app/{KEY}"
TARGET = RelayTarget(
    id="0123456789ab",
    tenant="default",
    stream="cam-1",
    name="elsewhere",
    url="rtmp://live.example/app/…",
    created_at=datetime(2026, 1, 2, tzinfo=UTC),
)


@pytest.fixture
def asked(house: House, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the API asks; the catalog always has the one target."""
    asked: list[Any] = []

    async def ask(question: Any, *, timeout_s: float = 5) -> Any:
        asked.append(question)
        if isinstance(question, ListRelayTargets):
            return RelayTargets(targets=(TARGET,))
        return Nothing() if isinstance(question, DeleteRelayTarget) else TARGET

    monkeypatch.setattr(house.catalog, "ask", ask)
    return asked


async def test_target_is_made(client: httpx2.AsyncClient, asked: list[Any]) -> None:
    response = await client.post(PATH, json={"name": "elsewhere", "url": URL})
    assert response.status_code == 201
    assert response.headers["location"] == f"{PATH}/{TARGET.id}"
    (ask,) = asked
    assert isinstance(ask, CreateRelayTarget)
    assert (ask.stream, ask.target_name, ask.url) == ("cam-1", "elsewhere", URL)
    assert (ask.rendition, ask.is_enabled) == ("source", True)
    shown = response.json()
    assert (shown["id"], shown["url"], shown["state"]) == (TARGET.id, TARGET.url, "idle")
    assert shown["numbers"]["sent_frames"] == 0
    assert KEY not in response.text


async def test_targets_are_listed_and_read(client: httpx2.AsyncClient, asked: list[Any]) -> None:
    listed = (await client.get(PATH)).json()["targets"]
    assert [item["name"] for item in listed] == ["elsewhere"]
    assert (await client.get(f"{PATH}/{TARGET.id}")).json() == listed[0]
    missing = await client.get(f"{PATH}/nobody")
    assert (missing.status_code, missing.json()["code"]) == (404, "relay_target_unknown")


async def test_target_is_switched_and_deleted(client: httpx2.AsyncClient, asked: list[Any]) -> None:
    await client.patch(f"{PATH}/{TARGET.id}", json={"is_enabled": False})
    assert (await client.delete(f"{PATH}/{TARGET.id}")).status_code == 204
    change, delete = asked
    assert isinstance(change, UpdateRelayTarget)
    assert (change.is_enabled, change.url, change.target_name) == (False, None, None)
    assert (delete.stream, delete.id) == ("cam-1", TARGET.id)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"name": "", "url": URL},
        {"name": 7, "url": URL},
        {"name": "x", "url": [URL]},
        {"name": "x", "url": URL * 200},
        {"name": "x", "url": URL, "rendition": f"../{KEY}"},
        {"name": "x", "url": URL, "is_enabled": "yes"},
        {"name": "x", "url": URL, "key": KEY},
    ],
)
async def test_body_that_is_wrong_is_refused_without_its_values(
    client: httpx2.AsyncClient, asked: list[Any], body: dict[str, Any]
) -> None:
    for response in (
        await client.post(PATH, json=body),
        await client.patch(f"{PATH}/x", json=body | {"unknown": URL}),
    ):
        assert (response.status_code, response.json()["code"]) == (422, "item_invalid")
        assert KEY not in response.text
    assert asked == []


async def test_stream_shows_its_relay_url_without_the_key(client: httpx2.AsyncClient) -> None:
    item = {"isRelay": True, "relayURL": URL}
    made = await client.post("/api/v1/streams", json={"id": "cam-1", "item": item})
    assert made.json()["item"] == {"isRelay": True, "relayURL": "rtmp://live.example/app/…"}
    listed = await client.get("/api/v1/streams")
    assert KEY not in listed.text
    # Its own clients read back what they wrote.
    assert (await client.get("/videostream/cam-1")).json()["relayURL"] == URL
    await client.patch("/api/v1/streams/cam-1", json={"item": {"relayURL": f"no url {KEY}"}})
    assert (await client.get("/api/v1/streams/cam-1")).json()["item"]["relayURL"] == "…"
