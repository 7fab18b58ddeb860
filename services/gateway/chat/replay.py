"""What was said, minute by minute, for who watches later: read once for all who watch."""

import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from libs.events import ChatMessages, ListChatMessages
from libs.names import ITS_TENANT
from services.gateway.chat.words import as_json
from services.gateway.playback.flights import Flights

KEPT = 500
"""Minutes in memory."""
FRESH_S = 10.0
"""For so long a minute is not asked for again, though something of it may have been removed."""
MAX_PAGES = 20
"""Of one minute; nobody reads that many."""

ListMessages = Callable[[ListChatMessages], Coroutine[Any, Any, ChatMessages]]


class Said(NamedTuple):
    """What is asked for: of a stream, from an instant to another."""

    stream: str
    from_at: datetime
    until_at: datetime
    session: str | None = None


def minute_of(stream: str, minute: int) -> Said:
    """The Unix minute of this number. Raises `OverflowError`."""
    from_at = datetime.fromtimestamp(minute * 60, UTC)
    return Said(stream, from_at, from_at + timedelta(minutes=1))


class _Page(NamedTuple):
    body: bytes
    asked_at: float


class Replay:
    def __init__(
        self, list_messages: ListMessages, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._list = list_messages
        self._clock = clock
        self._pages: OrderedDict[Said, _Page] = OrderedDict()
        self._flights: Flights[bytes] = Flights()

    async def read(self, asked: Said) -> bytes:
        """`{"messages": […]}`, each as on the socket. Raises what the catalog does."""
        page = self._pages.get(asked)
        if page is not None and self._clock() - page.asked_at < FRESH_S:
            return page.body
        return await self._flights.fly(repr(asked), lambda: self._fetch(asked))

    async def _fetch(self, asked: Said) -> bytes:
        asked_at = self._clock()
        found: list[dict[str, Any]] = []
        after: int | None = 0
        for _ in range(MAX_PAGES):
            page = await self._list(
                ListChatMessages(
                    tenant=ITS_TENANT,
                    stream=asked.stream,
                    from_at=asked.from_at,
                    until_at=asked.until_at,
                    session=asked.session,
                    after=after,
                    limit=500,
                )
            )
            found += map(as_json, page.messages)
            after = page.next_after
            if after is None:
                break
        body = orjson.dumps({"messages": found})
        self._pages[asked] = _Page(body, asked_at)
        self._pages.move_to_end(asked)
        if len(self._pages) > KEPT:
            self._pages.popitem(last=False)
        return body
