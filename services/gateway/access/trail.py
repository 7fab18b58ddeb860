"""The audit trail: what was done is said to the catalog in batches, off the requests' path."""

import asyncio
from collections.abc import Callable
from typing import NoReturn

from libs.events import AuditEntry, AuditRecorded
from libs.events.audit import MAX_ENTRIES

EVERY_S = 0.5


class Trail:
    """`say` keeps what it is told until the bus has stored it."""

    def __init__(self, say: Callable[[AuditRecorded], None]) -> None:
        self._say = say
        self._entries: list[AuditEntry] = []
        self._noted = asyncio.Event()

    def note(self, entry: AuditEntry) -> None:
        self._entries.append(entry)
        self._noted.set()
        if len(self._entries) >= MAX_ENTRIES:
            self.flush()

    def flush(self) -> None:
        entries, self._entries = self._entries, []
        self._noted.clear()
        if entries:
            self._say(AuditRecorded(entries=tuple(entries)))

    async def run(self) -> NoReturn:
        while True:
            await self._noted.wait()
            await asyncio.sleep(EVERY_S)
            self.flush()
