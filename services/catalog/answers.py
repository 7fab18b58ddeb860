"""What each ask is answered with, one transaction an ask."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from libs.egress import Egress
from libs.events import (
    BeginJob,
    CancelJob,
    CheckSessions,
    CreateJob,
    CreateRelayTarget,
    CreateStream,
    DeadLetterPage,
    DeleteRelayTarget,
    DeleteStream,
    EndedSessions,
    ForgetJobLitter,
    GetJob,
    GetJobLog,
    GetLadder,
    GetSession,
    GetStream,
    GetTranscodePlan,
    GetWatermark,
    JobDetail,
    JobGrant,
    JobLitter,
    JobLog,
    JobPage,
    LadderDemand,
    ListDeadLetters,
    ListJobLitter,
    ListJobs,
    ListRelayTargets,
    ListRenditions,
    ListRenditionStates,
    ListRevocations,
    ListRuns,
    ListSegments,
    ListSessions,
    ListStreams,
    ListTracks,
    ListViewerKeys,
    ListWatermarked,
    ListWindow,
    LoggedRenditions,
    LoggedRuns,
    LoggedTracks,
    NoteCameraClip,
    NoteWatermarked,
    Nothing,
    OpenPublish,
    OpenRelay,
    OutlineWindow,
    PlannedLadder,
    PublishGrant,
    RelayGrant,
    RelayTarget,
    RelayTargets,
    RenditionStates,
    RevocationPage,
    RevokeViewers,
    RotateViewerKeys,
    SegmentPage,
    Session,
    SessionLog,
    SessionPage,
    ShowSessionLog,
    ShowTimeline,
    Stream,
    StreamPage,
    Timeline,
    TranscodePlan,
    UpdateRelayTarget,
    UpdateStream,
    ViewerKeys,
    WantLadder,
    Watermark,
    WatermarkedViewers,
    Written,
)
from libs.names import ITS_TENANT
from services.catalog import (
    camera_clips,
    chats,
    completeness,
    dead_letters,
    exports,
    job_records,
    job_results,
    job_rows,
    jobs,
    ladders,
    publishing,
    quotas,
    recorder_rows,
    relay_item,
    relay_targets,
    rendition_states,
    revocations,
    runs,
    segments,
    sessions,
    streams,
    timeline,
    viewer_keys,
    views,
    watermarks,
    whose,
)
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.errors import StreamBusy
from services.catalog.holders import HasLetGo
from services.catalog.keeping_answers import KeepingAnswers
from services.catalog.mark_drawing import check_drawable
from services.catalog.mark_fields import check_addresses, read_marks
from services.catalog.retention import Room


class Answers(KeepingAnswers):
    """Errors are those of the asks' own words in `libs.events.asks`, and `DatabaseDown`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        push_secret: str,
        has_let_go: HasLetGo,
        egress: Egress | None = None,
        litter_after_s: float = 60.0,
        room: Room | None = None,
        ladder_idle_s: float = 60.0,
    ) -> None:
        super().__init__(database, clock, room=room)
        self._has_let_go = has_let_go
        self._push_secret = push_secret
        self._egress = egress or Egress()
        self._litter_after = timedelta(seconds=litter_after_s)
        self._ladder_idle_s = ladder_idle_s

    async def open_publish(self, ask: OpenPublish) -> PublishGrant:
        try:
            return await self._open_publish(ask)
        except StreamBusy:
            if not await self._has_lost_its_ingest(ask.stream):
                raise
        return await self._open_publish(ask)

    async def create_stream(self, ask: CreateStream) -> Stream:
        await check_drawable(read_marks(ask.item))
        async with quotas.told(self._database, self._clock) as tx:
            stream = await streams.create(tx, ask, secret=self._push_secret, now=self._clock())
            await self._follow_item(tx, stream)
            return stream

    async def update_stream(self, ask: UpdateStream) -> Stream:
        ask = ask.model_copy(update={"item": relay_item.without_shown(ask.item)})
        # Others wait for the transaction that writes: what takes a while is done before it.
        async with self._database.transaction(read_only=True) as tx:
            marks = await streams.marks_after(tx, ask)
        await check_drawable(marks)
        async with self._database.transaction() as tx:
            row = await streams.lock(tx, ask.id, tenant=ask.tenant)
            was_recorded = row.records
            stream = await streams.update(tx, ask, drawable=marks, now=self._clock())
            await self._follow_item(tx, stream)
            if row.records and not was_recorded:
                await recorder_rows.switch_on(tx, stream.id)
            await ladders.follow(tx, stream.id, now=self._clock())
            if not stream.is_enabled:
                await publishing.kick(tx, stream.id, now=self._clock())
            return stream

    async def get_stream(self, ask: GetStream) -> Stream:
        return await streams.read(self._database, ask.tenant, ask.id)

    async def delete_stream(self, ask: DeleteStream) -> Nothing:
        async with self._database.transaction() as tx:
            await relay_targets.delete_all(tx, ask.tenant, ask.id, now=self._clock())
            await streams.delete(tx, ask.tenant, ask.id, now=self._clock())
            await chats.forget(tx, ask.tenant, ask.id)
            await publishing.kick(tx, ask.id, now=self._clock())
        return Nothing()

    async def list_streams(self, ask: ListStreams) -> StreamPage:
        async with self._database.transaction(read_only=True) as tx:
            return await streams.list_page(tx, ask)

    async def list_sessions(self, ask: ListSessions) -> SessionPage:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await sessions.list_page(tx, ask)

    async def check_sessions(self, ask: CheckSessions) -> EndedSessions:
        async with self._database.transaction(read_only=True) as tx:
            return await sessions.ended_of(tx, ask)

    async def list_segments(self, ask: ListSegments) -> SegmentPage:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await segments.list_page(tx, ask)

    # --- sessions and views -------------------------------------------------------------

    async def get_session(self, ask: GetSession) -> Session:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await sessions.get(tx, ask)

    async def show_session_log(self, ask: ShowSessionLog) -> SessionLog:
        async with self._database.transaction(read_only=True) as tx:
            return await completeness.show(tx, ask)

    async def list_window(self, ask: ListWindow) -> Written:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await views.list_window(tx, ask)

    async def outline_window(self, ask: OutlineWindow) -> Written:
        if ask.tenant == ITS_TENANT:
            async with self._database.transaction(read_only=True) as tx:
                ask = await whose.settle(tx, ask)
        return await views.outline_window(self._database, ask)

    async def list_runs(self, ask: ListRuns) -> LoggedRuns:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await runs.list_page(tx, ask)

    async def show_timeline(self, ask: ShowTimeline) -> Timeline:
        async with self._database.transaction(read_only=True) as tx:
            return await timeline.show(tx, ask, now=self._clock())

    async def list_renditions(self, ask: ListRenditions) -> LoggedRenditions:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await views.list_renditions(tx, ask)

    async def note_camera_clip(self, ask: NoteCameraClip) -> Nothing:
        async with self._database.transaction() as tx:
            await camera_clips.note(tx, ask, now=self._clock())
        return Nothing()

    async def list_tracks(self, ask: ListTracks) -> LoggedTracks:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await views.list_tracks(tx, ask)

    async def list_jobs(self, ask: ListJobs) -> JobPage:
        async with self._database.transaction(read_only=True) as tx:
            return await job_rows.list_page(tx, ask)

    async def get_job(self, ask: GetJob) -> JobDetail:
        async with self._database.transaction(read_only=True) as tx:
            return await job_records.detail(tx, await job_rows.get(tx, ask))

    async def create_job(self, ask: CreateJob) -> JobDetail:
        async with quotas.told(self._database, self._clock) as tx:
            await quotas.check_jobs(tx, ask.tenant, now=self._clock())
            row = await jobs.create(tx, ask, now=self._clock())
            await exports.promise(tx, row)
            return await job_records.detail(tx, row)

    async def cancel_job(self, ask: CancelJob) -> JobDetail:
        async with self._database.transaction() as tx:
            row = await jobs.cancel(tx, ask, now=self._clock())
            await job_results.follow(tx, row, now=self._clock())
            return await job_records.detail(tx, row)

    async def begin_job(self, ask: BeginJob) -> JobGrant:
        async with self._database.transaction() as tx:
            return await jobs.begin(tx, ask, now=self._clock())

    async def get_job_log(self, ask: GetJobLog) -> JobLog:
        async with self._database.transaction(read_only=True) as tx:
            return await job_records.log_of(tx, ask)

    async def list_job_litter(self, _: ListJobLitter) -> JobLitter:
        before = self._clock() - self._litter_after
        async with self._database.transaction(read_only=True) as tx:
            return await job_records.litter(tx, before=before)

    async def forget_job_litter(self, ask: ForgetJobLitter) -> Nothing:
        async with self._database.transaction() as tx:
            await job_records.forget_litter(tx, ask)
        return Nothing()

    async def list_dead_letters(self, ask: ListDeadLetters) -> DeadLetterPage:
        async with self._database.transaction(read_only=True) as tx:
            return await dead_letters.list_page(tx, ask)

    async def list_viewer_keys(self, ask: ListViewerKeys) -> ViewerKeys:
        async with self._database.transaction() as tx:
            return await viewer_keys.live(tx, ask.tenant, now=self._clock())

    async def rotate_viewer_keys(self, ask: RotateViewerKeys) -> ViewerKeys:
        async with self._database.transaction() as tx:
            return await viewer_keys.rotate(tx, ask.tenant, now=self._clock())

    async def revoke_viewers(self, ask: RevokeViewers) -> Nothing:
        async with self._database.transaction() as tx:
            await revocations.add(tx, ask, now=self._clock())
        return Nothing()

    async def list_revocations(self, ask: ListRevocations) -> RevocationPage:
        async with self._database.transaction(read_only=True) as tx:
            return await revocations.list_page(tx, ask, now=self._clock())

    # --- forensic watermarks --------------------------------------------------------------

    async def get_watermark(self, ask: GetWatermark) -> Watermark:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await watermarks.get(tx, ask)

    async def note_watermarked(self, ask: NoteWatermarked) -> Nothing:
        async with self._database.transaction() as tx:
            ask = await whose.settle(tx, ask)
            await watermarks.note(tx, ask, now=self._clock())
        return Nothing()

    async def list_watermarked(self, ask: ListWatermarked) -> WatermarkedViewers:
        async with self._database.transaction(read_only=True) as tx:
            return await watermarks.list_viewers(tx, ask)

    # --- relay targets ------------------------------------------------------------------

    async def list_relay_targets(self, ask: ListRelayTargets) -> RelayTargets:
        async with self._database.transaction(read_only=True) as tx:
            return await relay_targets.list_of(tx, ask.tenant, ask.stream)

    async def create_relay_target(self, ask: CreateRelayTarget) -> RelayTarget:
        async with self._database.transaction() as tx:
            row = await relay_targets.create(tx, ask, now=self._clock(), egress=self._egress)
            return await relay_targets.answer(tx, row)

    async def update_relay_target(self, ask: UpdateRelayTarget) -> RelayTarget:
        async with self._database.transaction() as tx:
            row = await relay_targets.update(tx, ask, now=self._clock(), egress=self._egress)
            await relay_item.keep_level(tx, ask.tenant, row)
            return await relay_targets.answer(tx, row)

    async def delete_relay_target(self, ask: DeleteRelayTarget) -> Nothing:
        async with self._database.transaction() as tx:
            row = await relay_targets.delete(tx, ask, now=self._clock())
            await relay_item.keep_level(tx, ask.tenant, row, is_deleted=True)
        return Nothing()

    async def open_relay(self, ask: OpenRelay) -> RelayGrant:
        async with self._database.transaction(read_only=True) as tx:
            return await relay_targets.open_relay(tx, ask)

    # --- ladders ------------------------------------------------------------------------

    async def get_transcode_plan(self, ask: GetTranscodePlan) -> TranscodePlan:
        async with self._database.transaction(read_only=True) as tx:
            return await ladders.get_plan(tx, ask)

    async def list_rendition_states(self, ask: ListRenditionStates) -> RenditionStates:
        async with self._database.transaction(read_only=True) as tx:
            return await rendition_states.list_of(tx, ask)

    async def get_ladder(self, ask: GetLadder) -> PlannedLadder:
        async with self._database.transaction(read_only=True) as tx:
            return await ladders.get(tx, ask)

    async def want_ladder(self, ask: WantLadder) -> LadderDemand:
        async with self._database.transaction() as tx:
            return await ladders.want(tx, ask, now=self._clock(), idle_s=self._ladder_idle_s)

    # --- within -------------------------------------------------------------------------

    async def _follow_item(self, tx: AsyncSession, stream: Stream) -> None:
        now = self._clock()
        await relay_item.follow(tx, stream.tenant, stream.id, now=now, egress=self._egress)
        check_addresses(stream.marks, self._egress)

    async def _open_publish(self, ask: OpenPublish) -> PublishGrant:
        async with quotas.told(self._database, self._clock) as tx:
            return await publishing.open_publish(tx, ask, now=self._clock())

    async def _has_lost_its_ingest(self, stream: str) -> bool:
        """Whether the stream only seems to be on air: then its session is ended here.

        An ingest that was killed tells nobody, and its publisher is at the door again.
        """
        async with self._database.transaction(read_only=True) as tx:
            row = await sessions.open_of(tx, stream)
        # One that was granted and never published may not have reached its ingest yet.
        if row is None or not row.published_generation or not await self._has_let_go(row):
            return False
        async with self._database.transaction() as tx:
            again = await sessions.get_locked(tx, row.id)
            if again is None or again.ended_at or again.generation != row.generation:
                return False
            await publishing.end(tx, again, "ingest_lost", now=self._clock())
        return True
