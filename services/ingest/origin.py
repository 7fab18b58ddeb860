"""The internal FLV origin: sessions' tags over HTTP, claims and checkpoints.

`GET /flv/{session}` joins live at the last keyframe; with `after` it goes on behind that tag, and
with `epoch` it is fenced: a newer epoch of the same `reader` ends it. A prologue comes first: FLV
header, the sequence headers in force, `weir.position`. Every tag behind it counts one, and is
serialised once for all readers.
"""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from libs.events import Checkpoint
from services.ingest.hub import Hub
from services.ingest.pull import Pull
from services.ingest.session import PACKAGER


class Claim(BaseModel):
    """A worker takes the session over under a newer epoch."""

    epoch: int = Field(ge=0)
    holder: str
    reader: str = PACKAGER


def build_origin(hub: Hub) -> APIRouter:
    """The routes. Errors: `session_unknown`, `fenced`."""
    router = APIRouter()

    @router.get("/flv/{session_id}", response_class=Pull)
    async def pull(
        session_id: str,
        after: int | None = None,
        epoch: int | None = None,
        reader: str = PACKAGER,
    ) -> Pull:
        session = hub.session(session_id)
        if epoch is not None:
            session.claim(epoch, reader)
        first = session.replay.join_tag if after is None else after + 1
        return Pull(session, first, epoch=epoch, reader=reader)

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
        session.claim(body.epoch, body.reader)
        replay = session.replay
        return {
            "checkpoints": [item.model_dump(mode="json") for item in replay.checkpoints],
            "oldest_tag": replay.oldest_tag,
            "next_tag": replay.next_tag,
        }

    @router.post("/sessions/{session_id}/checkpoint")
    async def checkpoint(session_id: str, epoch: int, body: Checkpoint) -> dict[str, Any]:
        hub.session(session_id).acknowledge(epoch, body)
        return {}

    return router
