"""A packager and a store in memory, and how a viewer asks the edge."""

import asyncio
from typing import Protocol

from libs.storage import ColdStoreUnavailable, StoreUnavailable
from services.gateway.errors import OriginUnreachable
from services.gateway.playback.directory import Packager
from services.gateway.playback.edge import Edge
from services.gateway.playback.miss import Awaited
from services.gateway.playback.origin import Fetched
from services.gateway.playback.reply import Asked, Reply
from services.gateway.playback.routes import match_media

SESSION = "69573000-0a0b0c0d"
MSN = 0x69573000 + 5
VIDEO = f"/cam/{SESSION}/source/{MSN}.video.m4s"
AUDIO = f"/cam/{SESSION}/source/{MSN}.audio.m4s"
INIT = f"/cam/{SESSION}/source/init-0123456789ab.mp4"
KEY = f"segments/default/cam/{SESSION}/source/{MSN}.m4s"


class Clock(Protocol):
    now: float

    def __call__(self) -> float: ...


class MemoryOrigin:
    """Packager and store; every call costs a second of the test's clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.packager: dict[str, Fetched] = {}
        self.is_packager_away = False
        self.store: dict[str, bytes] = {}
        self.is_cold_away = False
        """Then what is not in `store` may lie cold."""
        self.calls: list[str] = []
        self.held: asyncio.Event | None = None
        """Until it is set the packager does not answer."""
        self.is_store_away = False
        self.store_answers: asyncio.Event | None = None
        """Until it is set the store does not answer."""
        self.slow: dict[str, asyncio.Event] = {}
        """The same of single paths."""

    async def packaged(self, packager: Packager, path: str, *, wait_s: float) -> Fetched:
        self.calls.append(f"{packager.url}/{path}")
        self.clock.now += 1
        await asyncio.sleep(0)
        if self.held is not None:
            await self.held.wait()
        if path in self.slow:
            await self.slow[path].wait()
        if self.is_packager_away:
            raise OriginUnreachable("away")
        return self.packager.get(path, Fetched(404, b""))

    async def stored(self, key: str) -> bytes | None:
        self.calls.append(key)
        self.clock.now += 1
        await asyncio.sleep(0)
        if self.store_answers is not None:
            await self.store_answers.wait()
        if self.is_store_away:
            raise StoreUnavailable("away")
        if self.is_cold_away and key not in self.store:
            raise ColdStoreUnavailable("The cold store is away.")
        return self.store.get(key)


async def get(edge: Edge, path: str, **asked: bytes) -> Reply:
    route = match_media(path.encode())
    assert route is not None
    answer = edge.answer(route, Asked(**asked))
    found = await answer if isinstance(answer, Awaited) else answer
    assert isinstance(found, Reply)
    return found
