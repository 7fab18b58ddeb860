"""What the world is told: the one language of webhooks and server-sent events."""

from libs.public_events.base import PublicEvent, event_id, payload
from libs.public_events.house import QuotaExceeded, ToldQuota, WebhookDisabled, WebhookTested
from libs.public_events.live import (
    MotionDetected,
    RelayChanged,
    SessionEnded,
    SessionStarted,
    StreamChanged,
    StreamPublished,
    StreamUnpublished,
    ViewerKicked,
)
from libs.public_events.media import (
    AssetFailed,
    AssetProgressed,
    AssetReady,
    ClipReady,
    JobCompleted,
    JobFailed,
    RecordingReady,
    UploadAccepted,
    UploadRefused,
)
from libs.public_events.wanted import EventTypeUnknown, check_wanted, is_wanted

PUBLIC_EVENTS: tuple[type[PublicEvent], ...] = (
    StreamChanged,
    StreamPublished,
    StreamUnpublished,
    SessionStarted,
    SessionEnded,
    RecordingReady,
    ClipReady,
    UploadAccepted,
    UploadRefused,
    AssetProgressed,
    AssetReady,
    AssetFailed,
    JobCompleted,
    JobFailed,
    RelayChanged,
    MotionDetected,
    ViewerKicked,
    QuotaExceeded,
    WebhookTested,
    WebhookDisabled,
)
TYPES = frozenset(kind.type for kind in PUBLIC_EVENTS)

__all__ = [
    "PUBLIC_EVENTS",
    "TYPES",
    "AssetFailed",
    "AssetProgressed",
    "AssetReady",
    "ClipReady",
    "EventTypeUnknown",
    "JobCompleted",
    "JobFailed",
    "MotionDetected",
    "PublicEvent",
    "QuotaExceeded",
    "RecordingReady",
    "RelayChanged",
    "SessionEnded",
    "SessionStarted",
    "StreamChanged",
    "StreamPublished",
    "StreamUnpublished",
    "ToldQuota",
    "UploadAccepted",
    "UploadRefused",
    "ViewerKicked",
    "WebhookDisabled",
    "WebhookTested",
    "check_wanted",
    "event_id",
    "is_wanted",
    "payload",
]
