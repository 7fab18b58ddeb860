"""Why the catalog says no.

WeirError
├── Invalid
│   ├── OutdateInvalid        `outdate` is no date
│   ├── StreamFieldInvalid    another field of a stream has a value that Weir cannot act on
│   ├── StreamFieldFixed      `id`, `key` and `TimeStamp` are Weir's own
│   ├── JobRangeEmpty         the session has no segments there
│   ├── JobRangeMixed         its sessions are of several streams
│   ├── JobRangeTooLong       more segments than one job may take
│   ├── CursorInvalid         `after` did not come from a page
│   ├── HoldInvalid           it ends before it begins, or its note is too long
│   ├── ClipInvalid           likewise, or its name is, or it is longer than a day
│   ├── UploadNameInvalid     no plain name of a file
│   ├── UploadPiecesTooMany   it comes in too many small pieces
│   ├── WebhookInvalid        its description is too long, or a stream's id is none
│   ├── WebhookReplayInvalid  it begins nowhere, or at two places, or behind its end
│   ├── AssetInvalid          its name is too long, or it is to be made of two things, or of none
│   └── DatabaseURLInvalid    the setting names no database that Weir knows
├── UploadTypeRefused         415, it is neither video nor audio
├── TooLarge
│   ├── StreamTooLarge        more than `MAX_ITEM_BYTES` of fields
│   ├── UploadTooLarge
│   └── UploadQuotaFull       there is not so much left for the tenant (QuotaReached)
├── Forbidden
│   ├── TenantDisabled        nobody of it publishes
│   ├── QuotaFull             of streams, users or API keys (QuotaReached)
│   └── StreamDisabled        `isEnabled` of the stream is false
├── StorageFull               507, the tenant holds as much as it may (QuotaReached)
├── NotFound
│   ├── StreamUnknown
│   ├── SessionUnknown
│   ├── SessionNotWatermarked its renditions have no variants
│   ├── JobUnknown
│   ├── JobUnwanted           it is over, or another worker has begun it
│   ├── RelayTargetUnknown
│   ├── HoldUnknown
│   ├── ClipUnknown
│   ├── StoryboardEmpty       nothing of it is recorded
│   ├── PosterEmpty           likewise
│   ├── FileUnknown
│   ├── UploadUnknown         it never was, or expired, or was deleted
│   ├── AssetUnknown          likewise
│   ├── CaptionUnknown
│   ├── UserUnknown
│   ├── ConsoleSessionUnknown it is over
│   ├── APIKeyUnknown         it never was, or was revoked
│   ├── WebhookUnknown
│   ├── WebhookDeliveryUnknown
│   ├── WebhookReplayUnknown
│   ├── DomainUnknown
│   ├── MessageUnknown        nothing was said in the chat under this number, or it is forgotten
│   ├── BanUnknown            it was lifted, or has ended
│   ├── RelayUnwanted         the session is over, or the target disabled or deleted
│   ├── TranscodeUnwanted     the session is over, or its stream has no ladder
│   └── TenantUnknown
├── Conflict
│   ├── TenantExists
│   ├── TenantOfInstallation  it cannot be disabled
│   ├── StreamExists
│   ├── UserExists            names are unique over the installation
│   ├── APIKeyExists
│   ├── JobLive               a live job ends with its session only
│   ├── RelayTargetsTooMany   past what a stream may have
│   ├── HoldsTooMany          likewise
│   ├── BansTooMany           likewise
│   ├── AlertDiffers          another alert was raised under this key
│   ├── HoldOfClip            it goes with its clip only
│   ├── HoldOfAsset           likewise
│   ├── ClipNotOver           what it is to show has not all been on air
│   ├── ClipMixed             its codec settings change, and a file has one of each
│   ├── StoryboardTooEarly    it is not over, and would change
│   ├── PosterTooEarly        likewise
│   ├── UploadClosed          all of it is there, or it was refused
│   ├── UploadOffsetWrong     it does not end there
│   ├── UploadNotAccepted     not all of it is there, or it was refused
│   ├── CaptionExists         the asset has captions of that label
│   ├── CaptionsTooMany       past what an asset may have
│   ├── DomainExists          of the tenant
│   ├── DomainsTooMany        past what a tenant may have
│   ├── WebhooksTooMany       likewise
│   ├── WebhookIsDisabled     nothing is sent to it
│   ├── WebhookReplaysTooMany are running to it
│   ├── SessionNotOver        it is kept as an asset once it is
│   ├── StreamBusy            on air, and its policy is `reject`
│   ├── FactContradicts       a fact names another stream than its session's
│   └── SessionNotYetKnown    a fact overtook the grant that it rests on
├── TooMany
│   ├── QuotaBusy             of publishers, or of job minutes (QuotaReached)
│   ├── StoryboardsTooMany    of the stream are being made
│   └── PostersTooMany        likewise
└── Unavailable
    └── DatabaseDown          nothing was written; the same call works later
"""

from libs.errors import (
    Blame,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unavailable,
    WeirError,
)
from libs.events import QuotaName
from libs.public_events import ToldQuota


class OutdateInvalid(Invalid):
    code = "outdate_invalid"


class StreamFieldInvalid(Invalid):
    code = "stream_field_invalid"


class StreamFieldFixed(Invalid):
    code = "stream_field_fixed"


class JobRangeEmpty(Invalid):
    code = "job_range_empty"


class JobRangeMixed(Invalid):
    code = "job_range_mixed"


class JobRangeTooLong(Invalid):
    code = "job_range_too_long"


class CursorInvalid(Invalid):
    code = "cursor_invalid"


class HoldInvalid(Invalid):
    code = "hold_invalid"


class HoldsTooMany(Conflict):
    code = "holds_too_many"


class HoldUnknown(NotFound):
    code = "hold_unknown"


class HoldOfClip(Conflict):
    code = "hold_of_clip"


class ClipInvalid(Invalid):
    code = "clip_invalid"


class ClipUnknown(NotFound):
    code = "clip_unknown"


class HoldOfAsset(Conflict):
    code = "hold_of_asset"


class ClipNotOver(Conflict):
    code = "clip_not_over"


class ClipMixed(Conflict):
    code = "clip_mixed"


class PosterEmpty(NotFound):
    code = "poster_empty"


class PosterTooEarly(Conflict):
    code = "poster_too_early"


class PostersTooMany(TooMany):
    code = "posters_too_many"


class StoryboardEmpty(NotFound):
    code = "storyboard_empty"


class StoryboardTooEarly(Conflict):
    code = "storyboard_too_early"


class StoryboardsTooMany(TooMany):
    code = "storyboards_too_many"


class FileUnknown(NotFound):
    code = "file_unknown"


class UserExists(Conflict):
    code = "user_exists"


class UserUnknown(NotFound):
    code = "user_unknown"


class ConsoleSessionUnknown(NotFound):
    code = "console_session_unknown"


class APIKeyExists(Conflict):
    code = "api_key_exists"


class APIKeyUnknown(NotFound):
    code = "api_key_unknown"


class DatabaseURLInvalid(Invalid):
    code = "database_url_invalid"


class StreamTooLarge(TooLarge):
    code = "stream_too_large"


class StreamDisabled(Forbidden):
    code = "stream_disabled"


class StreamUnknown(NotFound):
    code = "stream_unknown"


class SessionUnknown(NotFound):
    code = "session_unknown"


class SessionNotWatermarked(NotFound):
    code = "session_not_watermarked"


class JobUnknown(NotFound):
    code = "job_unknown"


class JobUnwanted(NotFound):
    code = "job_unwanted"


class RelayTargetUnknown(NotFound):
    code = "relay_target_unknown"


class TranscodeUnwanted(NotFound):
    code = "transcode_unwanted"


class RelayUnwanted(NotFound):
    code = "relay_unwanted"


class TenantUnknown(NotFound):
    code = "tenant_unknown"


class StreamExists(Conflict):
    code = "stream_exists"


class JobLive(Conflict):
    code = "job_live"


class RelayTargetsTooMany(Conflict):
    code = "relay_targets_too_many"


class StreamBusy(Conflict):
    code = "stream_busy"


class FactContradicts(Conflict):
    """No retry mends it, so the message is buried where a person sees it."""

    code = "fact_contradicts"
    blame = Blame.WEIR


class DatabaseDown(Unavailable):
    code = "database_down"


class SessionNotYetKnown(Conflict):
    """Tried again a few times, then buried: the catalog that granted it may have lost its data."""

    code = "session_not_yet_known"
    blame = Blame.WEIR
    retry = True


class UploadNameInvalid(Invalid):
    code = "upload_name_invalid"


class UploadPiecesTooMany(Invalid):
    code = "upload_pieces_too_many"


class UploadTypeRefused(WeirError):
    code = "upload_type_refused"
    status = 415
    blame = Blame.CALLER


class UploadTooLarge(TooLarge):
    code = "upload_too_large"


class QuotaReached(WeirError):
    """A tenant's quota is used up; the problem document says which, its limit, and its use."""

    blame = Blame.CALLER

    def __init__(
        self, sentence: str, *, tenant: str, quota: QuotaName, limit: int, use: float
    ) -> None:
        super().__init__(sentence)
        self.tenant = tenant
        self.quota = quota
        self.more = {"quota": quota, "limit": limit, "use": use}

    @property
    def told_as(self) -> ToldQuota:
        """In the public event."""
        match self.quota:
            case "upload_bytes":
                return "uploads"
            case "storage_bytes":
                return "storage"
            case "viewers":
                raise AssertionError("gateways hold the quota of viewers")
            case quota:
                return quota


class QuotaFull(QuotaReached, Forbidden):
    code = "quota_full"


class QuotaBusy(QuotaReached, TooMany):
    code = "quota_busy"
    retry = False  # it does not pass within moments


class StorageFull(QuotaReached):
    code = "storage_full"
    status = 507


class UploadQuotaFull(QuotaReached, TooLarge):
    code = "upload_quota_full"


class TenantDisabled(Forbidden):
    code = "tenant_disabled"


class TenantExists(Conflict):
    code = "tenant_exists"


class TenantOfInstallation(Conflict):
    code = "tenant_of_installation"


class UploadUnknown(NotFound):
    code = "upload_unknown"


class UploadClosed(Conflict):
    code = "upload_closed"


class UploadOffsetWrong(Conflict):
    code = "upload_offset_wrong"


class UploadNotAccepted(Conflict):
    code = "upload_not_accepted"


class AssetInvalid(Invalid):
    code = "asset_invalid"


class AssetUnknown(NotFound):
    code = "asset_unknown"


class CaptionUnknown(NotFound):
    code = "caption_unknown"


class CaptionExists(Conflict):
    code = "caption_exists"


class CaptionsTooMany(Conflict):
    code = "captions_too_many"


class SessionNotOver(Conflict):
    code = "session_not_over"


class WebhookInvalid(Invalid):
    code = "webhook_invalid"


class WebhookReplayInvalid(Invalid):
    code = "webhook_replay_invalid"


class WebhookUnknown(NotFound):
    code = "webhook_unknown"


class WebhookDeliveryUnknown(NotFound):
    code = "webhook_delivery_unknown"


class WebhookReplayUnknown(NotFound):
    code = "webhook_replay_unknown"


class WebhooksTooMany(Conflict):
    code = "webhooks_too_many"


class DomainUnknown(NotFound):
    code = "domain_unknown"


class DomainExists(Conflict):
    code = "domain_exists"


class DomainsTooMany(Conflict):
    code = "domains_too_many"


class WebhookIsDisabled(Conflict):
    code = "webhook_disabled"


class WebhookReplaysTooMany(Conflict):
    code = "webhook_replays_too_many"


class MessageUnknown(NotFound):
    code = "message_unknown"


class BanUnknown(NotFound):
    code = "ban_unknown"


class BansTooMany(Conflict):
    code = "bans_too_many"


class AlertDiffers(Conflict):
    code = "alert_differs"
