"""Uploads: files that come to us, piece by piece, and what the catalog is asked about them.

An upload is an ordered list of *pieces*, objects of the store that end to end are the file.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing
from libs.events.rows import Row

UploadWay = Literal["tus", "direct", "import"]
"""`tus`: by way of a gateway; `direct`: straight to S3; `import`: fetched by a job."""
UploadState = Literal["open", "complete", "accepted", "refused", "expired", "deleted"]
"""`complete`: all bytes are there, and it is being looked at; `accepted`: it can be used;
`refused`: its reason says why not."""
Container = Literal["mov", "matroska", "mpegts", "flv"]
MAX_UPLOAD_BYTES = 1 << 44
"""What no setting allows more than."""
PIECES_PAGE = 1000

UploadId = Annotated[str, Field(pattern="^upload-[0-9a-f]{16}$")]


class UploadPiece(Row):
    """A run of the file's bytes: all of an object of the store."""

    offset: int = Field(ge=0, le=MAX_UPLOAD_BYTES)
    """Of its first byte in the file."""
    size_bytes: int = Field(ge=1, le=MAX_UPLOAD_BYTES)
    object_key: str


class MediaTrack(Row):
    """What an inspection found of one track."""

    kind: Literal["video", "audio", "other"]
    codec: str
    width: int | None = None
    height: int | None = None
    frames_per_s: float | None = None
    sample_rate: int | None = None
    channels: int | None = None
    language: str | None = None


class Media(Answer):
    """What an inspection found in a file."""

    container: Container
    duration_s: float
    tracks: tuple[MediaTrack, ...]


class Upload(Answer):
    id: str
    tenant: str
    name: str
    """The file's, as its owner calls it; no path is made of it."""
    content_type: str
    fingerprint: str | None = None
    """By which whoever sends it finds it again."""
    way: UploadWay
    state: UploadState
    size_bytes: int
    """Of the whole file; of an import that has not ended: 0."""
    offset_bytes: int
    """So many of them are there."""
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None = None
    """When it is given up, if nothing more comes; None: all is there."""
    job: str | None = None
    """Which imports or inspects it."""
    error_code: str | None = None
    reason: str | None = None
    """Why it was refused."""
    media: Media | None = None
    ladder: Any = None
    """That the asset made of it is to have, as in a stream's item."""
    is_watermarked: bool = False
    """Whether that asset is to have a forensic watermark."""
    folder: str
    """Where its pieces lie."""
    multipart: str | None = None
    """The store's own name of a direct upload."""


class UploadPage(Answer):
    uploads: tuple[Upload, ...]
    next_after: str | None = None


class CreateUpload(Ask[Upload]):
    """Reserve room for a file.

    Errors: `upload_name_invalid`, `upload_type_refused`, `upload_too_large`, `upload_quota_full`,
    `stream_field_invalid` (the ladder).
    """

    name: ClassVar[str] = "catalog.upload.create"
    answer: ClassVar[type[Answer]] = Upload

    tenant: str
    file: str
    """Its name."""
    content_type: str = ""
    fingerprint: str | None = None
    way: Literal["tus", "direct"] = "tus"
    size_bytes: int = Field(ge=1)
    ladder: Any = None
    is_watermarked: bool = False


class ImportUpload(Ask[Upload]):
    """Fetch a file from an address that a user named.

    Errors: `egress_refused`, and as of `CreateUpload`.
    """

    name: ClassVar[str] = "catalog.upload.import"
    answer: ClassVar[type[Answer]] = Upload

    tenant: str
    file: str
    url: str
    max_bytes: int | None = Field(default=None, ge=1)
    """Past these it is refused; meanwhile it takes so much of the quota. None: all that is left."""
    ladder: Any = None
    is_watermarked: bool = False


class GetUpload(Ask[Upload]):
    """One upload. Errors: `upload_unknown`."""

    name: ClassVar[str] = "catalog.upload.get"
    answer: ClassVar[type[Answer]] = Upload

    tenant: str
    upload: str


class ListUploads(Ask[UploadPage]):
    """Uploads, newest first."""

    name: ClassVar[str] = "catalog.upload.list"
    answer: ClassVar[type[Answer]] = UploadPage

    tenant: str
    state: UploadState | None = None
    fingerprint: str | None = None
    after: str | None = None
    limit: int = Field(default=200, ge=1, le=200)


class AppendUpload(Ask[Upload]):
    """Pieces are in the store; they begin where the upload ends, and follow each other.

    Errors: `upload_unknown`, `upload_closed`, `upload_offset_wrong`, `upload_pieces_too_many`.
    """

    name: ClassVar[str] = "catalog.upload.append"
    answer: ClassVar[type[Answer]] = Upload

    tenant: str
    upload: str
    pieces: tuple[UploadPiece, ...] = Field(min_length=1, max_length=PIECES_PAGE)


class NoteMultipart(Ask[Upload]):
    """The store has begun a direct upload. Errors: `upload_unknown`, `upload_closed`."""

    name: ClassVar[str] = "catalog.upload.multipart"
    answer: ClassVar[type[Answer]] = Upload

    tenant: str
    upload: str
    multipart: str


class DeleteUpload(Ask[Nothing]):
    """It is not wanted any more. Errors: `upload_unknown`."""

    name: ClassVar[str] = "catalog.upload.delete"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    upload: str


class UploadPieces(Answer):
    pieces: tuple[UploadPiece, ...]
    next_after: int | None = None


class ListUploadPieces(Ask[UploadPieces]):
    """In order, those behind an offset (None: from the first). Errors: `upload_unknown`."""

    name: ClassVar[str] = "catalog.upload.pieces"
    answer: ClassVar[type[Answer]] = UploadPieces

    tenant: str
    upload: str
    after: int | None = None


class UploadLitter(Row):
    """A folder of the store that nobody needs."""

    upload: str
    folder: str
    multipart: str | None = None


class UploadLitters(Answer):
    litter: tuple[UploadLitter, ...]


class ListUploadLitter(Ask[UploadLitters]):
    """Uploads that are over and whose objects are to be deleted."""

    name: ClassVar[str] = "catalog.upload_litter.list"
    answer: ClassVar[type[Answer]] = UploadLitters


class ForgetUploadLitter(Ask[Nothing]):
    """Their objects are deleted."""

    name: ClassVar[str] = "catalog.upload_litter.forget"
    answer: ClassVar[type[Answer]] = Nothing

    uploads: tuple[str, ...]
