"""The recorder: turns a session's rows into files, as its stream's settings ask for.

It makes nothing itself. An MP4 becomes a job, a picture an order. What was planned is written down
with the orders in one transaction, so that whoever goes on asks for nothing twice.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import select, union
from sqlalchemy.ext.asyncio import AsyncSession

from libs.errors import Unavailable
from libs.events import (
    CreateJob,
    Gap,
    Message,
    MotionRequested,
    RemuxParams,
    Segment,
    StillRequested,
    StoredPicture,
)
from libs.names import SOURCE, session_started_at_s
from libs.settled import settled
from services.catalog import files, jobs, outbox, renditions, segments, sessions
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.errors import JobRangeEmpty, StreamFieldInvalid
from services.catalog.file_names import still_name, video_name
from services.catalog.models import GapRow, RecorderRow, SegmentRow, SessionRow, StreamRow
from services.catalog.recording_fields import Recording, read_recording
from services.catalog.recording_plan import (
    FileSpan,
    Look,
    Plan,
    Progress,
    Still,
    Video,
    picture_of,
    plan,
    span_of,
)

log = structlog.get_logger()

EVERY_S = 2.0
ROWS = 500
"""Of one session and look."""
PATIENCE = timedelta(seconds=30)
"""How long a row that is missing without a cause is waited for."""
NOTHING = Recording()


class Recorder:
    """`note` says that a session may have new rows; what is open is looked at at the start, too."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._noted: set[str] = set()
        self._wake = asyncio.Event()
        self._is_first = True

    def note(self, session: str) -> None:
        self._noted.add(session)
        self._wake.set()

    async def run(self) -> None:
        while True:
            try:
                await self.tick()
            except Unavailable as error:
                self._wake.set()
                log.warning("recorder.waiting", code=error.code)
            await asyncio.sleep(EVERY_S)
            await self._wake.wait()

    async def tick(self) -> None:
        """Look once at each session of a recorded stream that is noted. Raises `Unavailable`."""
        self._wake.clear()
        noted = set(self._noted)
        recorded = await self._recorded()
        if self._is_first:
            self._noted |= recorded
            noted, self._is_first = recorded, False
        # What is noted stays noted until it was looked at: the database may go away in between.
        self._noted -= noted - recorded
        for session in sorted(noted & recorded):
            self._noted.discard(session)
            try:
                has_more = await self._record(session)
            except Unavailable:
                self._noted.add(session)
                raise
            if has_more:
                self.note(session)

    async def _recorded(self) -> set[str]:
        """The sessions that are made into files, or are yet to be."""
        begun = select(RecorderRow.session_id).where(RecorderRow.is_done.is_(False))
        wanted = (
            select(SessionRow.id)
            .join(StreamRow, StreamRow.id == SessionRow.stream_id)
            .where(SessionRow.ended_at.is_(None), StreamRow.records)
        )
        async with self._database.transaction(read_only=True) as tx:
            return set((await tx.execute(union(begun, wanted))).scalars())

    async def _record(self, session_id: str) -> bool:
        """Whether there is more to look at, now or soon."""
        async with self._database.transaction() as tx:
            session = await sessions.get_locked(tx, session_id)
            if session is None:
                return False
            wanted = await _wanted(tx, session)
            row = await tx.get(RecorderRow, session_id)
            if row is None and wanted.is_wanted:
                row = _begin(session)
                tx.add(row)
            if row is None or row.is_done:
                return False
            progress = _progress(row)
            found = await _rows(tx, session, progress.next_msn, limit=ROWS)
            gaps = await _gaps(tx, session, progress.next_msn)
            ready = settled(found, gaps, progress.next_msn - 1, self._clock() - PATIENCE)
            is_over = len(ready) == len(found) < ROWS and await _is_whole(tx, session)
            made = plan(progress, ready, wanted, is_over=is_over)
            await self._order(tx, session, made, wanted)
            _keep(row, made.progress)
            row.is_done = is_over
            return len(found) == ROWS or len(ready) < len(found)

    async def _order(
        self, tx: AsyncSession, session: SessionRow, made: Plan, wanted: Recording
    ) -> None:
        for video in made.videos:
            await self._order_video(tx, session, video)
        for still in made.stills:
            await self._order_still(tx, session, still)
        for look in made.looks:
            await self._order_look(tx, session, look, wanted)

    async def _order_video(self, tx: AsyncSession, session: SessionRow, video: Video) -> None:
        span = video.span
        params = RemuxParams(session=session.id, first_msn=span.first_msn, last_msn=span.last_msn)
        ask = CreateJob(tenant=session.tenant_id, params=params)
        try:
            job = await jobs.create(tx, ask, now=self._clock())
        except JobRangeEmpty:
            # Retention was faster than the file was long.
            log.warning("recorder.rows_gone", session=session.id, first_msn=span.first_msn)
            return
        key = video_name(session.stream_id, video.number, span.starts_at)
        await files.promise(tx, session, key, "mp4", span, job=job.id)

    async def _order_still(self, tx: AsyncSession, session: SessionRow, still: Still) -> None:
        row, picture = still.row, picture_of(still.row)
        assert picture is not None
        key = still_name(row.stream, row.starts_at)
        if not await files.promise(tx, session, key, "jpeg", span_of(row)):
            return
        order = StillRequested(
            tenant=row.tenant,
            stream=row.stream,
            session=row.session,
            msn=row.msn,
            key=key,
            taken_at=row.starts_at,
            **picture.model_dump(),
        )
        await self._say(tx, session, order)

    async def _order_look(
        self, tx: AsyncSession, session: SessionRow, look: Look, wanted: Recording
    ) -> None:
        row, picture = look.row, picture_of(look.row)
        assert picture is not None
        assert wanted.motion is not None
        order = MotionRequested(
            tenant=row.tenant,
            stream=row.stream,
            session=row.session,
            msn=row.msn,
            at=row.starts_at,
            before=look.before,
            now=picture,
            difference=wanted.motion.difference,
            percent=wanted.motion.percent,
        )
        await self._say(tx, session, order)

    async def _say(self, tx: AsyncSession, session: SessionRow, order: Message) -> None:
        now, parent = self._clock(), session.traceparent
        await outbox.add(tx, order, tenant=session.tenant_id, now=now, traceparent=parent)


async def _wanted(tx: AsyncSession, session: SessionRow) -> Recording:
    stream = await tx.get(StreamRow, session.stream_id)
    if stream is None:
        return NOTHING
    try:
        return read_recording(stream.item)
    except StreamFieldInvalid as error:
        # Its item was written when nobody looked at the field.
        log.warning("recorder.field_invalid", stream=stream.id, reason=str(error))
        return NOTHING


def _begin(session: SessionRow) -> RecorderRow:
    return RecorderRow(
        session_id=session.id,
        tenant_id=session.tenant_id,
        next_msn=session_started_at_s(session.id),
        anchor_ms=None,
        video=None,
        seen=None,
        video_index=-1,
        image_index=-1,
        videos=0,
        is_done=False,
    )


def _progress(row: RecorderRow) -> Progress:
    return Progress(
        next_msn=row.next_msn,
        anchor_ms=row.anchor_ms,
        video=None if row.video is None else FileSpan.model_validate(row.video),
        video_index=row.video_index,
        image_index=row.image_index,
        videos=row.videos,
        seen=None if row.seen is None else StoredPicture.model_validate(row.seen),
    )


def _keep(row: RecorderRow, progress: Progress) -> None:
    row.next_msn, row.anchor_ms = progress.next_msn, progress.anchor_ms
    row.video = None if progress.video is None else progress.video.model_dump(mode="json")
    row.video_index, row.videos = progress.video_index, progress.videos
    row.image_index = progress.image_index
    row.seen = None if progress.seen is None else progress.seen.model_dump()


async def _rows(
    tx: AsyncSession, session: SessionRow, first_msn: int, *, limit: int
) -> list[Segment]:
    query = (
        select(SegmentRow)
        .where(
            SegmentRow.tenant_id == session.tenant_id,
            SegmentRow.session_id == session.id,
            SegmentRow.rendition == SOURCE,
            SegmentRow.msn >= first_msn,
        )
        .order_by(SegmentRow.msn)
        .limit(limit)
    )
    return [segments.answer(row) for row in (await tx.execute(query)).scalars()]


async def _gaps(tx: AsyncSession, session: SessionRow, first_msn: int) -> Sequence[Gap]:
    query = select(GapRow).where(
        GapRow.tenant_id == session.tenant_id,
        GapRow.session_id == session.id,
        GapRow.rendition == SOURCE,
        GapRow.last_msn >= first_msn,
    )
    return [
        Gap(first_msn=row.first_msn, last_msn=row.last_msn, cause=row.cause)
        for row in (await tx.execute(query)).scalars()
    ]


async def _is_whole(tx: AsyncSession, session: SessionRow) -> bool:
    """Whether no row can come any more."""
    return session.ended_at is not None and await renditions.is_listed(tx, session, SOURCE)
