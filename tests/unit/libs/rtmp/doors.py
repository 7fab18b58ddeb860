"""A door that admits everybody but the stream `no`, and keeps what it is given."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from libs.events import EndCause
from libs.media.flv import Tag
from libs.rtmp import Audience, Limits, RTMPRefused, RTMPServer, StreamRequest


class Kept:
    """One publish and what came of it."""

    def __init__(self, request: StreamRequest) -> None:
        self.request = request
        self.tags: list[Tag] = []
        self.batches: list[int] = []
        """How many tags came together, each time."""
        self.may_wait = False
        self.is_paced = False
        self.revoked: asyncio.Future[EndCause] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[EndCause] = asyncio.get_running_loop().create_future()

    def pace(self, *, is_paced: bool) -> None:
        self.is_paced = is_paced

    def accept(self, *tags: Tag) -> None:
        self.tags += tags
        self.batches.append(len(tags))

    async def close(self, cause: EndCause) -> None:
        if not self.closed.done():
            self.closed.set_result(cause)


class Seat:
    """One player's place."""

    def __init__(self, audience: Audience) -> None:
        self.audience = audience
        self.dismissed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


class OpenDoor:
    def __init__(self) -> None:
        self.publishes: list[Kept] = []
        self.audience = Audience()
        self.seats: list[Seat] = []
        self.opens = asyncio.Event()
        """Until it is set nobody is answered."""
        self.opens.set()

    async def publish(self, request: StreamRequest) -> Kept:
        await self.opens.wait()
        if request.name == "no":
            raise RTMPRefused("NetStream.Publish.BadName", "Not this one.")
        kept = Kept(request)
        self.publishes.append(kept)
        return kept

    async def play(self, request: StreamRequest) -> Seat:
        if request.name == "no":
            raise RTMPRefused("NetStream.Play.StreamNotFound", "Not this one.")
        self.seats.append(Seat(self.audience))
        return self.seats[-1]


@contextlib.asynccontextmanager
async def serving(limits: Limits | None = None) -> AsyncIterator[tuple[RTMPServer, OpenDoor, int]]:
    """An RTMP server on a free port of loopback."""
    door = OpenDoor()
    server = RTMPServer(door, limits)
    port = await server.start("127.0.0.1", 0)
    try:
        yield server, door, port
    finally:
        await server.stop()
