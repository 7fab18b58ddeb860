"""What watch pages say, and when it changes: read once for all who watch through this gateway.

The catalog is asked once a page and herd, and again only when a session ends or a fact may have
been missed. Readers of a page share one rendered notice: one that is slow gets the newest, never
a backlog.
"""

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, NamedTuple

import structlog

from libs.errors import WeirError
from libs.events import ChatChanged, MetadataPut, StreamChanged, WatchPage
from services.gateway.playback.directory import Directory
from services.gateway.playback.flights import Flights
from services.gateway.watch.facts import Facts, facts_of
from services.gateway.watch.timed import Timed

KEPT = 10_000
STALE_S = 30.0
"""After so long it is asked again: a fact that was missed is made good by then."""
TICK_S = 1.0
COUNT_S = 2.0
"""Between two counts of viewers that a page tells; a second more for each thousand readers."""
READERS_A_SECOND = 1000.0

log = structlog.get_logger()

FindPage = Callable[[str, str | None], Coroutine[Any, Any, WatchPage]]
"""By id, and the session if it is one that is over."""


class Key(NamedTuple):
    id: str
    session: str | None = None


class Notice:
    """One page's facts of now. `wait` is for its readers."""

    def __init__(self, key: Key, page: WatchPage, asked_at: float) -> None:
        self.key = key
        self.page = page
        self.asked_at = asked_at
        self.facts: Facts | None = None
        self.text = b""
        """The facts as JSON."""
        self.counted_at = asked_at
        self.readers = 0
        self.timed = Timed()
        """What was said along with the picture, moments ago."""
        self._changed = asyncio.Event()

    @property
    def is_recorded(self) -> bool:
        return self.page.is_asset or self.key.session is not None

    def say(self, facts: Facts) -> None:
        self.facts = facts
        self.text = facts.model_dump_json().encode()
        self.wake()

    def wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def wait(self, timeout_s: float) -> None:
        """Until it changes, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()


class Noticeboard:
    """`count` says how many watch a stream. Nothing is read before somebody asks."""

    def __init__(
        self,
        directory: Directory,
        find_page: FindPage,
        count: Callable[[str], int],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._find_page = find_page
        self._count = count
        self._clock = clock
        self._notices: OrderedDict[Key, Notice] = OrderedDict()
        self._of_streams: dict[str, set[Key]] = {}
        self._flights: Flights[Notice] = Flights()
        self._read_by: set[Key] = set()
        """Those that have readers."""
        self.readers = 0
        self.is_closed = False
        directory.on_change(self._on_air_changed)

    @property
    def size(self) -> int:
        """How many pages are known."""
        return len(self._notices)

    async def read(self, shown_id: str, session: str | None = None) -> Notice:
        """With the facts of now. Raises what the catalog answers, or that it does not."""
        key = Key(shown_id, session)
        notice = self._notices.get(key)
        if notice is None or self._is_stale(notice):
            notice = await self._flights.fly(str(key), lambda: self._fetch(key))
        self._refresh(notice)
        return notice

    @contextlib.contextmanager
    def reading(self, notice: Notice) -> Iterator[None]:
        """While somebody follows it."""
        self._keep(notice)
        notice.readers += 1
        self.readers += 1
        self._read_by.add(notice.key)
        try:
            yield
        finally:
            notice.readers -= 1
            self.readers -= 1
            if not notice.readers:
                self._read_by.discard(notice.key)

    def hear(self, fact: StreamChanged) -> None:
        """A stream's title may have changed."""
        for notice in self._about(fact.stream):
            page = notice.page
            if page.is_asset or page.revision >= fact.revision:
                continue
            if fact.is_deleted:
                notice.asked_at = -STALE_S  # who asks next hears that it is gone
                continue
            said = {"title": fact.title, "description": fact.description}
            notice.page = page.model_copy(update=said | {"revision": fact.revision})
            self._refresh(notice)

    def hear_chat(self, fact: ChatChanged) -> None:
        """A stream's chat may have been opened, or closed."""
        for notice in self._about(fact.stream):
            if not notice.is_recorded:
                notice.page = notice.page.model_copy(update={"has_chat": fact.is_open})
                self._refresh(notice)

    def hear_metadata(self, fact: MetadataPut) -> None:
        """It belongs to a picture that viewers see in a moment."""
        notice = self._notices.get(Key(fact.stream))
        if notice is not None and notice.timed.add(fact):
            notice.wake()

    async def run(self) -> None:
        """Until cancelled: tell the readers how many they are, and what was missed."""
        while True:
            await asyncio.sleep(TICK_S)
            for key in list(self._read_by):
                notice = self._notices[key]
                if self._is_stale(notice):
                    await self._ask_again(notice)
                self._refresh(notice)

    def close(self) -> None:
        """Let every reader go."""
        self.is_closed = True
        for notice in self._notices.values():
            notice.wake()

    # --- within -----------------------------------------------------------------------

    async def _fetch(self, key: Key) -> Notice:
        page = await self._find_page(key.id, key.session)
        notice = self._notices.get(key)
        if notice is None:
            notice = Notice(key, page, self._clock())
            self._keep(notice)
            self._forget_oldest()
        elif page.revision >= notice.page.revision:
            notice.page = page
        notice.asked_at = self._clock()
        self._notices.move_to_end(key)
        return notice

    def _keep(self, notice: Notice) -> None:
        self._notices.setdefault(notice.key, notice)
        self._of_streams.setdefault(notice.page.stream, set()).add(notice.key)

    async def _ask_again(self, notice: Notice) -> None:
        try:
            await self._flights.fly(str(notice.key), lambda: self._fetch(notice.key))
        except WeirError as error:
            # Readers keep what was last known.
            log.info("watch_page.stale", page=notice.key.id, reason=str(error))
            notice.asked_at = self._clock()

    def _on_air_changed(self, stream: str) -> None:
        for notice in self._about(stream):
            if self._directory.live(stream) is None:
                notice.asked_at = -STALE_S  # there is a newer recording
            self._refresh(notice)

    def _is_stale(self, notice: Notice) -> bool:
        return self._clock() - notice.asked_at >= STALE_S

    def _refresh(self, notice: Notice) -> None:
        """Say what has changed; the count of viewers not too often."""
        before, now = notice.facts, self._clock()
        viewers = before.viewers if before else 0
        pause_s = COUNT_S + notice.readers / READERS_A_SECOND
        if before is None or now - notice.counted_at >= pause_s:
            viewers, notice.counted_at = self._count_of(notice), now
        facts = facts_of(
            notice.key.id,
            notice.page,
            self._directory,
            is_recorded=notice.is_recorded,
            viewers=viewers,
        )
        if facts != before:
            notice.say(facts)

    def _count_of(self, notice: Notice) -> int:
        """What is under the stream's name but not all of it has no count of its own."""
        stream = notice.page.stream
        return self._count(stream) if notice.key == Key(stream) else 0

    def _about(self, stream: str) -> list[Notice]:
        return [self._notices[key] for key in self._of_streams.get(stream, ())]

    def _forget_oldest(self) -> None:
        if len(self._notices) <= KEPT:
            return
        key = next((each for each, notice in self._notices.items() if not notice.readers), None)
        if key is None:
            return
        notice = self._notices.pop(key)
        of_stream = self._of_streams[notice.page.stream]
        of_stream.discard(key)
        if not of_stream:
            del self._of_streams[notice.page.stream]
