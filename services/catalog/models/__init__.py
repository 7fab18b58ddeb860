"""The tables. The same on SQLite and Postgres; every row says whose it is (`tenant_id`).

Stream ids are unique over all tenants, because no playback or push URL names a tenant.
"""

from services.catalog.models.access import APIKeyRow, AuditRow, ConsoleSessionRow, UserRow
from services.catalog.models.assets import AssetRow, CaptionRow
from services.catalog.models.base import Base
from services.catalog.models.chat import (
    AlertRow,
    ChatBanRow,
    ChatMessageRow,
    ChatRow,
    LogPositionRow,
)
from services.catalog.models.jobs import JobAttemptRow, JobLogRow, JobRow, JobTimeRow
from services.catalog.models.keeping import (
    CameraClipRow,
    CameraDeviceRow,
    DiscardRow,
    FileRow,
    HoldRow,
    RecorderRow,
    TierRow,
)
from services.catalog.models.log import (
    GapRow,
    PublishRow,
    RenditionRow,
    SegmentRow,
    SessionRow,
    TrackRow,
)
from services.catalog.models.messages import DeadLetterRow, OutboxRow
from services.catalog.models.streams import (
    DomainRow,
    RelayTargetRow,
    RevocationRow,
    StreamIdRow,
    StreamRow,
    TenantRow,
    ViewerKeyRow,
)
from services.catalog.models.uploads import UploadPieceRow, UploadRow
from services.catalog.models.watermarks import WatermarkedViewerRow, WatermarkRow
from services.catalog.models.webhooks import (
    DeliveryAttemptRow,
    DeliveryRow,
    EventHeadRow,
    EventRow,
    ReplayRow,
    WebhookRow,
)

__all__ = [
    "APIKeyRow",
    "AlertRow",
    "AssetRow",
    "AuditRow",
    "Base",
    "CameraClipRow",
    "CameraDeviceRow",
    "CaptionRow",
    "ChatBanRow",
    "ChatMessageRow",
    "ChatRow",
    "ConsoleSessionRow",
    "DeadLetterRow",
    "DeliveryAttemptRow",
    "DeliveryRow",
    "DiscardRow",
    "DomainRow",
    "EventHeadRow",
    "EventRow",
    "FileRow",
    "GapRow",
    "HoldRow",
    "JobAttemptRow",
    "JobLogRow",
    "JobRow",
    "JobTimeRow",
    "LogPositionRow",
    "OutboxRow",
    "PublishRow",
    "RecorderRow",
    "RelayTargetRow",
    "RenditionRow",
    "ReplayRow",
    "RevocationRow",
    "SegmentRow",
    "SessionRow",
    "StreamIdRow",
    "StreamRow",
    "TenantRow",
    "TierRow",
    "TrackRow",
    "UploadPieceRow",
    "UploadRow",
    "UserRow",
    "ViewerKeyRow",
    "WatermarkRow",
    "WatermarkedViewerRow",
    "WebhookRow",
]
