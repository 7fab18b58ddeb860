"""Who is there: each process announces its kind and URL in a KV bucket, and keeps it fresh."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import structlog
from nats.errors import Error as NATSError
from nats.js.errors import Error as JetStreamError
from nats.js.errors import KeyNotFoundError, NoKeysError
from nats.js.kv import KeyValue
from pydantic import BaseModel, ConfigDict

from libs.ending import end, heard

log = structlog.get_logger()

BEAT_S = 3.0
GONE_S = 12.0


class Entry(BaseModel):
    """One process of the house."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    instance: str
    url: str
    beat: int = 0


class Registry:
    """Announces this process, and lists the others by the reader's own clock."""

    def __init__(
        self, bucket: Callable[[], KeyValue], *, beat_s: float = BEAT_S, gone_s: float = GONE_S
    ) -> None:
        self._bucket = bucket
        self._beat_s = beat_s
        self._gone_s = gone_s
        self._seen: dict[str, tuple[int, float]] = {}
        self._task: asyncio.Task[None] | None = None
        self._key = ""

    def announce(self, kind: str, instance: str, url: str) -> None:
        """Keep `kind`.`instance` in the bucket until `withdraw`."""
        self._key = f"{kind}.{instance}"
        entry = Entry(kind=kind, instance=instance, url=url)
        self._task = asyncio.create_task(self._beat(entry), name="registry")

    async def withdraw(self) -> None:
        """Say that this process is going."""
        if self._task is None:
            return
        await end(self._task)
        with contextlib.suppress(NATSError, JetStreamError, TimeoutError):
            await self._bucket().delete(self._key)

    async def list(self, kind: str | None = None) -> list[Entry]:
        """Entries that are fresh: their revision changed within `gone_s` of our own clock."""
        try:
            keys = await self._bucket().keys()
        except NoKeysError:
            return []
        now = time.monotonic()
        entries = []
        for key in keys:
            try:
                found = await self._bucket().get(key)
            except KeyNotFoundError:
                continue
            assert found.value is not None
            revision = found.revision or 0
            if self._seen.get(key, (None,))[0] != revision:
                self._seen[key] = (revision, now)
            if now - self._seen[key][1] <= self._gone_s:
                entries.append(Entry.model_validate_json(found.value))
        return [entry for entry in entries if kind in (None, entry.kind)]

    async def _beat(self, entry: Entry) -> None:
        while True:
            entry = entry.model_copy(update={"beat": entry.beat + 1})
            try:
                await heard(self._bucket().put(self._key, entry.model_dump_json().encode()))
            except (NATSError, JetStreamError, TimeoutError):
                log.info("registry.unrenewed", key=self._key)
            await asyncio.sleep(self._beat_s)
