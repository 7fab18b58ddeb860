"""What each fact changes, one transaction a fact (of `segment.ready` and `stills.stored`: one for
all that came).

Every method bears its fact twice and in any order: rows are found by the fact's natural key,
and what is written does not depend on what came before, except that the first row of a segment
stands. A fact that overtakes the grant it rests on is refused with `SessionNotYetKnown`, which
is retried.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from libs.events import (
    DeadLetter,
    JobCompleted,
    JobFailed,
    JobLogged,
    JobProgressed,
    MotionDetected,
    RelayChanged,
    RenditionEnded,
    RenditionStarted,
    Segment,
    SegmentLost,
    SegmentReady,
    SessionEnded,
    SoundChanged,
    StillsStored,
    StreamPublished,
    StreamUnpublished,
    TranscodeChanged,
)
from services.catalog import (
    announcing,
    dead_letters,
    discards,
    files,
    job_records,
    job_results,
    job_rows,
    jobs,
    ladders,
    motion,
    offers,
    recorder_rows,
    relay_targets,
    renditions,
    segments,
    sessions,
    tiers,
)
from services.catalog.clock import Clock
from services.catalog.database import Database

LATE = timedelta(seconds=30)
"""A row that is said so long after its segment's start may have been taken out before."""


class Facts:
    """`on_rows` hears of rows that are new, `on_change` of each session that has changed in another
    way, or may have: it begins, has a gap, ends.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        on_rows: Callable[[Sequence[Segment]], None] = lambda _: None,
        on_change: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._on_rows = on_rows
        self._on_change = on_change

    async def stream_published(self, fact: StreamPublished) -> None:
        """Truth before order: the publish and the offers of its jobs are one transaction."""
        async with self._database.transaction() as tx:
            session = await sessions.published(tx, fact)
            await announcing.published(tx, session, fact, now=self._clock())
            is_recorded = await recorder_rows.begin_if_recorded(tx, session)
            await offers.request_package(tx, session, now=self._clock())
            if session.ended_at is None:
                await relay_targets.request_all(tx, session, now=self._clock())
                await ladders.request(tx, session, now=self._clock())
        if is_recorded:
            self._on_change(fact.session)  # all of it may have been said before

    async def stream_unpublished(self, fact: StreamUnpublished) -> None:
        async with self._database.transaction() as tx:
            await sessions.unpublished(tx, fact)
            await announcing.unpublished(tx, fact, now=self._clock())

    async def sound_changed(self, fact: SoundChanged) -> None:
        async with self._database.transaction() as tx:
            session = await sessions.sound_changed(tx, fact)
            if session.ended_at is None and session.published_generation:
                await ladders.request(tx, session, now=self._clock())

    async def session_ended(self, fact: SessionEnded) -> None:
        async with self._database.transaction() as tx:
            session = await sessions.ended(tx, fact)
            await announcing.ended(tx, session, now=self._clock())
            await offers.complete_with(tx, session, now=self._clock())
            await offers.complete_if_packaged(tx, session, now=self._clock())
        self._on_change(fact.session)

    async def rendition_started(self, fact: RenditionStarted) -> None:
        async with self._database.transaction() as tx:
            await renditions.started(tx, fact)

    async def rendition_ended(self, fact: RenditionEnded) -> None:
        async with self._database.transaction() as tx:
            session = await renditions.ended(tx, fact)
            await offers.complete_if_packaged(tx, session, now=self._clock())
        self._on_change(fact.session)

    async def segment_ready(self, *facts: SegmentReady) -> None:
        """All of them or none: these come by the hundred, and each commit waits for the disk."""
        rows = [fact.segment for fact in facts]
        late = [row.object_key for row in rows if self._clock() - row.starts_at > LATE]
        async with self._database.transaction() as tx:
            added = await segments.add(tx, rows)
            await tiers.note_late(tx, rows, now=self._clock())
            if late:
                await discards.keep(tx, late)  # retention may have had them
            for session in added.sessions:
                await offers.complete_if_packaged(tx, session, now=self._clock())
        self._on_rows(added.rows)
        for session in added.sessions:
            if session.ended_at is not None:
                self._on_change(session.id)  # this may be its last

    async def segment_lost(self, fact: SegmentLost) -> None:
        async with self._database.transaction() as tx:
            session = await segments.add_gap(tx, fact)
            await offers.complete_if_packaged(tx, session, now=self._clock())
        self._on_change(fact.session)

    async def job_progressed(self, fact: JobProgressed) -> None:
        async with self._database.transaction() as tx:
            row = await job_rows.lock(tx, fact.job)
            apply = jobs.progressed if row.kind in jobs.KINDS else offers.progressed
            await apply(tx, row, fact, now=self._clock())

    async def job_completed(self, fact: JobCompleted) -> None:
        async with self._database.transaction() as tx:
            row = await job_rows.lock(tx, fact.job)
            apply = jobs.completed if row.kind in jobs.KINDS else offers.completed
            await apply(tx, row, fact, now=self._clock())
            await job_results.follow(tx, row, now=self._clock())

    async def job_failed(self, fact: JobFailed) -> None:
        async with self._database.transaction() as tx:
            row = await job_rows.lock(tx, fact.job)
            apply = jobs.failed if row.kind in jobs.KINDS else offers.failed
            await apply(tx, row, fact, now=self._clock())
            await job_results.follow(tx, row, now=self._clock())

    async def job_logged(self, fact: JobLogged) -> None:
        async with self._database.transaction() as tx:
            await job_records.logged(tx, fact, now=self._clock())

    async def stills_stored(self, *facts: StillsStored) -> None:
        """All of them or none, likewise."""
        stored = [still for fact in facts for still in fact.stills]
        async with self._database.transaction() as tx:
            await files.stills_stored(tx, stored, now=self._clock())

    async def motion_detected(self, fact: MotionDetected) -> None:
        async with self._database.transaction() as tx:
            if await motion.detected(tx, fact, now=self._clock()):
                await announcing.motion_detected(tx, fact, now=self._clock())

    async def relay_changed(self, fact: RelayChanged) -> None:
        async with self._database.transaction() as tx:
            if await relay_targets.changed(tx, fact):
                await announcing.relay_changed(tx, fact, now=self._clock())

    async def transcode_changed(self, fact: TranscodeChanged) -> None:
        async with self._database.transaction() as tx:
            await ladders.changed(tx, fact)

    async def letter_buried(self, letter: DeadLetter) -> None:
        async with self._database.transaction() as tx:
            await dead_letters.add(tx, letter)
