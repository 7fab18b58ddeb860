"""A GET whose answer goes on as long as a stream is live: how services take FLV from ingest.

Tags come sixty and more times a second for every stream, so each piece must cost little: a general
HTTP client spends several times what the rest of the way costs. This one does nothing else.

async with open_pull(url, headers=…, connect_s=2, silence_s=20) as pull:
    if pull.status == 200:
        async for data in pull: …
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import httptools

from libs.errors import Unavailable


class Answer(Protocol):
    """What `open_pull` gives; a test may give something else."""

    status: int

    async def read(self) -> bytes: ...
    def __aiter__(self) -> AsyncIterator[bytes]: ...


OpenPull = Callable[..., AbstractAsyncContextManager[Answer]]

MAX_UNREAD_BYTES = 4 * 1024 * 1024
"""What a reader may leave; the sender then waits."""

GATHER_S = 0.1
"""So much of a stream is gathered for whoever is in no hurry: with the way to the next tag it makes
100 ms.
"""


class PullBroken(Unavailable):
    """The other side is not there, went in the middle, or was silent for too long."""

    code = "pull_broken"


@asynccontextmanager
async def open_pull(
    url: str, *, headers: Mapping[str, str], connect_s: float, silence_s: float
) -> AsyncIterator["Pull"]:
    """The answer to a GET of `url`, as soon as its head is there. Raises `PullBroken`."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(connect_s):
            _, pull = await loop.create_connection(
                lambda: Pull(url, silence_s), parts.hostname or "", parts.port or 80
            )
    except OSError as error:
        raise PullBroken(f"{url} cannot be reached: {error}.") from None
    try:
        pull.ask(("\r\n".join(lines) + "\r\n\r\n").encode())
        await pull.head()
        yield pull
    finally:
        pull.close()


class Pull(asyncio.Protocol):
    """One answer. Iterating gives its body in the pieces in which it comes, until its end."""

    def __init__(self, url: str, silence_s: float) -> None:
        self.status = 0
        """0 until the head is there."""
        self._url = url
        self._silence_s = silence_s
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self._unread = 0
        self._is_complete = False
        self._is_paused = False
        self._sink: Callable[[bytes], None] | None = None
        """Who takes the pieces where they are read."""
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._heard_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    # --- the reader -------------------------------------------------------------------------

    def ask(self, request: bytes) -> None:
        self._transport.write(request)
        self._heard_at = self._loop.time()
        self._check_silence()

    async def head(self) -> None:
        """Until `status` is known."""
        while not self.status:
            await self._news()

    async def read(self) -> bytes:
        """All of the rest, of an answer that is short."""
        return b"".join([data async for data in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            if self._pieces:
                yield self._take()
            elif self._is_complete:
                return
            else:
                await self._news()

    async def each(self, take: Callable[[bytes], None]) -> None:
        """Give each piece to `take`, until the end; raises what that raises.

        For who wants them as they come: no task wakes up for a piece, which costs as much as what
        becomes of it.
        """
        self._sink = take
        self._hand_over(take)
        while self._error is not None or not self._is_complete:
            await self._news()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._transport.abort()

    def _take(self) -> bytes:
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._unread = 0
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    async def _news(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        await self._waiter

    # --- asyncio.Protocol -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"{self._url} does not answer in HTTP: {error}.")
            self._transport.abort()
        if self._sink is not None:
            self._hand_over(self._sink)
            return
        if self._unread > MAX_UNREAD_BYTES and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._is_complete:
            self._fail(f"{self._url} broke off{f': {exc}' if exc else ''}.")
            self._wake()

    # --- httptools --------------------------------------------------------------------------

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)
        self._unread += len(body)

    def on_message_complete(self) -> None:
        self._is_complete = True

    # --- within -----------------------------------------------------------------------------

    def _hand_over(self, take: Callable[[bytes], None]) -> None:
        if self._pieces and self._error is None:
            try:
                take(self._take())
            except Exception as error:  # noqa: BLE001 - it is raised where the pieces are awaited
                self._error = error
        if self._is_complete or self._error is not None:
            self._wake()

    def _check_silence(self) -> None:
        left_s = self._heard_at + self._silence_s - self._loop.time()
        if self._is_paused:
            left_s = self._silence_s  # it is we who do not listen
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._check_silence)
            return
        self._fail(f"{self._url} said nothing for {self._silence_s:g} s.")
        self._wake()

    def _fail(self, sentence: str) -> None:
        self._error = self._error or PullBroken(sentence)

    def _wake(self) -> None:
        waiter: asyncio.Future[Any] | None = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
