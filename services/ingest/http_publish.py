"""A publish over HTTP: what a device has handed to a gateway, pushed on as FLV.

`POST /publish/{stream}?sign=…` publishes for as long as its body goes on. `wall_ms` is when its
first tag was made, in Unix ms: its maker's clock then is the session's, not ours.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from libs.ending import end
from libs.errors import Conflict, WeirError
from libs.events import EndCause
from libs.media.flv import FLVInvalid, FLVReader
from libs.problems import problem_of
from libs.rtmp import RTMPRefused, StreamRequest
from services.ingest.hub import Hub
from services.ingest.publish import Publish
from services.ingest.refusal import Refusal

log = structlog.get_logger()


class PublishRevoked(Conflict):
    code = "publish_revoked"


def build_publishing(hub: Hub) -> APIRouter:
    """The routes. Errors: what refuses a publisher, `clock_behind`, `publish_revoked`."""
    router = APIRouter()

    @router.post("/publish/{stream}")
    async def publish(stream: str, request: Request, wall_ms: float | None = None) -> Response:
        asked = StreamRequest(
            app="live",
            name=stream,
            query=request.url.query,
            peer_address=request.headers.get("x-forwarded-for", ""),
            encoder=request.headers.get("user-agent", "")[:100],
        )
        try:
            opened = await hub.publish(asked, wall_ms=wall_ms)
        except RTMPRefused as error:
            # An encoder would hear a status of RTMP's; who speaks HTTP hears what is behind it.
            cause = error.__cause__
            return Refusal(cause if isinstance(cause, WeirError) else error)
        except WeirError as error:
            return Refusal(error)
        return await _take(opened, request.stream())

    @router.get("/publish/{stream}", status_code=204)
    async def check(stream: str, wall_ms: float) -> Response:
        """Whether media of that time may come now. Asked before any is sent: whoever is busy
        sending hears of a refusal late, or never.
        """
        try:
            hub.check_time(stream, wall_ms)
        except WeirError as error:
            return problem_of(error)
        return Response(status_code=204)

    return router


async def _take(publish: Publish, body: AsyncIterator[bytes]) -> Response:
    """The answer, once the publish is over for one reason or the other."""
    cause: EndCause = "connection_lost"
    reading: asyncio.Task[None] | None = None
    try:
        reading = asyncio.create_task(_read(publish, body))
        both: set[asyncio.Future[Any]] = {reading, publish.revoked}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            raise PublishRevoked(f"The publish was ended: {publish.revoked.result()}.")
        reading.result()
        cause = "publisher_ended"
    except FLVInvalid as error:
        cause = "protocol_error"
        return Refusal(error)
    except WeirError as error:
        return Refusal(error)
    except ClientDisconnect:
        return Response(status_code=400)
    finally:
        if reading is not None:
            reading.cancel()
        await publish.close(cause)
        if reading is not None:
            await end(reading)  # a refusal reads on
    return JSONResponse({"session": publish.session.id})


async def _read(publish: Publish, body: AsyncIterator[bytes]) -> None:
    reader = FLVReader()
    async for data in body:
        tags = reader.feed(data)
        if tags:
            publish.accept(*tags)
