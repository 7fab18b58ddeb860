"""What can go wrong in the gateway, beside what other services answer.

Unauthorized
├── APIKeyWrong            no x-api-key and no console session, or a key that opens nothing
├── SessionEnded           the console session of the cookie is over
├── LoginWrong             wrong user or password
├── PlayerRefused          an RTMP player whose viewer token does not admit it
Forbidden
├── ForeignOrigin          a write with a console session from another origin
├── AddressWrong           a link is for another address
├── PermissionLacking      the caller is known, and may not do this
├── KeyLimited             an API key is for other streams
├── NoAccount              an API key asks for what only users have
BadRequest
├── BodyUnreadable         the body is not JSON
├── ReloadWrong            senseless _HLS_msn or _HLS_part
├── MetadataWrong          headers of an upload that cannot be read
├── SpanWrong              a window that cannot be played
├── HandshakeInvalid       a WebSocket is asked for in a way that has no answer
UnsupportedType            415, the body is not sent as JSON
TusVersionWrong            412, another version of the protocol
ChecksumMismatch           460, what came is not what was sent
RangeWrong                 416, it begins behind the end
TooMany
├── LoginLimited           too many wrong logins
├── ViewerOverBudget       one viewer asks for more marked segments than its share
Invalid
├── ExpiryPast             of an API key
├── ItemInvalid            JSON that cannot be kept as it is
├── MarkInvalid            a viewer's mark that cannot be drawn as asked
├── CDNClaimImpossible     a CDN cannot hold what a link is to say
TooLarge
├── ItemTooLarge
├── UploadOverflows        more came than was declared
NotFound
├── TenantUnknown          or another than the caller's
├── StreamUnknown
├── RelayTargetUnknown
├── RungUnknown            the stream has no such rendition now
├── ImageUnknown
├── JobResultMissing       the job has made no file (yet)
├── StoryboardUnknown      it has no such sheet
├── PosterUnknown          nothing of it has a picture
├── CaptionUnknown         the asset has none such, or the store has lost them
├── FileUnknown            no MP4s of that day
├── SegmentUnknown         the log has no such segment, or the store has it no more
├── KeyUnknown             nothing lies in the bucket under it
├── MarkImpossible         pictures of this codec are marked in MPEG-TS alone
Conflict
├── OwnAccount             nobody takes something away from itself
├── UserNameTaken          it is that of the owner of the settings
├── PasswordOfSettings     it is changed there
├── OffsetWrong            the upload does not end there
├── DirectImpossible       the store takes nothing from clients
├── PartsWrong             the store has not all of the file
├── FileNotReady           it is being made, or could not be
├── CDNMissing             the settings name none
├── CDNNotAllowed          the stream is not let through a CDN
├── StreamOffAir           nobody sees a picture that this could belong to
Unavailable
├── OriginUnreachable      ingest or packager does not answer
├── UploadsBusy            this gateway reads as many as it may
├── BurnersBusy            no transcoder has room to burn a viewer's mark, or none answers
├── FollowersTooMany       this gateway tells as many as it may how things are made
"""

from libs.errors import (
    BadRequest,
    Blame,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    WeirError,
)


class APIKeyWrong(Unauthorized):
    code = "api_key_wrong"


class SessionEnded(Unauthorized):
    code = "session_ended"


class PermissionLacking(Forbidden):
    code = "permission_lacking"


class KeyLimited(Forbidden):
    code = "key_limited"


class TenantUnknown(NotFound):
    code = "tenant_unknown"


class NoAccount(Forbidden):
    code = "no_account"


class OwnAccount(Conflict):
    code = "own_account"


class UserNameTaken(Conflict):
    code = "user_exists"


class PasswordOfSettings(Conflict):
    code = "password_of_settings"


class ExpiryPast(Invalid):
    code = "expiry_past"


class LoginWrong(Unauthorized):
    code = "login_wrong"


class PlayerRefused(Unauthorized):
    code = "player_refused"


class ForeignOrigin(Forbidden):
    code = "foreign_origin"


class BodyUnreadable(BadRequest):
    code = "body_unreadable"


class HandshakeInvalid(BadRequest):
    code = "handshake_invalid"


class SpanWrong(BadRequest):
    code = "span_wrong"


class ReloadWrong(BadRequest):
    code = "reload_wrong"


class UnsupportedType(WeirError):
    code = "unsupported_media_type"
    status = 415
    blame = Blame.CALLER


class LoginLimited(TooMany):
    code = "login_limited"


class ItemInvalid(Invalid):
    code = "item_invalid"


class ItemTooLarge(TooLarge):
    code = "item_too_large"


class MarkInvalid(Invalid):
    code = "mark_invalid"


class AddressWrong(Forbidden):
    code = "address_wrong"


class ViewerOverBudget(TooMany):
    code = "viewer_over_budget"

    def __init__(self, sentence: str, *, wait_s: int) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


class SegmentUnknown(NotFound):
    code = "segment_unknown"


class KeyUnknown(NotFound):
    code = "key_unknown"


class MarkImpossible(NotFound):
    code = "mark_impossible"


class BurnersBusy(Unavailable):
    code = "burners_busy"


class StreamUnknown(NotFound):
    code = "stream_unknown"


class FileUnknown(NotFound):
    code = "file_unknown"


class StoryboardUnknown(NotFound):
    code = "storyboard_unknown"


class CaptionUnknown(NotFound):
    code = "caption_unknown"


class PosterUnknown(NotFound):
    code = "poster_unknown"


class CDNClaimImpossible(Invalid):
    code = "cdn_claim_impossible"


class CDNMissing(Conflict):
    code = "cdn_missing"


class CDNNotAllowed(Conflict):
    code = "cdn_not_allowed"


class StreamOffAir(Conflict):
    code = "stream_off_air"


class FileNotReady(Conflict):
    code = "file_not_ready"


class ImageUnknown(NotFound):
    code = "image_unknown"


class JobResultMissing(NotFound):
    code = "job_result_missing"


class RangeWrong(WeirError):
    code = "range_wrong"
    status = 416
    blame = Blame.CALLER


class RungUnknown(NotFound):
    code = "rung_unknown"


class RelayTargetUnknown(NotFound):
    code = "relay_target_unknown"


class OriginUnreachable(Unavailable):
    code = "origin_unreachable"


class MetadataWrong(BadRequest):
    code = "metadata_wrong"


class TusVersionWrong(WeirError):
    code = "tus_version_wrong"
    status = 412
    blame = Blame.CALLER


class ChecksumMismatch(WeirError):
    code = "checksum_mismatch"
    status = 460
    blame = Blame.CALLER
    retry = True


class UploadOverflows(TooLarge):
    code = "upload_overflows"


class OffsetWrong(Conflict):
    code = "upload_offset_wrong"


class DirectImpossible(Conflict):
    code = "direct_impossible"


class PartsWrong(Conflict):
    code = "parts_wrong"


class UploadsBusy(Unavailable):
    code = "uploads_busy"


class FollowersTooMany(Unavailable):
    code = "followers_too_many"
