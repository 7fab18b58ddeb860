"""A publish over HTTP."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from libs.errors import NotFound
from libs.events import StreamPublished, StreamUnpublished
from libs.media.flv import FLV_HEADER, write_tag
from libs.open_request import OpenRequest
from libs.quiet_server import QuietServer
from libs.signing import sign_push
from services.ingest.http_publish import build_publishing
from services.ingest.hub import Hub
from tests.unit.services.ingest.asking import asking
from tests.unit.services.ingest.hubs import SECRET, SmallCatalog, make_hub, request
from tests.unit.services.ingest.shelves import frame, keyframe, video_header


class StreamUnknown(NotFound):
    code = "stream_unknown"


MEDIA = FLV_HEADER + b"".join(map(write_tag, (video_header(), keyframe(0), frame(40))))


@pytest.fixture
def catalog() -> SmallCatalog:
    return SmallCatalog()


@pytest.fixture
def hub(catalog: SmallCatalog) -> Hub:
    return make_hub(catalog)


@pytest.fixture
async def client(hub: Hub) -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(build_publishing(hub)) as made:
        yield made


def signed(stream: str = "cam") -> dict[str, str]:
    return {"sign": sign_push(stream, int(time.time()) + 3600, SECRET)}


async def test_tags_of_the_body_are_a_publish(
    client: httpx2.AsyncClient, hub: Hub, catalog: SmallCatalog
) -> None:
    answer = await client.post("/publish/cam", params=signed(), content=MEDIA)
    assert answer.status_code == 200
    session = hub.session(answer.json()["session"])
    assert session.frames == 2
    begun, ended = catalog.said
    assert isinstance(begun, StreamPublished)
    assert isinstance(ended, StreamUnpublished)
    assert ended.cause == "publisher_ended"


@pytest.mark.parametrize(
    ("sign", "body", "status", "cause"),
    [
        (False, MEDIA, 401, None),
        (True, b"no FLV at all", 422, "protocol_error"),
    ],
)
async def test_what_is_wrong_is_said(
    client: httpx2.AsyncClient, catalog: SmallCatalog, *, sign: bool, body: bytes, status: int,
    cause: str | None,
) -> None:  # fmt: skip
    answer = await client.post("/publish/cam", params=signed() if sign else {}, content=body)
    assert answer.status_code == status
    ends = [each for each in catalog.said if isinstance(each, StreamUnpublished)]
    assert [each.cause for each in ends] == ([] if cause is None else [cause])


async def test_refusal_of_the_catalog_is_said_as_it_is(
    client: httpx2.AsyncClient, catalog: SmallCatalog
) -> None:
    catalog.errors.append(StreamUnknown("There is no such stream."))
    answer = await client.post("/publish/cam", params=signed(), content=MEDIA)
    assert (answer.status_code, answer.json()["code"]) == (404, "stream_unknown")


async def test_media_of_an_earlier_time_is_a_session_of_its_own(
    client: httpx2.AsyncClient, hub: Hub, catalog: SmallCatalog
) -> None:
    publish = await hub.publish(request("cam"))
    publish.accept(video_header(), keyframe(0))
    await publish.close("publisher_ended")
    answer = await client.post("/publish/cam", params=signed() | {"wall_ms": "1000"}, content=MEDIA)
    assert answer.status_code == 200
    assert hub.session(answer.json()["session"]).frames == 2
    assert publish.session.is_ended
    assert answer.json()["session"] != publish.session.id
    assert [ask.is_earlier for ask in catalog.asks] == [False, True]


async def test_media_of_an_earlier_time_does_not_cut_off_what_is_live(
    client: httpx2.AsyncClient, hub: Hub
) -> None:
    publish = await hub.publish(request("cam"))
    publish.accept(video_header(), keyframe(0))
    answer = await client.post("/publish/cam", params=signed() | {"wall_ms": "1000"}, content=MEDIA)
    assert (answer.status_code, answer.json()["code"]) == (409, "clock_behind")
    answer = await client.get("/publish/cam", params={"wall_ms": "1000"})
    assert (answer.status_code, answer.json()["code"]) == (409, "clock_behind")
    answer = await client.get("/publish/cam", params={"wall_ms": time.time() * 1000 + 1000})
    assert answer.status_code == 204
    publish.accept(frame(40))
    assert (publish.is_over, publish.session.frames) == (False, 2)


async def test_publish_that_is_taken_over_ends(client: httpx2.AsyncClient, hub: Hub) -> None:
    waits = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield MEDIA
        waits.set()
        await asyncio.get_running_loop().create_future()

    posting = asyncio.create_task(client.post("/publish/cam", params=signed(), content=body()))
    await waits.wait()
    await hub.publish(request("cam"))
    answer = await asyncio.wait_for(posting, 5)
    assert (answer.status_code, answer.json()["code"]) == (409, "publish_revoked")


@asynccontextmanager
async def listening(hub: Hub) -> AsyncIterator[str]:
    """On a real port, where connections are closed; its URL."""
    app = FastAPI()
    app.include_router(build_publishing(hub))
    server = QuietServer(uvicorn.Config(app, lifespan="off", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.leave()
        await serving


async def test_refusal_is_heard_by_whoever_is_still_sending(hub: Hub) -> None:
    async with listening(hub) as url:
        for _ in range(10):
            request = await OpenRequest.open("POST", f"{url}/publish/cam", {})
            for _ in range(16):
                await request.send(MEDIA + bytes(1 << 20))
            answer = await asyncio.wait_for(request.answered, 5)
            request.abort()
            assert answer.status == 401
            assert json.loads(answer.body)["code"] == "push_signature_missing"
