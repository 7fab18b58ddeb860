"""What watch pages are told over HTTP: to whom, and until when."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from libs.events import ListViewerKeys, MetadataPut, Recorded, StreamChanged, StreamPublished
from libs.signing import ViewerClaims, ViewerKey, sign_viewer
from services.gateway.api.app import build_api
from services.gateway.api.house import House

SESSION = "69573000-0a0b0c0d"
OTHER = "69573fff-0a0b0c0d"


@pytest.fixture
async def titled(client: httpx2.AsyncClient, house: House) -> httpx2.AsyncClient:
    made = {"id": "cam", "title": "Gate", "description": "North bank"}
    assert (await client.post("/api/v1/streams", json=made)).status_code == 201
    house.viewing.keys_learnt(await house.catalog.ask(ListViewerKeys(tenant="default")))
    return client


def sign(house: House, **more: Any) -> None:
    """From now on the stream wants a token."""
    streams = house.catalog.streams  # type: ignore[attr-defined]
    streams["cam"] = streams["cam"].model_copy(update={"view_policy": "signed", **more})


def token(house: House, **claims: Any) -> str:
    now = time.time()
    key = ViewerKey(*next(iter(house.viewing.keys.by_id.items())))
    made = ViewerClaims(
        subject="cam", expires_at_s=int(now + 60), issued_at_ms=int(now * 1000), **claims
    )
    return sign_viewer(made, key)


async def test_facts_are_public_and_hold_nothing_of_operators(
    titled: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    response = await stranger.get("/watch/cam.json")
    assert response.status_code == 200
    assert response.json() == {
        "id": "cam", "stream": "cam", "title": "Gate", "description": "North bank",
        "state": "offline", "session": None, "since": None, "viewers": 0, "recording": None,
        "has_chat": False,
    }  # fmt: skip


async def test_facts_of_a_signed_stream_want_its_token(
    titled: httpx2.AsyncClient, stranger: httpx2.AsyncClient, house: House
) -> None:
    sign(house)
    for path in ("/watch/cam.json", "/watch/cam/events", "/watch/cam/poster.jpg"):
        refused = await stranger.get(path)
        assert refused.status_code == 403
        assert "Gate" not in refused.text
    answer = await stranger.get(f"/~{token(house)}/watch/cam.json")
    assert answer.json()["title"] == "Gate"


async def test_marked_link_shows_the_facts_and_no_plain_picture(
    titled: httpx2.AsyncClient, stranger: httpx2.AsyncClient, house: House
) -> None:
    sign(house)
    marked = token(house, watermark='{"lines": ["anna"]}')
    assert (await stranger.get(f"/~{marked}/watch/cam.json")).status_code == 200
    assert (await stranger.get(f"/~{marked}/watch/cam/poster.jpg")).status_code == 403


async def test_link_to_one_session_shows_that_session_alone(
    titled: httpx2.AsyncClient, stranger: httpx2.AsyncClient, house: House
) -> None:
    sign(house)
    began = datetime(2026, 1, 2, tzinfo=UTC)
    house.catalog.recorded = Recorded(  # type: ignore[attr-defined]
        session=SESSION, started_at=began, duration_s=60
    )
    link = f"/~{token(house, kind='playback', view=SESSION)}/watch/cam.json"
    recorded = await stranger.get(f"{link}?session={SESSION}")
    assert (recorded.status_code, recorded.json()["state"]) == (200, "recorded")
    assert (await stranger.get(link)).status_code == 403


async def test_unknown_stream_is_404(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/watch/nobody.json")
    assert (response.status_code, response.json()["code"]) == (404, "stream_unknown")


async def test_title_is_set_and_changed_by_the_api(titled: httpx2.AsyncClient) -> None:
    changed = await titled.patch("/api/v1/streams/cam", json={"title": "Back door"})
    assert (changed.json()["title"], changed.json()["description"]) == ("Back door", "North bank")
    wrong = await titled.patch("/api/v1/streams/cam", json={"title": 7})
    assert wrong.status_code == 422


@asynccontextmanager
async def following(house: House, path: str) -> AsyncIterator["asyncio.Queue[bytes]"]:
    """What `path` sends, a chunk at a time."""
    sent: asyncio.Queue[bytes] = asyncio.Queue()
    gone = asyncio.Event()
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"weir.test")], "scheme": "http", "server": ("weir.test", 80),
        "client": ("192.0.2.1", 5000),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message.get("body"):
            sent.put_nowait(message["body"])

    task = asyncio.create_task(build_api(house)(scope, receive, send))
    try:
        yield sent
    finally:
        gone.set()
        await task


async def told(sent: "asyncio.Queue[bytes]") -> dict[str, Any]:
    """The facts that come next."""
    async with asyncio.timeout(5):
        while not (chunk := await sent.get()).startswith(b"data: "):
            pass
    facts: dict[str, Any] = json.loads(chunk.removeprefix(b"data: "))
    return facts


@pytest.mark.usefixtures("titled")
async def test_follower_hears_of_a_title_and_of_the_stream_at_once(house: House) -> None:
    async with following(house, "/watch/cam/events") as sent:
        assert (await told(sent))["title"] == "Gate"
        house.noticeboard.hear(
            StreamChanged(
                tenant="default", stream="cam", revision=9, view_policy="public", title="Later"
            )
        )
        assert (await told(sent))["title"] == "Later"
        publish(house)
        assert (await told(sent))["state"] == "starting"
        assert house.noticeboard.readers == 1
    assert house.noticeboard.readers == 0


@pytest.mark.usefixtures("titled")
async def test_follower_of_a_stream_that_becomes_signed_is_let_go(house: House) -> None:
    async with following(house, "/watch/cam/events") as sent:
        await told(sent)
        house.viewing.policy_learnt("cam", "signed", 10, "default")
        house.noticeboard.hear(
            StreamChanged(
                tenant="default", stream="cam", revision=10, view_policy="signed", title="Secret"
            )
        )
        async with asyncio.timeout(5):
            while house.noticeboard.readers:
                await asyncio.sleep(0)
        assert all(b"Secret" not in sent.get_nowait() for _ in range(sent.qsize()))


@pytest.mark.usefixtures("titled")
async def test_followers_are_let_go_when_the_gateway_stops(house: House) -> None:
    async with following(house, "/watch/cam/events") as sent:
        await told(sent)
        house.noticeboard.close()
        async with asyncio.timeout(5):
            while house.noticeboard.readers:
                await asyncio.sleep(0)


def publish(house: House) -> None:
    house.directory.published(
        StreamPublished(
            tenant="default",
            stream="cam",
            session=SESSION,
            generation=1,
            origin_url="http://ingest",
            started_at=datetime(2026, 1, 2, tzinfo=UTC),
        )
    )


async def test_metadata_reaches_who_follows_once(titled: httpx2.AsyncClient, house: House) -> None:
    publish(house)
    async with following(house, "/watch/cam/events") as sent:
        await told(sent)
        made = await titled.post("/api/v1/streams/cam/metadata", json={"text": '{"goal": 1}\n'})
        assert made.status_code == 202
        (said,) = house.catalog.said  # type: ignore[attr-defined]
        assert isinstance(said, MetadataPut)
        house.noticeboard.hear_metadata(said)  # the bus brings it back
        async with asyncio.timeout(5):
            while not (chunk := await sent.get()).startswith(b"event: metadata\n"):
                pass
        (line,) = [each for each in chunk.split(b"\n") if each.startswith(b"data: ")]
        got = json.loads(line.removeprefix(b"data: "))
        assert got["text"] == '{"goal": 1}\n'
        assert got["id"] == made.json()["id"]
        assert chunk.count(b"event:") == 1
        house.noticeboard.hear(
            StreamChanged(
                tenant="default", stream="cam", revision=9, view_policy="public", title="Later"
            )
        )
        assert (await told(sent))["title"] == "Later"
        assert all(b"goal" not in sent.get_nowait() for _ in range(sent.qsize()))


@pytest.mark.parametrize("text", ["", "x" * 1025, "é" * 513, 7, None])
async def test_metadata_that_is_none_is_refused(
    titled: httpx2.AsyncClient, house: House, text: object
) -> None:
    publish(house)
    made = await titled.post("/api/v1/streams/cam/metadata", json={"text": text})
    assert made.status_code == 422


async def test_metadata_of_a_stream_that_is_off_is_refused(titled: httpx2.AsyncClient) -> None:
    made = await titled.post("/api/v1/streams/cam/metadata", json={"text": "x"})
    assert (made.status_code, made.json()["code"]) == (409, "stream_off_air")


async def test_metadata_wants_a_key(stranger: httpx2.AsyncClient) -> None:
    made = await stranger.post("/api/v1/streams/cam/metadata", json={"text": "x"})
    assert made.status_code == 401
