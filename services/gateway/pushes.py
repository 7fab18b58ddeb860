"""Publishes that the gateway makes for devices which speak to it: FLV over HTTP to an ingest."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import httpx2

from libs.errors import Unavailable, WeirError
from libs.events import Stream
from services.gateway.playback.directory import Directory

CONNECT_S = 2.0
WRITE_S = 10.0
PIECES = 16
"""Pieces that may wait for a slow ingest."""


class IngestAway(Unavailable):
    code = "ingest_away"


class PushRefused(WeirError):
    """Ingest does not take it, or not any more; `reason` is the code of its error."""

    code = "push_refused"

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class Push(Protocol):
    """One publish. Its methods raise `PushRefused`."""

    async def send(self, flv: bytes) -> None: ...
    async def finish(self) -> None:
        """Nothing more comes: the publish has ended well."""

    async def abandon(self) -> None:
        """It broke off."""


class Pushes(Protocol):
    async def open(self, stream: Stream, wall_ms: int, address: str) -> Push:
        """`wall_ms`: when the first tag was made, in Unix ms. Raises `IngestAway`; `PushRefused` if
        ingest takes nothing of that time now.
        """


class HTTPPushes:
    """To the ingest that has the stream, or else to any."""

    def __init__(
        self, directory: Directory, ingests: Callable[[], Awaitable[list[str]]], *, token: str
    ) -> None:
        self._directory = directory
        self._ingests = ingests
        """Their URLs."""
        self._client = httpx2.AsyncClient(
            headers={"authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(WRITE_S, connect=CONNECT_S, read=None),
            trust_env=False,
        )

    async def open(self, stream: Stream, wall_ms: int, address: str) -> "HTTPPush":
        live = self._directory.live(stream.id)
        origin = live.origin_url if live is not None else await self._any()
        url = f"{origin}/publish/{stream.id}"
        await self._check_time(url, wall_ms)
        query = {"sign": stream.key, "wall_ms": str(wall_ms)}
        headers = {"content-type": "video/x-flv", "x-forwarded-for": address}
        return HTTPPush(self._client, url, query, headers)

    async def _check_time(self, url: str, wall_ms: int) -> None:
        try:
            _judge(await self._client.get(url, params={"wall_ms": wall_ms}, timeout=WRITE_S))
        except httpx2.HTTPError as error:
            raise IngestAway(f"Ingest did not answer: {error!r}; try again.") from error

    async def _any(self) -> str:
        found = await self._ingests()
        if not found:
            raise IngestAway("No ingest is there to take it; try again.")
        return secrets.choice(found)

    async def close(self) -> None:
        await self._client.aclose()


class HTTPPush:
    def __init__(
        self, client: httpx2.AsyncClient, url: str, query: dict[str, str], headers: dict[str, str]
    ) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(PIECES)
        posting = client.post(url, params=query, headers=headers, content=self._body())
        self._posting = asyncio.create_task(posting, name="push")

    async def send(self, flv: bytes) -> None:
        await self._put(flv)

    async def finish(self) -> None:
        await self._put(None)
        await asyncio.wait({self._posting})
        self._judge()

    async def abandon(self) -> None:
        self._posting.cancel()
        await asyncio.wait({self._posting})

    async def _body(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            yield piece

    async def _put(self, piece: bytes | None) -> None:
        putting = asyncio.create_task(self._pieces.put(piece))
        await asyncio.wait({putting, self._posting}, return_when=asyncio.FIRST_COMPLETED)
        if self._posting.done():
            putting.cancel()
            self._judge()

    def _judge(self) -> None:
        """It is over: raise what it came to, unless that is well."""
        try:
            _judge(self._posting.result())
        except httpx2.HTTPError as error:
            raise PushRefused("ingest_away", f"Ingest did not answer: {error!r}") from error


def _judge(answer: httpx2.Response) -> None:
    """Raises `PushRefused` unless ingest says yes."""
    if not answer.is_success:
        problem = answer.json() if answer.content else {}
        raise PushRefused(problem.get("code", ""), problem.get("detail", "Ingest refused it."))
