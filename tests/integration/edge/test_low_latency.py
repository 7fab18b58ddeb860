"""Low latency through the shipped edge: what is still being made is not late by the cache."""

import asyncio
import re
import ssl
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import NamedTuple, Self

import httpx2
import pytest

from tests.edge import RunningEdge
from tests.running import RunningWeir
from tests.watchers import DASHPlayer

VIEWERS = 5
PARTS = 12
ADDED_S = 0.02
"""What the edge may add to the gateway's own answer: a tenth of a part."""
WAITED_S = 0.05
"""An answer that took so long was waited for: what was asked for did not exist yet."""
PIECE_ADDED_S = 0.1
"""To each single piece of a segment in the making, on a busy machine: half a part."""
_HINT = re.compile(r'^#EXT-X-PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', re.MULTILINE)
_NUMBERS = re.compile(r"/(\d+)\.(\d+)\.video\.m4s$")
_LENGTH = re.compile(rb"^content-length: (\d+)", re.MULTILINE | re.IGNORECASE)


@pytest.fixture
async def direct(edge_weir: RunningWeir) -> AsyncIterator[httpx2.AsyncClient]:
    """A viewer at the gateway itself."""
    async with httpx2.AsyncClient(base_url=edge_weir.http_url, trust_env=False, timeout=20) as made:
        yield made


class Asker:
    """A kept connection that costs its own process next to nothing, so that times are true."""

    def __init__(self, port: int, trusting: ssl.SSLContext | None) -> None:
        self._port = port
        self._trusting = trusting

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(
            "127.0.0.1", self._port, ssl=self._trusting
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def answered_at(self, path: str) -> float:
        """When the whole answer was here."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nhost: edge.test\r\n\r\n".encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), (path, head)
        length = _LENGTH.search(head)
        assert length is not None, head
        await self._reader.readexactly(int(length[1]))
        return time.monotonic()


async def live_edge(client: httpx2.AsyncClient, playlist: str) -> tuple[str, str]:
    """Name of the part that is being made now, and the query that waits for it."""
    query = ""
    while True:
        asked_at = time.monotonic()
        text = (await client.get(playlist + query)).raise_for_status().text
        hint = _HINT.search(text)
        assert hint is not None, text
        numbers = _NUMBERS.search(hint[1])
        assert numbers is not None
        if query and time.monotonic() - asked_at >= WAITED_S:
            return hint[1].removeprefix("../"), f"?_HLS_msn={numbers[1]}&_HLS_part={numbers[2]}"
        query = f"?_HLS_msn={numbers[1]}&_HLS_part={numbers[2]}"


@pytest.mark.parametrize("prefix", ["", "/~hAAAAAAAAAAAAAAAAAAAAA"], ids=["public", "personal"])
async def test_part_and_reload_are_not_late_by_the_edge(
    direct: httpx2.AsyncClient, edge: RunningEdge, edge_weir: RunningWeir, live: str, prefix: str
) -> None:
    """Each of a herd that waits for the same part, and for the playlist that lists it."""
    playlist = f"{prefix}/{live}/source/video.m3u8"
    added: dict[str, list[float]] = {"part": [], "reload": []}
    async with AsyncExitStack() as stack:
        askers = [
            await stack.enter_async_context(Asker(port, trusting))
            for port, trusting in (
                (edge.https_port, edge.certificate.trusting()),
                (edge_weir.http_port, None),
            )
            for _ in range(2 * VIEWERS)
        ]
        through, itself = askers[: 2 * VIEWERS], askers[2 * VIEWERS :]
        for _ in range(PARTS):
            name, query = await live_edge(direct, playlist)
            paths = [f"{prefix}/{live}/{name}"] * VIEWERS + [playlist + query] * VIEWERS
            came = await asyncio.gather(
                *(asker.answered_at(path) for asker, path in zip(through, paths, strict=True)),
                *(asker.answered_at(path) for asker, path in zip(itself, paths, strict=True)),
            )
            medians = [
                statistics.median(came[at : at + VIEWERS]) for at in range(0, len(came), VIEWERS)
            ]
            added["part"].append(medians[0] - medians[2])
            added["reload"].append(medians[1] - medians[3])
    for kind, seconds in added.items():
        print(f"{kind}: {1000 * statistics.median(seconds):.1f} ms")  # noqa: T201 - for `pytest -s`
        assert statistics.median(seconds) <= ADDED_S, (kind, seconds)


class Piece(NamedTuple):
    came_at: float
    end: int
    """Bytes of the segment so far."""


async def pieces_of(client: httpx2.AsyncClient, path: str) -> list[Piece]:
    """A segment's bytes as they come."""
    pieces: list[Piece] = []
    size = 0
    async with client.stream("GET", path) as answer:
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        async for data in answer.aiter_raw():
            size += len(data)
            pieces.append(Piece(time.monotonic(), size))
    return pieces


async def segment_in_the_making(client: httpx2.AsyncClient, live: str) -> str:
    """Path, as a low-latency DASH player finds it: of the segment that begins next."""
    async with asyncio.timeout(20):
        while True:
            player = await DASHPlayer(client, f"{client.base_url}/{live}/manifest.mpd").reload()
            path = httpx2.URL(player.segment_url).raw_path.decode()
            if path.endswith("?early"):
                break
            await asyncio.sleep(0.2)
    playlist = (await client.get(f"/{live}/source/video.m3u8")).text
    newest = re.findall(r"^\.\./\S+/(\d+)\.video\.m4s$", playlist, re.MULTILINE)[-1]
    return re.sub(r"/\d+\.video", f"/{int(newest) + 2}.video", path)


async def test_segment_in_the_making_flows_through_the_edge(
    client: httpx2.AsyncClient, direct: httpx2.AsyncClient, live: str
) -> None:
    path = await segment_in_the_making(direct, live)
    itself, *through = await asyncio.gather(
        pieces_of(direct, path), *(pieces_of(client, path) for _ in range(VIEWERS))
    )
    assert itself[-1].came_at - itself[0].came_at > 0.3, "it was in the making"
    for pieces in through:
        assert pieces[-1].end == itself[-1].end
        for piece in itself:
            came_at = next(each.came_at for each in pieces if each.end >= piece.end)
            assert came_at - piece.came_at <= PIECE_ADDED_S, piece
    again = await client.get(path)
    assert len(again.content) == itself[-1].end
    assert (await client.get(path)).headers["x-cache"] == "HIT", "what is whole is kept"
