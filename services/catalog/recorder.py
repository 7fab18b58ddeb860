"""The recorder: turns a session's rows into files, as its stream's settings ask for.

It makes nothing itself. An MP4 becomes a job, a picture an order. What was planned is written down
with the orders in one transaction, so that whoever goes on asks for nothing twice.

Rows come with the facts, and what they make due is known without the database: until something is,
only memory goes on. When in doubt (at the start, over a hole, at a session's end, beside another
catalog), a session's rows are read from where its last orders left off.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from libs.errors import Unavailable
from libs.events import Segment
from libs.names import SOURCE
from libs.settled import settled
from services.catalog import recorder_rows, recording_orders, renditions
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.errors import StreamFieldInvalid
from services.catalog.models import SessionRow
from services.catalog.recording_fields import Recording, read_recording
from services.catalog.recording_orders import Planned
from services.catalog.recording_plan import Plan, Progress, plan

log = structlog.get_logger()

EVERY_S = 2.0
ROWS = 500
"""Of one session and look; memory is ahead of the database by no more."""
PATIENCE = timedelta(seconds=30)
"""How long a row that is missing without a cause is waited for."""
NOTHING = Recording()


@dataclass(slots=True)
class _News:
    """What came of a session since it was looked at."""

    rows: dict[int, Segment] = field(default_factory=dict)
    is_all: bool = True
    """Whether there is nothing but these rows."""


@dataclass(frozen=True, slots=True)
class _Tail:
    """How far a session on air was looked at, when nothing of it was left out."""

    kept: Progress
    """As the database has it: whoever finds another there is not the only recorder."""
    progress: Progress


class Recorder:
    """`note_rows` and `note` say what is new; what is open is looked at at the start, too."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._news: dict[str, _News] = {}
        self._tails: dict[str, _Tail] = {}
        self._wake = asyncio.Event()
        self._is_first = True

    def note_rows(self, rows: Iterable[Segment]) -> None:
        """These are in the database now, and were not before."""
        for row in rows:
            if row.rendition != SOURCE:
                continue
            news = self._news.setdefault(row.session, _News())
            if len(news.rows) < ROWS:
                news.rows[row.msn] = row
            else:
                self.note(row.session)
            self._wake.set()

    def note(self, session: str) -> None:
        """Something else is new of it, or may be."""
        self._news[session] = _News(is_all=False)
        self._wake.set()

    async def run(self) -> None:
        while True:
            try:
                await self.tick()
            except Unavailable as error:
                log.warning("recorder.waiting", code=error.code)
            await asyncio.sleep(EVERY_S)
            await self._wake.wait()

    async def tick(self) -> None:
        """Look once at each session of a recorded stream that is noted. Raises `Unavailable`."""
        self._wake.clear()
        news, self._news = self._news, {}
        try:
            await self._look(news)
        except Unavailable:
            # Nobody knows what of it was done, but the database.
            for session in news:
                self._doubt(session)
            self._wake.set()
            raise

    async def _look(self, news: dict[str, _News]) -> None:
        async with self._database.transaction(read_only=True) as tx:
            recorded = await recorder_rows.recorded(tx, None if self._is_first else news)
        self._is_first = False
        wanted = {session: _wanted(session, item) for session, item in recorded.items()}
        for session in news.keys() - wanted.keys():
            self._tails.pop(session, None)
        for session in wanted.keys() - news.keys():
            news[session] = _News(is_all=False)
        due: dict[str, Plan] = {}
        for session, recording in wanted.items():
            made = self._plan(session, news[session], recording)
            if made is None:
                await self._read(session, recording)
            elif made.is_due or made.progress.next_msn - self._tails[session].kept.next_msn >= ROWS:
                due[session] = made
            else:
                self._tails[session] = replace(self._tails[session], progress=made.progress)
        if due:
            await self._order(due, wanted)

    def _plan(self, session: str, news: _News, wanted: Recording) -> Plan | None:
        """None if the database knows more than memory."""
        tail = self._tails.get(session)
        if tail is None or not news.is_all:
            return None
        next_msn = tail.progress.next_msn
        rows = sorted((row for row in news.rows.values() if row.msn >= next_msn), key=_msn)
        if rows and rows[-1].msn - next_msn >= len(rows):
            return None  # some are missing in between
        return plan(tail.progress, rows, wanted, is_over=False)

    async def _order(self, due: Mapping[str, Plan], wanted: Mapping[str, Recording]) -> None:
        """All of it in one transaction: what begins together falls due together."""
        taken: list[Planned] = []
        async with self._database.transaction() as tx:
            kept = await recorder_rows.lock(tx, due)
            for session, made in due.items():
                its = kept.get(session)
                if its and recorder_rows.progress_of(its.row) == self._tails[session].kept:
                    recorder_rows.keep(its.row, made.progress)
                    taken.append(Planned(its.session, made, wanted[session]))
            await recording_orders.give(tx, taken, now=self._clock())
        for each in taken:
            self._tails[each.session.id] = _Tail(each.plan.progress, each.plan.progress)
        for session in due.keys() - {each.session.id for each in taken}:
            self._doubt(session)

    async def _read(self, session_id: str, wanted: Recording) -> None:
        """Look at what the database has behind its last look, and keep what comes of it."""
        self._tails.pop(session_id, None)
        async with self._database.transaction() as tx:
            kept = (await recorder_rows.lock(tx, [session_id])).get(session_id)
            if kept is None:
                return
            row, session = kept
            progress = recorder_rows.progress_of(row)
            found = await recorder_rows.segments_from(tx, session, progress.next_msn, limit=ROWS)
            gaps = await recorder_rows.gaps_from(tx, session, progress.next_msn)
            ready = settled(found, gaps, progress.next_msn - 1, self._clock() - PATIENCE)
            is_read = len(ready) == len(found) < ROWS
            is_over = is_read and await _is_whole(tx, session)
            made = plan(progress, ready, wanted, is_over=is_over)
            await recording_orders.give(tx, [Planned(session, made, wanted)], now=self._clock())
            recorder_rows.keep(row, made.progress)
            row.is_done = is_over
        if not is_read:
            self._doubt(session_id)
        elif session.ended_at is None:
            self._tails[session_id] = _Tail(made.progress, made.progress)

    def _doubt(self, session: str) -> None:
        self._tails.pop(session, None)
        self.note(session)


def _wanted(session: str, item: Mapping[str, Any] | None) -> Recording:
    if item is None:
        return NOTHING
    try:
        return read_recording(item)
    except StreamFieldInvalid as error:
        # Its item was written when nobody looked at the field.
        log.warning("recorder.field_invalid", session=session, reason=str(error))
        return NOTHING


async def _is_whole(tx: AsyncSession, session: SessionRow) -> bool:
    """Whether no row can come any more."""
    return session.ended_at is not None and await renditions.is_listed(tx, session, SOURCE)


def _msn(row: Segment) -> int:
    return row.msn
