"""`/api/v1/streams` and the lists beside it."""

from datetime import UTC, datetime

import httpx2
import pytest

from libs.events import StreamPublished, StreamUnpublished
from services.gateway.api.house import House

SESSION = "69573000-0a0b0c0d"


def published(stream: str) -> StreamPublished:
    return StreamPublished(
        tenant="default",
        stream=stream,
        session=SESSION,
        generation=3,
        origin_url="http://ingest",
        started_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


async def test_new_stream_says_how_to_push_and_watch(client: httpx2.AsyncClient) -> None:
    response = await client.post("/api/v1/streams", json={"id": "cam-1", "item": {"isHls": True}})
    assert response.status_code == 201
    assert response.headers["location"] == "/api/v1/streams/cam-1"
    stream = response.json()
    assert stream["push"]["server"] == "rtmp://push.test/stream"
    assert stream["push"]["stream_key"].startswith("cam-1?sign=1798848000-")
    assert stream["push"]["url"] == f"rtmp://push.test/stream/{stream['push']['stream_key']}"
    assert stream["playback"]["flv"] == "http://weir.test/cam-1/live.flv"
    assert stream["playback"]["dash"] == "http://weir.test/cam-1/manifest.mpd"
    assert stream["item"] == {"isHls": True}
    assert (stream["is_live"], stream["health"]) == (False, "offline")


async def test_health_follows_the_session(client: httpx2.AsyncClient, house: House) -> None:
    await client.post("/api/v1/streams", json={"id": "cam-1"})

    async def health() -> tuple[bool, str]:
        stream = (await client.get("/api/v1/streams/cam-1")).json()
        return stream["is_live"], stream["health"]

    house.directory.published(published("cam-1"))
    assert await health() == (True, "starting")
    house.directory.leased(SESSION, "http://packager", 1)
    assert await health() == (True, "live")
    fact = published("cam-1").model_dump(exclude={"origin_url", "started_at"})
    house.directory.unpublished(
        StreamUnpublished(**fact, cause="connection_lost", ended_at=datetime.now(UTC))
    )
    assert await health() == (False, "waiting")


async def test_list_comes_in_pages(client: httpx2.AsyncClient) -> None:
    for number in range(3):
        await client.post("/api/v1/streams", json={"id": f"cam-{number}"})
    first = (await client.get("/api/v1/streams?limit=2")).json()
    assert [stream["id"] for stream in first["streams"]] == ["cam-0", "cam-1"]
    rest = (await client.get(f"/api/v1/streams?after={first['next_after']}")).json()
    assert [stream["id"] for stream in rest["streams"]] == ["cam-2"]
    assert rest["next_after"] is None


async def test_change_and_delete(client: httpx2.AsyncClient) -> None:
    await client.post("/api/v1/streams", json={"id": "cam-1", "item": {"a": 1}})
    changed = await client.patch("/api/v1/streams/cam-1", json={"item": {"b": 2}})
    assert changed.json()["item"] == {"a": 1, "b": 2}
    assert (await client.delete("/api/v1/streams/cam-1")).status_code == 204
    assert (await client.delete("/api/v1/streams/cam-1")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"id": "../x"},
        {"id": "api"},
        {"id": ""},
        {"id": "-x"},
        {"id": "x" * 65},
        {"id": 5},
        {"item": []},
        {"isHls": True},
    ],
)
async def test_wrong_field_is_422(client: httpx2.AsyncClient, body: dict[str, object]) -> None:
    response = await client.post("/api/v1/streams", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/streams?limit=0",
        "/api/v1/streams?limit=51",
        "/api/v1/streams?limit=x",
        "/api/v1/sessions?stream=../x",
        "/api/v1/sessions?after=x",
        "/api/v1/sessions?is_open=maybe",
        "/api/v1/sessions/x/segments",
        f"/api/v1/sessions/{SESSION}/segments?after=-1",
        f"/api/v1/sessions/{SESSION}/segments?after={2**64}",
        f"/api/v1/sessions/{SESSION}/segments?rendition=../x",
        "/api/v1/jobs?after=%00",
        "/api/v1/dead-letters?limit=1000",
    ],
)
async def test_wrong_parameter_is_422(client: httpx2.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 422
    assert response.json()["errors"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/v1/sessions?is_open=true&stream=cam-1", "sessions"),
        (f"/api/v1/sessions/{SESSION}/segments", "segments"),
        ("/api/v1/jobs", "jobs"),
        ("/api/v1/dead-letters", "dead_letters"),
    ],
)
async def test_lists_are_pages(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, path: str, name: str
) -> None:
    page = (await client.get(path)).json()
    assert page[name] == []
    assert page["next_after"] is None
    assert (await stranger.get(path)).status_code == 401


async def test_unknown_path_and_method_are_problems(client: httpx2.AsyncClient) -> None:
    missing = await client.get("/api/v1/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    wrong = await client.put("/api/v1/streams")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
