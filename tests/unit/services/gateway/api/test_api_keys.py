"""API keys: told once, good for what they were made for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from services.gateway.api.house import House
from tests.unit.services.gateway.conftest import MemoryCatalog, client_of

NEW = {"name": "uploads", "permissions": ["assets:write", "assets:read"]}


async def keyed(
    client: httpx2.AsyncClient, house: House, **more: Any
) -> tuple[httpx2.AsyncClient, dict[str, Any]]:
    answer = await client.post("/api/v1/api-keys", json=NEW | more)
    assert answer.status_code == 201, answer.text
    return client_of(house, **{"x-api-key": answer.json()["key"]}), answer.json()


async def test_key_is_told_once_and_kept_as_a_digest(
    client: httpx2.AsyncClient, house: House
) -> None:
    _, made = await keyed(client, house)
    assert made["key"].startswith(f"weir_{made['id']}_")
    assert len(made["key"]) >= 18 + 43
    [listed] = (await client.get("/api/v1/api-keys")).json()["keys"]
    assert "key" not in listed
    assert listed["permissions"] == ["assets:read", "assets:write"]
    catalog = house.catalog
    assert isinstance(catalog, MemoryCatalog)
    secret = made["key"].removeprefix(f"weir_{made['id']}_")
    assert all(secret not in ask.model_dump_json() for ask in catalog.asked)


async def test_key_may_what_it_was_made_for_and_nothing_else(
    client: httpx2.AsyncClient, house: House
) -> None:
    key, _ = await keyed(client, house, permissions=["streams:read"])
    assert (await key.get("/api/v1/streams")).status_code == 200
    refused = await key.post("/api/v1/streams", json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_lacking")
    assert "streams:write" in refused.json()["detail"]


async def test_revoked_key_opens_nothing(client: httpx2.AsyncClient, house: House) -> None:
    key, made = await keyed(client, house, permissions=["streams:read"])
    assert (await key.get("/api/v1/streams")).status_code == 200
    assert (await client.delete(f"/api/v1/api-keys/{made['id']}")).status_code == 204
    refused = await key.get("/api/v1/streams")
    assert (refused.status_code, refused.json()["code"]) == (401, "api_key_wrong")


async def test_no_key_may_more_than_who_made_it(client: httpx2.AsyncClient, house: House) -> None:
    key, _ = await keyed(client, house, permissions=["api_keys:write", "streams:read"])
    body = {"name": "more", "permissions": ["streams:read", "users:write"]}
    refused = await key.post("/api/v1/api-keys", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_lacking")
    assert "users:write" in refused.json()["detail"]
    body["permissions"] = ["streams:read"]
    assert (await key.post("/api/v1/api-keys", json=body)).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"permissions": []},
        {"permissions": ["streams:*"]},
        {"name": ""},
        {"name": "a\nb"},
        {"stream_prefix": "a/b"},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2040-01-01T00:00:00"},
    ],
)
async def test_malformed_key_is_422(client: httpx2.AsyncClient, wrong: dict[str, Any]) -> None:
    assert (await client.post("/api/v1/api-keys", json=NEW | wrong)).status_code == 422


async def test_key_expires(client: httpx2.AsyncClient, house: House) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    key, made = await keyed(
        client, house, permissions=["streams:read"], expires_at=until.isoformat()
    )
    assert datetime.fromisoformat(made["expires_at"]) == until
    assert (await key.get("/api/v1/streams")).status_code == 200
    house.access.callers._now = lambda: until
    assert (await key.get("/api/v1/streams")).status_code == 401


async def test_limited_key_reaches_its_streams_and_nothing_that_is_of_none(
    client: httpx2.AsyncClient, house: House
) -> None:
    for stream in ("cam-1", "cam-2", "film-1"):
        assert (await client.post("/api/v1/streams", json={"id": stream})).status_code == 201
    everything = (await client.get("/api/v1/login")).json()["permissions"]
    key, _ = await keyed(client, house, permissions=everything, stream_prefix="cam-")
    shown = (await key.get("/api/v1/streams")).json()["streams"]
    assert [each["id"] for each in shown] == ["cam-1", "cam-2"]
    allowed = {
        await key.get("/api/v1/streams/cam-1"),
        await key.get("/videostream/cam-1"),
        await key.get("/api/v1/sessions?stream=cam-1"),
        await key.post("/api/v1/streams", json={"id": "cam-3"}),
    }
    assert {answer.status_code for answer in allowed} == {200, 201}
    refused = [
        await key.get("/api/v1/streams/film-1"),
        await key.delete("/api/v1/streams/film-1"),
        await key.get("/videostream/film-1"),
        await key.get("/videostream"),
        await key.post("/videostream", json={}),
        await key.post("/api/v1/streams", json={"id": "film-2"}),
        await key.post("/api/v1/streams", json={}),
        await key.get("/api/v1/sessions"),
        await key.get("/api/v1/sessions?stream=film-1"),
        await key.get("/api/v1/sessions?stream=film-1&stream=cam-1"),
        await key.get("/api/v1/files/film-1/mp4/2026/01/01/a.mp4"),
        await key.get("/api/v1/jobs/remux-1"),
        await key.get("/api/v1/users"),
        await key.post("/api/v1/api-keys", json=NEW),
    ]
    assert [(each.status_code, each.json()["code"]) for each in refused] == [
        (403, "key_limited")
    ] * len(refused)


async def test_push_keys_are_shown_to_those_who_may_read_them(
    client: httpx2.AsyncClient, house: House
) -> None:
    item = {"relayURL": "rtmp://elsewhere.test/app/their-secret"}
    made = (await client.post("/api/v1/streams", json={"id": "cam", "item": item})).json()
    push_key = made["push"]["stream_key"].partition("sign=")[2]
    assert len(push_key) > 20
    reader, _ = await keyed(client, house, permissions=["streams:read", "streams:write"])
    change = {"item": {"name": "x"}}
    for answer in (
        await reader.get("/api/v1/streams"),
        await reader.get("/api/v1/streams/cam"),
        await reader.patch("/api/v1/streams/cam", json=change),
        await reader.get("/videostream"),
        await reader.get("/videostream/cam"),
        await reader.put("/videostream/cam", json={"name": "y"}),
    ):
        assert answer.status_code == 200
        assert push_key not in answer.text
        assert "their-secret" not in answer.text
    both, _ = await keyed(client, house, permissions=["streams:read", "keys:read"])
    assert push_key in (await both.get("/api/v1/streams/cam")).text
    assert push_key in (await both.get("/videostream/cam")).text


async def test_links_of_windows_need_what_links_need(
    client: httpx2.AsyncClient, house: House
) -> None:
    reader, _ = await keyed(client, house, permissions=["recordings:read"])
    window = "stream=cam&from_at=2026-01-01T00:00:00Z&until_at=2026-01-01T00:01:00Z"
    assert (await reader.get(f"/api/v1/windows?{window}")).status_code == 404
    refused = await reader.get(f"/api/v1/windows?{window}&expires_in_s=60")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_lacking")
    assert "viewers:write" in refused.json()["detail"]
