"""PutMedia: a device uploads fragments, and hears of each what became of it.

The acknowledgements go out while the body comes in: BUFFERING when a fragment begins, RECEIVED when
all of it is here and on its way into the log, PERSISTED once the catalog has the rows that hold it.
"""

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import structlog
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from libs.ending import end
from libs.errors import WeirError
from libs.events import ListSessions, Segment, Stream
from libs.media.flv import FLV_HEADER, write_tag
from libs.names import DEFAULT_TENANT
from libs.permissions import Permission
from services.gateway.api.auth import signed
from services.gateway.api.house import House, TheHouse
from services.gateway.api.kvs.errors import KVSRoute, invalid
from services.gateway.api.kvs.fragment_reader import (
    Fragment,
    FragmentBegun,
    FragmentReader,
    FragmentRefused,
)
from services.gateway.api.kvs.fragments import selected
from services.gateway.api.kvs.names import find_stream, fragment_number
from services.gateway.api.kvs.request import OfStream, shaped
from services.gateway.pushes import Push, PushRefused

router = APIRouter(route_class=KVSRoute)

IDLE_S = 10.0
"""After so long without bytes the device is told that we still listen,"""
SILENT_S = 30.0
"""and after so long the upload is over."""
LOOK_S = 0.5
"""How often the catalog is asked for the rows of what was received."""
PERSIST_S = 60.0
"""How long after the last byte rows are waited for: the last segment ends with its session."""
NEAR_MS = 250
"""By so much a row's times may differ from those of the pictures in it."""
LONGEST_ROW = timedelta(seconds=60)
READ_ERROR, WRONG_TIME, STREAM_GONE, INTERNAL_ERROR = 4000, 4007, 4008, 5000
_ERRORS = {
    "clock_behind": WRONG_TIME,
    "stream_unknown": STREAM_GONE,
    "stream_disabled": STREAM_GONE,
    "publish_revoked": STREAM_GONE,
}
"""By the code of ingest's error."""
_IN_THE_MIDDLE = "publish_revoked"
"""What came before it is kept; the others refuse all of a publish."""

log = structlog.get_logger()


class Acknowledgements(Response):
    """An answer that goes out while the request comes in.

    Starlette's streaming response listens for the end of the connection, and would swallow the body
    that somebody else reads.
    """

    media_type = "application/json"

    def __init__(self, lines: AsyncGenerator[bytes]) -> None:
        super().__init__(headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        async with aclosing(self._lines) as lines:
            first = asyncio.create_task(_next(lines))
            # A device that waits for "100 Continue" has it as soon as its body is asked for.
            await asyncio.sleep(0)
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            line = await first
            while line is not None:
                await send({"type": "http.response.body", "body": line, "more_body": True})
                line = await _next(lines)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@router.post(
    "/putMedia",
    response_class=Response,
    dependencies=[signed(Permission.STREAMS_PUBLISH, reads_body=False)],
)
async def put_media(request: Request, house: TheHouse) -> Acknowledgements:
    """Upload fragments: Matroska in, a JSON object a line out."""
    headers = request.headers
    names = {
        "StreamName": headers.get("x-amzn-stream-name"),
        "StreamARN": headers.get("x-amzn-stream-arn"),
    }
    stream = await find_stream(house, shaped(OfStream, names))
    offset_ms = _offset_ms(
        headers.get("x-amzn-fragment-timecode-type", ""),
        headers.get("x-amzn-producer-start-timestamp", ""),
    )
    address = request.client.host if request.client else ""
    upload = Upload(house, stream, offset_ms=offset_ms, address=address)
    return Acknowledgements(upload.run(request.stream()))


async def _next(lines: AsyncGenerator[bytes]) -> bytes | None:
    try:
        return await anext(lines)
    except StopAsyncIteration:
        return None


def _offset_ms(kind: str, start: str) -> int:
    """What makes Unix milliseconds of a timecode. Raises `InvalidArgument`."""
    if kind not in ("ABSOLUTE", "RELATIVE"):
        raise invalid("x-amzn-fragment-timecode-type is ABSOLUTE or RELATIVE.")
    try:
        start_ms = round(float(start) * 1000)
    except (ValueError, OverflowError):
        raise invalid("x-amzn-producer-start-timestamp is a time in Unix seconds.") from None
    return start_ms if kind == "RELATIVE" else 0


@dataclass
class _Received:
    """A fragment that waits for its rows, in Unix ms."""

    timecode_ms: int
    begins_ms: int
    ends_ms: int


class Upload:
    """One PutMedia, from its first byte to its last acknowledgement."""

    def __init__(self, house: House, stream: Stream, *, offset_ms: int, address: str) -> None:
        self._house = house
        self._stream = stream
        self._offset_ms = offset_ms
        self._address = address
        self._reader = FragmentReader()
        self._push: Push | None = None
        self._before = 0
        """The stream's newest publish before this one: its rows may be of the same time."""
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._received: deque[_Received] = deque()
        self._is_over = False
        """Whether nothing more is received."""

    async def run(self, body: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """The acknowledgements, as they come."""
        tasks = [asyncio.create_task(self._receive(body)), asyncio.create_task(self._watch())]
        both = asyncio.gather(*tasks)
        try:
            while not (both.done() and self._said.empty()):
                saying = asyncio.create_task(self._said.get())
                either: set[asyncio.Future[Any]] = {saying, both}
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if saying.done():
                    yield json.dumps(saying.result()).encode() + b"\n"
                else:
                    saying.cancel()
            await both
        finally:
            await end(*tasks)
            with contextlib.suppress(asyncio.CancelledError):
                await both

    def _say(
        self,
        event: Literal["BUFFERING", "RECEIVED", "PERSISTED", "ERROR", "IDLE"],
        timecode_ms: int | None,
        **more: Any,
    ) -> None:
        said = {"EventType": event, "FragmentTimecode": timecode_ms, **more}
        self._said.put_nowait({name: value for name, value in said.items() if value is not None})

    # --- what comes in --------------------------------------------------------------------

    async def _receive(self, body: AsyncIterator[bytes]) -> None:
        try:
            await self._read(body)
        except FragmentRefused as error:
            self._refuse(error.error_id, str(error))
        except PushRefused as error:
            if error.reason in _ERRORS and error.reason != _IN_THE_MIDDLE:
                self._received.clear()  # nothing was taken, so no rows are to come
            self._refuse(_ERRORS.get(error.reason, INTERNAL_ERROR), str(error))
        except WeirError as error:
            self._refuse(INTERNAL_ERROR, str(error))
        except TimeoutError:
            self._refuse(READ_ERROR, "Nothing came for long.")
        except ClientDisconnect:
            log.info("put_media.broke", stream=self._stream.id)
            self._received.clear()  # nobody hears of them any more
        finally:
            self._is_over = True
            if self._push is not None:
                await self._push.abandon()

    async def _read(self, body: AsyncIterator[bytes]) -> None:
        async for data in self._unless_silent(body):
            for event in self._reader.feed(data):
                await self._take(event)
        for event in self._reader.close():
            await self._take(event)
        if self._push is not None:
            push, self._push = self._push, None
            await push.finish()

    async def _unless_silent(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Raises `TimeoutError` when nothing comes for long."""
        pieces = aiter(body)
        while True:
            reading = asyncio.ensure_future(anext(pieces))
            since = time.monotonic()
            try:
                while not (await asyncio.wait({reading}, timeout=IDLE_S))[0]:
                    if time.monotonic() - since >= SILENT_S:
                        raise TimeoutError
                    self._say("IDLE", None)
                data = reading.result()
            except StopAsyncIteration:
                return
            finally:
                reading.cancel()
            yield data

    def _refuse(self, error_id: int, reason: str) -> None:
        log.warning("put_media.refused", stream=self._stream.id, error=error_id, reason=reason)
        self._say("ERROR", self._reader.timecode_ms, ErrorId=error_id)

    async def _take(self, event: FragmentBegun | Fragment) -> None:
        if isinstance(event, FragmentBegun):
            self._say("BUFFERING", event.timecode_ms)
            return
        begins_ms, ends_ms = event.begins_ms + self._offset_ms, event.ends_ms + self._offset_ms
        wire = b"".join(map(write_tag, event.tags))
        if self._push is None:
            first = next(tag for tag in event.tags if tag.body[1] == 1)
            wall_ms = begins_ms - self._lead_ms(event, first.dts_ms)
            self._before = await self._newest_publish()
            self._push = await self._house.pushes.open(self._stream, wall_ms, self._address)
            wire = FLV_HEADER + wire
        await self._push.send(wire)
        self._received.append(_Received(event.timecode_ms, begins_ms, ends_ms))
        self._say("RECEIVED", event.timecode_ms)

    async def _newest_publish(self) -> int:
        ask = ListSessions(tenant=DEFAULT_TENANT, stream=self._stream.id, limit=1)
        page = await self._house.catalog.ask(ask)
        return page.sessions[0].generation if page.sessions else 0

    @staticmethod
    def _lead_ms(fragment: Fragment, first_dts_ms: int) -> int:
        """By how much the first tag is decoded before the fragment's first picture is shown."""
        shown = (
            tag.dts_ms + int.from_bytes(tag.body[2:5], "big")
            for tag in fragment.tags
            if tag.body[:1] in (b"\x17", b"\x27") and tag.body[1] == 1
        )
        return min(shown, default=first_dts_ms) - first_dts_ms

    # --- what was stored ------------------------------------------------------------------

    async def _watch(self) -> None:
        """Until all that was received is stored, or will not be."""
        until: float | None = None
        while not self._is_over or self._received:
            await asyncio.sleep(LOOK_S)
            if self._is_over:
                until = until or time.monotonic() + PERSIST_S
                if time.monotonic() > until:
                    return
            if self._received:
                with contextlib.suppress(WeirError):  # the catalog is away: look again
                    await self._look()

    async def _look(self) -> None:
        from_at, until_at = (
            datetime.fromtimestamp(ms / 1000, UTC)
            for ms in (self._received[0].begins_ms, self._received[-1].ends_ms)
        )
        # A row that begins before the fragment may hold its beginning.
        rows = [
            row
            async for row in selected(
                self._house,
                self._stream,
                from_at - LONGEST_ROW,
                until_at + timedelta(milliseconds=NEAR_MS),
            )
            if row.generation > self._before
        ]
        while self._received:
            fragment = self._received[0]
            if not any(_ends_ms(row) >= fragment.ends_ms - NEAR_MS for row in rows):
                return
            self._received.popleft()
            begun = [row for row in rows if _starts_ms(row) <= fragment.begins_ms + NEAR_MS]
            number = fragment_number(begun[-1] if begun else rows[0])
            self._say("PERSISTED", fragment.timecode_ms, FragmentNumber=number)


def _starts_ms(row: Segment) -> float:
    return row.starts_at.timestamp() * 1000


def _ends_ms(row: Segment) -> float:
    return _starts_ms(row) + row.duration_s * 1000
