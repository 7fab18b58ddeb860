"""The log of public events as listeners read it: the newest in memory, the rest by pages.

A listener is a cursor: it takes what follows from memory while it keeps up, and from the catalog
while it is further behind. So nothing is queued for anybody, and whoever is slow harms nobody.
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import structlog

from libs.errors import TooMany, WeirError
from libs.events import ListPublicEvents, LoggedEvent, LoggedEvents
from libs.public_events import TYPES, is_wanted
from services.gateway import event_stream
from services.gateway.event_stream import HEARTBEAT

log = structlog.get_logger()

KEPT = 1000
LOOK_S = 15.0
"""The log is looked at so often, should a word about it be lost."""
HEARTBEAT_S = 15.0
RECONNECT = b"retry: 2000\n\n"
RETRY_S = 1.0
MAX_LISTENERS = 1000
AT_ONCE = 100

Spawn = Callable[..., object]
"""Starts a loop that goes on until the service ends."""
List = Callable[[ListPublicEvents], Awaitable[LoggedEvents]]


class ListenersTooMany(TooMany):
    code = "listeners_too_many"


class Frame(NamedTuple):
    """An event as it is on the wire of all who listen."""

    sequence: int
    type: str
    stream: str | None
    wire: bytes

    @classmethod
    def of(cls, event: LoggedEvent) -> "Frame":
        wire = event_stream.event(event.type, event.body, id=event.sequence)
        return cls(event.sequence, event.type, event.stream, wire)


@dataclass(frozen=True)
class Wanted:
    """Types by name or noun, and streams; none named: all."""

    types: Collection[str] = ()
    streams: Collection[str] = ()

    def takes(self, frame: Frame) -> bool:
        is_stream = not self.streams or frame.stream in self.streams
        return is_stream and is_wanted(self.types, frame.type)

    def after(self, tenant: str, sequence: int) -> ListPublicEvents:
        types = tuple(each for each in sorted(TYPES) if is_wanted(self.types, each))
        return ListPublicEvents(
            tenant=tenant,
            after=sequence,
            types=types if self.types else None,
            streams=tuple(self.streams) or None,
        )


class PublicFeeds:
    """One for each tenant that somebody has listened to."""

    def __init__(self, list_events: List, spawn: Spawn) -> None:
        self._list = list_events
        self._spawn = spawn
        self._feeds: dict[str, PublicFeed] = {}
        self._is_closed = False

    def of(self, tenant: str) -> "PublicFeed":
        if tenant not in self._feeds:
            feed = self._feeds[tenant] = PublicFeed(tenant, self._list)
            self._spawn(feed.run(), name=f"feed-{tenant}")
            if self._is_closed:
                feed.close()
        return self._feeds[tenant]

    def wake(self, tenant: str) -> None:
        """Its log may have grown."""
        if tenant in self._feeds:
            self._feeds[tenant].wake()

    def close(self) -> None:
        """Let all listeners go, and whoever comes yet."""
        self._is_closed = True
        for feed in self._feeds.values():
            feed.close()


class PublicFeed:
    def __init__(self, tenant: str, list_events: List) -> None:
        self._tenant = tenant
        self._list = list_events
        self._frames: deque[Frame] = deque(maxlen=KEPT)
        self._newest: int | None = None
        """Of the log, as far as it was read; None while nobody listens."""
        self._listeners = 0
        self._wake, self._grown = asyncio.Event(), asyncio.Event()
        self._is_closed = False

    def wake(self) -> None:
        """The log may have grown."""
        if self._listeners:
            self._wake.set()

    def close(self) -> None:
        """Let all listeners go."""
        self._is_closed = True
        self._grown.set()

    async def run(self) -> None:
        """Read what is new while anybody listens, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S if self._listeners else None):
                    await self._wake.wait()
            self._wake.clear()
            if not self._listeners:
                self._frames.clear()
                self._newest = None
                continue
            try:
                await self._read()
            except WeirError as error:
                log.info("events.waiting", code=error.code)
                await asyncio.sleep(RETRY_S)
                self._wake.set()

    async def open(self, after: int | None, wanted: Wanted) -> "Listener":
        """A listener from behind `after` on; None: from now on. Raises what the catalog does, and
        `ListenersTooMany`.
        """
        if self._listeners >= MAX_LISTENERS:
            raise ListenersTooMany(f"{MAX_LISTENERS} listen already; try again later.")
        where = await self._list(ListPublicEvents(tenant=self._tenant))
        return Listener(self, after, wanted, where)

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        self._listeners += 1
        self._wake.set()
        try:
            yield
        finally:
            self._listeners -= 1
            self._wake.set()

    async def after(self, sequence: int, wanted: Wanted) -> tuple[list[Frame], int]:
        """Some of what follows, and how far that goes; nothing: it has to be waited for."""
        if self._newest is not None and sequence >= self._newest:
            return [], sequence
        if self._frames and self._frames[0].sequence <= sequence + 1:
            skipped = sequence + 1 - self._frames[0].sequence
            found = list(islice(self._frames, skipped, skipped + AT_ONCE))
            return [each for each in found if wanted.takes(each)], found[-1].sequence
        page = await self._list(wanted.after(self._tenant, sequence))
        return [Frame.of(event) for event in page.events], page.next_after

    @property
    def grown(self) -> asyncio.Event:
        """Is set when the log grows the next time, and when all is over."""
        return self._grown

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    async def _read(self) -> None:
        if self._newest is None:
            self._newest = (await self._list(ListPublicEvents(tenant=self._tenant))).newest
            self._tell()
        while True:
            page = await self._list(ListPublicEvents(tenant=self._tenant, after=self._newest))
            if not page.events:
                return
            self._frames.extend(map(Frame.of, page.events))
            self._newest = page.events[-1].sequence
            self._tell()
            if self._newest >= page.newest:
                return

    def _tell(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
        if self._is_closed:
            self._grown.set()


class Listener:
    """One who reads on and on. `where`: what the log had when it came."""

    def __init__(
        self, feed: PublicFeed, after: int | None, wanted: Wanted, where: LoggedEvents
    ) -> None:
        self._feed = feed
        self._wanted = wanted
        self._cursor = where.newest if after is None else after
        self._missed = b""
        if not where.oldest - 1 <= self._cursor <= where.newest:
            begin = where.oldest - 1 if self._cursor < where.oldest else where.newest
            said = json.dumps({"after": self._cursor, "next": begin + 1})
            self._missed = event_stream.event("events.missed", said, id=begin)
            self._cursor = begin

    async def wire(self, is_welcome: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
        """What is sent, until nobody takes it, `is_welcome` says no, or the feed is closed."""
        now = asyncio.get_running_loop().time
        with self._feed.listening():
            yield RECONNECT + self._missed
            beat_at = now() + HEARTBEAT_S
            while not self._feed.is_closed:
                grown = self._feed.grown  # before it is looked, so that no word is lost
                frames, is_to_wait = await self._next()
                if frames:
                    yield b"".join(frame.wire for frame in frames)
                if now() >= beat_at:
                    if not await is_welcome():
                        return
                    yield HEARTBEAT
                    beat_at = now() + HEARTBEAT_S
                if is_to_wait:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout_at(beat_at):
                            await grown.wait()

    async def _next(self) -> tuple[list[Frame], bool]:
        """What follows, and whether nothing more is there yet."""
        try:
            frames, cursor = await self._feed.after(self._cursor, self._wanted)
        except WeirError:  # the catalog is away; it goes on where it was
            await asyncio.sleep(RETRY_S)
            return [], False
        is_end, self._cursor = cursor == self._cursor, cursor
        return frames, is_end
