"""The internal FLV origin: sessions' tags over HTTP, claims and checkpoints.

`GET /flv/{session}` joins live at the last keyframe; with `after` it goes on behind that tag, and
with `epoch` it is fenced: a newer epoch of the same `reader` ends it. A prologue comes first: FLV
header, the sequence headers in force, `weir.position`. Every tag behind it counts one, and is
serialised once for all readers.

A `reader` that would only keep what it gets for a while says for how long by `POST
/sessions/{session}/gather`; from then on it is sent what gathers in that time.

While a session's picture is marked, this is the marked one; with `inside` it is always what the
publisher sent, which is for the transcoder alone.

`PUT /flv/{session}/{rung}` feeds a rung for as long as its body goes on; it ends with 200, or with
409 `fenced` when another process has taken the rung over. `GET` of the same is a pull of the rung,
whose tags have numbers of their own.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from libs.errors import WeirError
from libs.events import Checkpoint
from services.ingest.feed import Feed
from services.ingest.hub import Hub
from services.ingest.pull import Pull
from services.ingest.refusal import Refusal
from services.ingest.rung_push import Rank
from services.ingest.session import Session
from services.ingest.tag_log import PACKAGER


class Claim(BaseModel):
    """A worker takes the session over under a newer epoch."""

    epoch: int = Field(ge=0)
    holder: str
    reader: str = PACKAGER


class Gather(BaseModel):
    """A reader says for how long its tags may be gathered; 0: it waits for them."""

    reader: str
    wait_s: float = Field(ge=0, le=1)


def build_origin(hub: Hub) -> APIRouter:
    """The routes. Errors: `session_unknown`, `rung_unknown`, `fenced`, and those of a rung."""
    router = APIRouter()
    router.include_router(_rungs(hub))

    @router.get("/flv/{session_id}", response_class=Pull)
    async def pull(
        session_id: str,
        after: int | None = None,
        epoch: int | None = None,
        reader: str = PACKAGER,
        inside: bool = False,
    ) -> Pull:
        session = hub.session(session_id)
        if epoch is not None:
            session.claim(epoch, reader)
        wanted = None if after is None else after + 1
        log, first = session.inside(wanted) if inside else session.shown(wanted)
        return Pull(log, first, epoch=epoch, reader=reader, is_inside=inside)

    @router.get("/sessions")
    async def sessions() -> dict[str, Any]:
        found = hub.open_sessions()
        return {"sessions": [_row(each, is_publishing=is_on) for each, is_on in found]}

    @router.get("/sessions/{session_id}")
    async def one(session_id: str) -> dict[str, Any]:
        session = hub.session(session_id)
        vitals = session.vitals()
        return _row(session, is_publishing=hub.is_publishing(session)) | {
            "is_ended": session.is_ended,
            "vitals": None if vitals is None else vitals.model_dump(mode="json"),
            "session_ms": session.latest_ms,
            "rungs": session.ladder.describe(),
            "via": session.via,
        }

    @router.post("/sessions/{session_id}/claim")
    async def claim(session_id: str, body: Claim) -> dict[str, Any]:
        session = hub.session(session_id)
        session.claim(body.epoch, body.reader)
        return {
            "checkpoints": [item.model_dump(mode="json") for item in session.checkpoints],
            "oldest_tag": session.replay.oldest_tag,
            "next_tag": session.shown()[0].next_tag,
        }

    @router.post("/sessions/{session_id}/gather")
    async def gather(session_id: str, body: Gather) -> dict[str, Any]:
        hub.session(session_id).gather(body.reader, body.wait_s)
        return {}

    @router.post("/sessions/{session_id}/checkpoint")
    async def checkpoint(session_id: str, epoch: int, body: Checkpoint) -> dict[str, Any]:
        hub.session(session_id).acknowledge(epoch, body)
        return {}

    return router


def _rungs(hub: Hub) -> APIRouter:
    router = APIRouter()

    @router.put("/flv/{session_id}/{rung_name}")
    async def feed(
        session_id: str,
        rung_name: str,
        request: Request,
        epoch: Annotated[int, Query(ge=0)],
        take: Annotated[int, Query(ge=0)] = 0,
        from_tag: Annotated[int | None, Query(alias="from", ge=0)] = None,
        *,
        marked: bool = False,
    ) -> Response:
        try:
            session = hub.session(session_id)
            rung, push = await session.ladder.open(
                rung_name, Rank(epoch, take), from_tag, is_marked=marked
            )
        except WeirError as error:
            return Refusal(error)
        return await Feed(session, rung, push).take(request.stream())

    @router.get("/flv/{session_id}/{rung_name}", response_class=Pull)
    async def pull(
        session_id: str,
        rung_name: str,
        after: int | None = None,
        epoch: int | None = None,
        reader: str = PACKAGER,
    ) -> Pull:
        session = hub.session(session_id)
        if epoch is not None:
            session.claim(epoch, reader)
        rung = session.ladder.find(rung_name)
        first = rung.replay.join_tag if after is None else after + 1
        return Pull(rung, first, epoch=epoch, reader=reader)

    return router


def _row(session: Session, *, is_publishing: bool) -> dict[str, Any]:
    return {
        "session": session.id,
        "stream": session.stream,
        "tenant": session.tenant,
        "generation": session.generation,
        "is_publishing": is_publishing,
        "next_tag": session.shown()[0].next_tag,
    }
