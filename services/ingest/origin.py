"""The internal FLV origin: sessions' tags over HTTP, claims and checkpoints.

`GET /flv/{session}` joins live at the last keyframe; with `after` and `epoch` it is the packager's
fenced pull. Everything that a pull sends was serialised once for all readers.
"""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from libs.events import Checkpoint
from services.ingest.hub import Hub
from services.ingest.session import Session


class Claim(BaseModel):
    epoch: int = Field(ge=0)
    holder: str


def build_origin(hub: Hub) -> APIRouter:
    router = APIRouter()

    @router.get("/flv/{session_id}", response_class=StreamingResponse)
    async def pull(
        session_id: str, after: int | None = None, epoch: int | None = None
    ) -> StreamingResponse:
        session = hub.session(session_id)
        if epoch is not None:
            session.claim(epoch)
        first = session.replay.gop_start if after is None else after + 1
        return StreamingResponse(_stream(session, first, epoch), media_type="video/x-flv")

    @router.get("/sessions")
    async def sessions() -> dict[str, Any]:
        return {
            "sessions": [
                {
                    "session": session.id,
                    "stream": session.stream,
                    "tenant": session.tenant,
                    "generation": session.generation,
                    "is_publishing": is_publishing,
                    "next_tag": session.next_tag,
                }
                for session, is_publishing in hub.open_sessions()
            ]
        }

    @router.post("/sessions/{session_id}/claim")
    async def claim(session_id: str, body: Claim) -> dict[str, Any]:
        session = hub.session(session_id)
        session.claim(body.epoch)
        replay = session.replay
        usable = [item for item in replay.checkpoints if item.next_tag >= replay.oldest_tag]
        return {
            "checkpoints": [item.model_dump() for item in usable or replay.checkpoints[-1:]],
            "oldest_tag": replay.oldest_tag,
        }

    @router.post("/sessions/{session_id}/checkpoint")
    async def checkpoint(session_id: str, epoch: int, body: Checkpoint) -> dict[str, Any]:
        hub.session(session_id).acknowledge(epoch, body)
        return {}

    return router


async def _stream(session: Session, first: int, epoch: int | None) -> AsyncIterator[bytes]:
    start = min(max(first, session.replay.oldest_tag), session.next_tag)
    yield session.prologue(start)
    async for entries in session.read(start, epoch=epoch):
        yield b"".join(entry.wire for entry in entries)
