"""What a relay job is given in these tests: a pull that a test feeds, and outlets that keep."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from libs.errors import NotFound
from libs.events import Message, RelayChanged, RelayGrant, RelayRequested
from libs.media.flv import Tag
from libs.tags import Claim, IngestFenced, PositionCue, Prologue, RungUnknown
from services.relay.errors import PushFailed

ORDER = RelayRequested(
    job="relay-s-t",
    attempt=1,
    tenant="default",
    stream="cam",
    session="s",
    origin_url="http://ingest",
    target="t",
)


class Pull:
    """One pull from the fake ingest."""

    def __init__(self, ingest: "FakeIngest", first_tag: int) -> None:
        self._ingest = ingest
        self._number = first_tag

    async def prologue(self) -> Prologue:
        cue = PositionCue(next_tag=self._number, generation=1, discontinuities=0)
        return Prologue(cue, self._ingest.headers)

    async def tags(self) -> AsyncIterator[list[Tag]]:
        while True:
            news = self._ingest.log[self._number :]
            if news:
                self._number += len(news)
                yield news
            if self._ingest.breaks:
                self._ingest.breaks -= 1
                return
            await self._ingest.fed()


class FakeIngest:
    """A session's log, fed by the test."""

    def __init__(self, headers: Iterable[Tag] = ()) -> None:
        self.headers = list(headers)
        self.log: list[Tag] = []
        self.breaks = 0
        self.claims: list[int] = []
        self.pulls: list[int | None] = []
        self.is_fenced = False
        self.renditions: set[str | None] = {None}
        self.came_through: tuple[str, ...] = ()
        self._news = asyncio.Event()

    def feed(self, *tags: Tag) -> None:
        self.log += tags
        self._news.set()

    async def fed(self) -> None:
        self._news.clear()
        await self._news.wait()

    def break_off(self) -> None:
        """The pull ends, as when ingest's host resets it."""
        self.breaks += 1
        self._news.set()

    async def via(self) -> tuple[str, ...]:
        return self.came_through

    async def claim(self, epoch: int, holder: str) -> Claim:
        if self.is_fenced:
            raise IngestFenced("newer")
        self.claims.append(epoch)
        return Claim(checkpoints=[], oldest_tag=0)

    @asynccontextmanager
    async def pull(
        self, after: int | None, epoch: int, *, near_ms: int = 0, rung: str | None = None
    ) -> AsyncIterator[Pull]:
        if rung not in self.renditions:
            raise RungUnknown(f"no {rung}")
        self.pulls.append(after)
        yield Pull(self, 0 if after is None else after + 1)


class FakeOutlet:
    """A target that takes everything, until a test says otherwise."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tags: list[Tag] = []
        self.end: str | None = None
        self.failure: PushFailed | None = None
        self.has_begun = True

    @property
    def sent_bytes(self) -> int:
        return sum(len(tag.body) for tag in self.tags)

    async def send(self, tags: Iterable[Tag]) -> None:
        self.check()
        self.tags += tags

    def check(self) -> None:
        if self.failure is not None:
            raise self.failure

    async def close(self) -> None:
        self.end = "closed"

    def abort(self) -> None:
        self.end = "aborted"


class FakeLease:
    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self.epoch = 3
        self.end: str | None = None

    async def release(self) -> None:
        self.end = "released"

    def drop(self) -> None:
        self.end = "dropped"
        self.lost.set()


class Unwanted(NotFound):
    code = "relay_unwanted"


class Catalog:
    """What the catalog says to a worker that asks."""

    def __init__(self) -> None:
        self.grant: RelayGrant | Exception = RelayGrant(
            url="rtmp://far/app/one", rendition="source", revision=1
        )

    async def ask(self, _: RelayRequested) -> RelayGrant:
        if isinstance(self.grant, Exception):
            raise self.grant
        return self.grant


class Ears:
    """What was said of the push."""

    def __init__(self) -> None:
        self.facts: list[RelayChanged] = []

    def say(self, message: Message) -> None:
        assert isinstance(message, RelayChanged)
        self.facts.append(message)

    @property
    def states(self) -> list[tuple[str, str | None]]:
        """Each state once, in order."""
        said = [(fact.state, fact.cause) for fact in self.facts]
        return [each for at, each in enumerate(said) if at == 0 or said[at - 1] != each]
