"""Five hundred clients ask for one segment that only a slow store has: the store is asked once."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from libs.media.cmaf import Sample, write_chunk
from tests.ports import free_port

SESSION = "69573000-0a0b0c0d"
MSN = 0x69573000 + 5
KEY = f"segments/default/cam/{SESSION}/source/{MSN}.m4s"
CLIENTS = 500
LATENCY_S = 0.15
VIDEO = write_chunk(1, 1, 0, [Sample(1, 0, True, bytes(150_000))])
AUDIO = write_chunk(2, 2, 0, [Sample(1, 0, True, bytes(10_000))])


class SlowStore:
    """An S3 that takes its time and counts."""

    def __init__(self) -> None:
        self.gets: Counter[str] = Counter()
        self.app = Starlette(routes=[Route("/bucket/{key:path}", self._get)])

    async def _get(self, request: Request) -> Response:
        key = request.path_params["key"]
        self.gets[key] += 1
        await asyncio.sleep(LATENCY_S)
        return Response(VIDEO + AUDIO) if key == KEY else Response(status_code=404)


@pytest.fixture
async def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
async def store_url(store: SlowStore) -> AsyncIterator[str]:
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(store.app, port=port, lifespan="off", log_config=None)
    )  # fmt: skip
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment]
    task = asyncio.create_task(server.serve())
    yield f"s3://key:secret@127.0.0.1:{port}/bucket?secure=false&region=us-east-1"
    server.should_exit = True
    await task


@pytest.fixture
def store_of_gateway(store_url: str, tmp_path: Path) -> str:
    return store_url


async def test_herd_on_a_stored_segment_is_one_read_and_one_question(
    gateway: Any, catalog: Any, store: SlowStore
) -> None:
    streams = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(CLIENTS)]

    async def ask(number: int) -> float:
        reader, writer = streams[number]
        track, body = ("video", VIDEO) if number % 2 else ("audio", AUDIO)
        path = f"/cam/{SESSION}/source/{MSN}.{track}.m4s"
        writer.write(f"GET {path} HTTP/1.1\r\nhost: weir\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        assert await reader.readexactly(len(body)) == body
        writer.close()
        return time.monotonic()

    began = time.monotonic()
    ends = await asyncio.gather(*(ask(number) for number in range(CLIENTS)))
    assert (store.gets, catalog.watermarks_asked) == ({KEY: 1}, 1)
    assert min(ends) - began >= LATENCY_S
    # The store's latency once, and 40 MB over loopback on a machine that has other work.
    assert max(ends) - began < LATENCY_S + 5


async def test_herd_on_what_the_store_lacks_is_one_read_and_404(
    gateway: Any, store: SlowStore
) -> None:
    path = f"/cam/{SESSION}/source/{MSN + 1}.video.m4s"
    answers = await asyncio.gather(*(gateway.client.get(path) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert sum(store.gets.values()) == 1
