"""The catalog's ears: which fact and which ask goes to which method."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from libs.bus import Bus
from libs.bus.topology import CHAT_LOG
from libs.events import (
    CHAT_FACTS,
    AddCaption,
    AppendUpload,
    AuditRecorded,
    BanAuthor,
    BeginJob,
    CancelJob,
    CancelWebhookReplay,
    CheckSessions,
    CreateAPIKey,
    CreateAsset,
    CreateClip,
    CreateDomain,
    CreateHold,
    CreateJob,
    CreateRelayTarget,
    CreateStream,
    CreateTenant,
    CreateUpload,
    CreateUser,
    CreateWebhook,
    CreateWebhookReplay,
    DeferDiscards,
    DeleteAsset,
    DeleteCaption,
    DeleteClip,
    DeleteDomain,
    DeleteHold,
    DeleteRelayTarget,
    DeleteStream,
    DeleteUpload,
    DeleteUser,
    DeleteWebhook,
    DiscardSession,
    EndConsoleSessions,
    Envelope,
    ExportClip,
    FindAPIKey,
    FindConsoleSession,
    FindLogin,
    FinishMove,
    ForgetDiscards,
    ForgetJobLitter,
    ForgetUploadLitter,
    GetAsset,
    GetChat,
    GetClip,
    GetDatabaseState,
    GetFile,
    GetJob,
    GetJobLog,
    GetLadder,
    GetPoster,
    GetSession,
    GetStoryboard,
    GetStream,
    GetTenant,
    GetTenantUsage,
    GetTranscodePlan,
    GetUpload,
    GetUser,
    GetWatchable,
    GetWatchPage,
    GetWatermark,
    GetWebhook,
    GetWebhookDelivery,
    GetWebhookReplay,
    ImportUpload,
    JobCompleted,
    JobFailed,
    JobLogged,
    JobProgressed,
    LiftBan,
    ListAPIKeys,
    ListAssets,
    ListAudit,
    ListCaptions,
    ListChatMessages,
    ListClips,
    ListConsoleSessions,
    ListDeadLetters,
    ListDevices,
    ListDiscards,
    ListDomains,
    ListFiles,
    ListHolds,
    ListJobLitter,
    ListJobs,
    ListPublicEvents,
    ListRelayTargets,
    ListRenditions,
    ListRenditionStates,
    ListRevocations,
    ListRuns,
    ListSegments,
    ListSessions,
    ListShownCaptions,
    ListStreams,
    ListTenants,
    ListTracks,
    ListUploadLitter,
    ListUploadPieces,
    ListUploads,
    ListUsers,
    ListViewerKeys,
    ListWatermarked,
    ListWebhookDeliveries,
    ListWebhookReplays,
    ListWebhooks,
    ListWindow,
    Message,
    MotionDetected,
    NoteAccess,
    NoteCameraClip,
    NoteKick,
    NoteMultipart,
    NoteRehash,
    NoteWatermarked,
    OpenConsoleSession,
    OpenPublish,
    OpenRelay,
    OutlineWindow,
    PingWebhook,
    RaiseAlert,
    RelayChanged,
    RemoveMessages,
    RenameAsset,
    RenditionEnded,
    RenditionStarted,
    ReportWebhookDeliveries,
    RetryWebhookDelivery,
    RevokeAPIKey,
    RevokeViewers,
    RotateViewerKeys,
    RotateWebhookSecret,
    SegmentLost,
    SegmentReady,
    SessionEnded,
    ShowSessionLog,
    ShowTimeline,
    SoundChanged,
    StillsStored,
    StreamPublished,
    StreamUnpublished,
    TakeMove,
    TakeWebhookDeliveries,
    TranscodeChanged,
    UpdateChat,
    UpdateDomain,
    UpdateRelayTarget,
    UpdateStream,
    UpdateTenant,
    UpdateUser,
    UpdateWebhook,
    WantLadder,
)
from services.catalog.access_answers import AccessAnswers
from services.catalog.answers import Answers
from services.catalog.asset_answers import AssetAnswers
from services.catalog.chat_answers import ChatAnswers
from services.catalog.chat_log import ChatLog
from services.catalog.database_answers import DatabaseAnswers
from services.catalog.domain_answers import DomainAnswers
from services.catalog.errors import DatabaseDown
from services.catalog.facts import Facts
from services.catalog.keeping_answers import KeepingAnswers
from services.catalog.tenant_answers import TenantAnswers
from services.catalog.tiering import Tiering
from services.catalog.upload_answers import UploadAnswers
from services.catalog.webhook_answers import WebhookAnswers

M = TypeVar("M", bound=Message)

SERVICE = "catalog"
PATIENCE_S = 7.0
"""How long a fact waits in our hands while the database is away; the bus gives us 10 s."""
RETRY_S = 0.5
CHAT_GATHER_S = 0.1
"""Between two transactions that write chat down, at least."""


def register_facts(bus: Bus, facts: Facts) -> None:
    """Every fact that changes a row."""

    def on(kind: type[M], apply: Callable[[M], Awaitable[None]]) -> None:
        async def handle(envelope: Envelope[M]) -> None:
            await patiently(lambda: apply(envelope.data))

        bus.on_fact(kind, durable=SERVICE)(handle)

    async def segments_ready(envelopes: Sequence[Envelope[SegmentReady]]) -> None:
        said = [envelope.data for envelope in envelopes]
        await patiently(lambda: facts.segment_ready(*said))

    async def stills_stored(envelopes: Sequence[Envelope[StillsStored]]) -> None:
        said = [envelope.data for envelope in envelopes]
        await patiently(lambda: facts.stills_stored(*said))

    on(StreamPublished, facts.stream_published)
    on(StreamUnpublished, facts.stream_unpublished)
    on(SoundChanged, facts.sound_changed)
    on(SessionEnded, facts.session_ended)
    on(RenditionStarted, facts.rendition_started)
    on(RenditionEnded, facts.rendition_ended)
    bus.on_facts(SegmentReady, segments_ready, durable=SERVICE)
    on(SegmentLost, facts.segment_lost)
    on(JobProgressed, facts.job_progressed)
    on(JobCompleted, facts.job_completed)
    on(JobFailed, facts.job_failed)
    on(JobLogged, facts.job_logged)
    on(RelayChanged, facts.relay_changed)
    bus.on_facts(StillsStored, stills_stored, durable=SERVICE)
    on(MotionDetected, facts.motion_detected)
    on(TranscodeChanged, facts.transcode_changed)
    bus.on_dead_letter(facts.letter_buried, durable=SERVICE)


def register_asks(bus: Bus, answers: Answers) -> None:
    """Every ask; while the database is away the asker hears so at once."""
    register_keeping(bus, answers)
    bus.on_ask(OpenPublish)(answers.open_publish)
    bus.on_ask(CreateStream)(answers.create_stream)
    bus.on_ask(UpdateStream)(answers.update_stream)
    bus.on_ask(GetStream)(answers.get_stream)
    bus.on_ask(DeleteStream)(answers.delete_stream)
    bus.on_ask(ListStreams)(answers.list_streams)
    bus.on_ask(ListSessions)(answers.list_sessions)
    bus.on_ask(CheckSessions)(answers.check_sessions)
    bus.on_ask(ListSegments)(answers.list_segments)
    bus.on_ask(GetSession)(answers.get_session)
    bus.on_ask(ShowSessionLog)(answers.show_session_log)
    bus.on_ask(ListWindow)(answers.list_window)
    bus.on_ask(OutlineWindow)(answers.outline_window)
    bus.on_ask(ListRuns)(answers.list_runs)
    bus.on_ask(DiscardSession)(answers.discard_session)
    bus.on_ask(ShowTimeline)(answers.show_timeline)
    bus.on_ask(ListRenditions)(answers.list_renditions)
    bus.on_ask(NoteCameraClip)(answers.note_camera_clip)
    bus.on_ask(ListTracks)(answers.list_tracks)
    bus.on_ask(ListJobs)(answers.list_jobs)
    bus.on_ask(GetJob)(answers.get_job)
    bus.on_ask(CreateJob)(answers.create_job)
    bus.on_ask(CancelJob)(answers.cancel_job)
    bus.on_ask(BeginJob)(answers.begin_job)
    bus.on_ask(GetJobLog)(answers.get_job_log)
    bus.on_ask(ListJobLitter)(answers.list_job_litter)
    bus.on_ask(ForgetJobLitter)(answers.forget_job_litter)
    bus.on_ask(ListDeadLetters)(answers.list_dead_letters)
    bus.on_ask(ListViewerKeys)(answers.list_viewer_keys)
    bus.on_ask(RotateViewerKeys)(answers.rotate_viewer_keys)
    bus.on_ask(RevokeViewers)(answers.revoke_viewers)
    bus.on_ask(ListRevocations)(answers.list_revocations)
    bus.on_ask(GetWatermark)(answers.get_watermark)
    bus.on_ask(NoteWatermarked)(answers.note_watermarked)
    bus.on_ask(ListWatermarked)(answers.list_watermarked)
    bus.on_ask(ListRelayTargets)(answers.list_relay_targets)
    bus.on_ask(CreateRelayTarget)(answers.create_relay_target)
    bus.on_ask(UpdateRelayTarget)(answers.update_relay_target)
    bus.on_ask(DeleteRelayTarget)(answers.delete_relay_target)
    bus.on_ask(OpenRelay)(answers.open_relay)
    bus.on_ask(GetTranscodePlan)(answers.get_transcode_plan)
    bus.on_ask(ListRenditionStates)(answers.list_rendition_states)
    bus.on_ask(GetLadder)(answers.get_ladder)
    bus.on_ask(WantLadder)(answers.want_ladder)


def register_moves(bus: Bus, tiering: Tiering) -> None:
    """What is asked by whoever moves objects between the stores."""
    bus.on_ask(TakeMove)(tiering.take)
    bus.on_ask(FinishMove)(tiering.finish)


def register_keeping(bus: Bus, answers: KeepingAnswers) -> None:
    """Of what is kept."""
    bus.on_ask(CreateHold)(answers.create_hold)
    bus.on_ask(ListHolds)(answers.list_holds)
    bus.on_ask(DeleteHold)(answers.delete_hold)
    bus.on_ask(ListFiles)(answers.list_files)
    bus.on_ask(GetFile)(answers.get_file)
    bus.on_ask(ListDiscards)(answers.list_discards)
    bus.on_ask(ForgetDiscards)(answers.forget_discards)
    bus.on_ask(CreateClip)(answers.create_clip)
    bus.on_ask(ListClips)(answers.list_clips)
    bus.on_ask(GetClip)(answers.get_clip)
    bus.on_ask(DeleteClip)(answers.delete_clip)
    bus.on_ask(ExportClip)(answers.export_clip)
    bus.on_ask(GetStoryboard)(answers.get_storyboard)
    bus.on_ask(GetPoster)(answers.get_poster)
    bus.on_ask(ListDevices)(answers.list_devices)
    bus.on_ask(DeferDiscards)(answers.defer_discards)


def register_chat(bus: Bus, answers: ChatAnswers, chat_log: ChatLog) -> None:
    """Of what is said beside streams."""
    bus.on_ask(GetChat)(answers.get)
    bus.on_ask(UpdateChat)(answers.update)
    bus.on_ask(RemoveMessages)(answers.remove)
    bus.on_ask(BanAuthor)(answers.ban)
    bus.on_ask(LiftBan)(answers.lift_ban)
    bus.on_ask(ListChatMessages)(answers.list_messages)
    bus.on_ask(RaiseAlert)(answers.raise_alert)
    bus.follow(
        CHAT_LOG, CHAT_FACTS, chat_log.write, start=chat_log.position, gather_s=CHAT_GATHER_S
    )


def register_uploads(bus: Bus, answers: UploadAnswers) -> None:
    """Of what is uploaded."""
    bus.on_ask(CreateUpload)(answers.create)
    bus.on_ask(ImportUpload)(answers.create_import)
    bus.on_ask(GetUpload)(answers.get)
    bus.on_ask(ListUploads)(answers.list)
    bus.on_ask(AppendUpload)(answers.append)
    bus.on_ask(NoteMultipart)(answers.note_multipart)
    bus.on_ask(DeleteUpload)(answers.delete)
    bus.on_ask(ListUploadPieces)(answers.list_pieces)
    bus.on_ask(ListUploadLitter)(answers.list_litter)
    bus.on_ask(ForgetUploadLitter)(answers.forget_litter)


def register_assets(bus: Bus, answers: AssetAnswers) -> None:
    """Of what is played on demand."""
    bus.on_ask(CreateAsset)(answers.create)
    bus.on_ask(GetAsset)(answers.get)
    bus.on_ask(ListAssets)(answers.list)
    bus.on_ask(RenameAsset)(answers.rename)
    bus.on_ask(DeleteAsset)(answers.delete)
    bus.on_ask(GetWatchable)(answers.watchable)
    bus.on_ask(AddCaption)(answers.add_caption)
    bus.on_ask(ListCaptions)(answers.list_captions)
    bus.on_ask(ListShownCaptions)(answers.list_shown_captions)
    bus.on_ask(DeleteCaption)(answers.delete_caption)
    bus.on_ask(GetWatchPage)(answers.watch_page)


def register_access(bus: Bus, answers: AccessAnswers) -> None:
    """Of who may call the API, and what they did."""
    bus.on_ask(FindLogin)(answers.find_login)
    bus.on_ask(CreateUser)(answers.create_user)
    bus.on_ask(GetUser)(answers.get_user)
    bus.on_ask(ListUsers)(answers.list_users)
    bus.on_ask(UpdateUser)(answers.update_user)
    bus.on_ask(NoteRehash)(answers.note_rehash)
    bus.on_ask(DeleteUser)(answers.delete_user)
    bus.on_ask(OpenConsoleSession)(answers.open_session)
    bus.on_ask(FindConsoleSession)(answers.find_session)
    bus.on_ask(ListConsoleSessions)(answers.list_sessions)
    bus.on_ask(EndConsoleSessions)(answers.end_sessions)
    bus.on_ask(CreateAPIKey)(answers.create_key)
    bus.on_ask(FindAPIKey)(answers.find_key)
    bus.on_ask(ListAPIKeys)(answers.list_keys)
    bus.on_ask(RevokeAPIKey)(answers.revoke_key)
    bus.on_ask(NoteAccess)(answers.note_access)
    bus.on_ask(ListAudit)(answers.list_audit)

    async def audit_recorded(envelopes: Sequence[Envelope[AuditRecorded]]) -> None:
        said = [envelope.data for envelope in envelopes]
        await patiently(lambda: answers.record(*said))

    bus.on_facts(AuditRecorded, audit_recorded, durable=SERVICE)


def register_tenants(bus: Bus, answers: TenantAnswers) -> None:
    """Of who shares the installation."""
    bus.on_ask(CreateTenant)(answers.create)
    bus.on_ask(GetTenant)(answers.get)
    bus.on_ask(ListTenants)(answers.list)
    bus.on_ask(UpdateTenant)(answers.update)
    bus.on_ask(GetTenantUsage)(answers.usage)


def register_database(bus: Bus, answers: DatabaseAnswers) -> None:
    bus.on_ask(GetDatabaseState)(answers.get)


def register_domains(bus: Bus, answers: DomainAnswers) -> None:
    """Of where streams are pushed to and watched."""
    bus.on_ask(ListDomains)(answers.list)
    bus.on_ask(CreateDomain)(answers.create)
    bus.on_ask(UpdateDomain)(answers.update)
    bus.on_ask(DeleteDomain)(answers.delete)


def register_webhooks(bus: Bus, answers: WebhookAnswers) -> None:
    """Of public events, and of who is sent them."""
    bus.on_ask(ListPublicEvents)(answers.list_events)
    bus.on_ask(NoteKick)(answers.note_kick)
    bus.on_ask(ListWebhooks)(answers.list)
    bus.on_ask(GetWebhook)(answers.get)
    bus.on_ask(CreateWebhook)(answers.create)
    bus.on_ask(UpdateWebhook)(answers.update)
    bus.on_ask(RotateWebhookSecret)(answers.rotate)
    bus.on_ask(DeleteWebhook)(answers.delete)
    bus.on_ask(PingWebhook)(answers.ping)
    bus.on_ask(ListWebhookDeliveries)(answers.list_deliveries)
    bus.on_ask(GetWebhookDelivery)(answers.get_delivery)
    bus.on_ask(RetryWebhookDelivery)(answers.retry)
    bus.on_ask(TakeWebhookDeliveries)(answers.take)
    bus.on_ask(ReportWebhookDeliveries)(answers.report)
    bus.on_ask(CreateWebhookReplay)(answers.create_replay)
    bus.on_ask(ListWebhookReplays)(answers.list_replays)
    bus.on_ask(GetWebhookReplay)(answers.get_replay)
    bus.on_ask(CancelWebhookReplay)(answers.cancel_replay)


async def patiently(
    apply: Callable[[], Awaitable[None]],
    *,
    patience_s: float = PATIENCE_S,
    retry_s: float = RETRY_S,
) -> None:
    """Apply a fact; while the database is away try again, then give the fact back to the bus.

    Handing a fact back costs a delivery and its place in the order, so we hold on for a while.
    """
    until = time.monotonic() + patience_s
    while True:
        try:
            return await apply()
        except DatabaseDown:
            if time.monotonic() + retry_s > until:
                raise
            await asyncio.sleep(retry_s)
