"""`weir verify`: does the store hold what the segment log says, and nothing else?

Rows come from the API, objects from the store itself. A session that goes on is left out: its rows
and objects are on their way.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from libs.events import Segment
from libs.launcher.api import API
from libs.segment_keys import folder, init_key, session_folder
from libs.storage import ObjectMissing, ObjectStore
from libs.storage.spool_folder import SpoolEntry, SpoolFolder

INIT = "init-"
"""How the names of init segments begin; they are listed with the rows that need them."""


class Trouble(NamedTuple):
    """Something that is not as the log says."""

    what: str
    """`missing`, `altered`, `orphan` or `hole`."""
    key: str
    detail: str


@dataclass
class Findings:
    sessions: int = 0
    segments: int = 0
    size_bytes: int = 0
    gaps: int = 0
    """Segments that were lost or let go of, with their cause."""
    troubles: list[Trouble] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)


class Verify:
    """`hashes`: read every object and compare it; `repairs`: bring back what a spool still has, and
    delete what no row names.
    """

    def __init__(
        self, api: API, store: ObjectStore, *, hashes: bool, repairs: bool, spools: Path
    ) -> None:
        self._api = api
        self._store = store
        self._hashes = hashes
        self._repairs = repairs
        self._spools = spools
        self.found = Findings()

    async def run(self, session: str | None = None) -> Findings:
        """All sessions that are over, or the one that is named."""
        for known in self._sessions():
            if known["ended_at"] and session in (None, known["id"]):
                self.found.sessions += 1
                await self._session(known)
        return self.found

    def _sessions(self) -> Iterable[dict[str, Any]]:
        after = ""
        while True:
            page = self._api.call("GET", f"/api/v1/sessions{after}")
            yield from page["sessions"]
            if page["next_after"] is None:
                return
            after = f"?after={page['next_after']}"

    async def _session(self, session: dict[str, Any]) -> None:
        detail = self._api.call("GET", f"/api/v1/sessions/{session['id']}")
        listed: set[str] = set()
        for each in detail["renditions"]:
            self._note_holes(session["id"], each)
            async for row in self._rows(session["id"], each["rendition"]):
                listed.add(row.object_key)
                listed |= {_init_of(row, track.config_id) for track in row.tracks}
                await self._segment(row)
        for key in sorted(key for key in listed if INIT in key):
            await self._check(key, None, None)
        await self._orphans(session, listed)

    def _note_holes(self, session: str, rendition: dict[str, Any]) -> None:
        self.found.gaps += sum(gap["last_msn"] - gap["first_msn"] + 1 for gap in rendition["gaps"])
        for hole in rendition["holes"]:
            first, last = hole["first_msn"], hole["last_msn"]
            name = f"{session}/{rendition['rendition']}"
            detail = f"segments {first} to {last} are missing and nobody said why"
            self.found.troubles.append(Trouble("hole", name, detail))

    async def _rows(self, session: str, rendition: str) -> AsyncIterator[Segment]:
        after = ""
        while True:
            path = f"/api/v1/sessions/{session}/segments?rendition={rendition}{after}"
            page = self._api.call("GET", path)
            for row in page["segments"]:
                yield Segment.model_validate(row)
            if page["next_after"] is None:
                return
            after = f"&after={page['next_after']}"

    async def _segment(self, row: Segment) -> None:
        self.found.segments += 1
        self.found.size_bytes += row.size_bytes
        await self._check(row.object_key, row.offset + row.size_bytes, row)

    async def _check(self, key: str, size_bytes: int | None, row: Segment | None) -> None:
        try:
            stat = await self._store.stat(key)
        except ObjectMissing:
            if not (self._repairs and await self._bring_back(key)):
                self.found.troubles.append(Trouble("missing", key, "the store does not have it"))
            return
        if size_bytes is not None and stat.size_bytes < size_bytes:
            detail = f"{stat.size_bytes} bytes instead of {size_bytes}"
            self.found.troubles.append(Trouble("altered", key, detail))
        elif self._hashes and row is not None:
            data = await self._store.get(key, offset=row.offset, size=row.size_bytes)
            if hashlib.sha256(data).hexdigest() != row.sha256:
                self.found.troubles.append(Trouble("altered", key, "its hash is another"))

    async def _orphans(self, session: dict[str, Any], listed: set[str]) -> None:
        prefix = f"{session_folder(session['tenant'], session['stream'], session['id'])}/"
        async for stat in self._store.list(prefix):
            if stat.key in listed:
                continue
            if self._repairs:
                await self._store.delete([stat.key])
                self.found.repaired.append(stat.key)
            else:
                self.found.troubles.append(Trouble("orphan", stat.key, "no row names it"))

    async def _bring_back(self, key: str) -> bool:
        """From the spool of a packager that is gone; whether one had it."""
        for place in sorted(self._spools.glob("*")):
            spool = SpoolFolder(place)
            for spooled in spool.load():
                entry: SpoolEntry = spooled.entry
                if entry.key == key:
                    data = spool.read(spooled.number)
                    await self._store.put(key, data, content_type=entry.content_type)
                    self.found.repaired.append(key)
                    return True
        return False


def _init_of(row: Segment, config_id: str) -> str:
    return init_key(folder(row.tenant, row.stream, row.session, row.rendition), config_id)
