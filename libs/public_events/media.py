"""Public events of what is kept, made and uploaded."""

from datetime import datetime
from typing import ClassVar, Literal

from libs.public_events.base import PublicEvent


class RecordingReady(PublicEvent):
    """An MP4 of what was on air is there."""

    type: ClassVar[str] = "recording.ready"

    stream: str
    session: str
    file: str
    """Its key: `GET /api/v1/files/<key>`, or `GET /<key>` for who may watch the stream."""
    starts_at: datetime
    duration_s: float
    size_bytes: int

    def key(self) -> str:
        return self.file


class ClipReady(PublicEvent):
    """The MP4 of a clip, or of a range that somebody asked for, is there."""

    type: ClassVar[str] = "clip.ready"

    stream: str
    session: str
    job: str
    """That made it; a clip names it as its export's."""
    file: str
    """Its key: `GET /api/v1/files/<key>`."""
    starts_at: datetime
    duration_s: float
    size_bytes: int

    def key(self) -> str:
        return self.file


class UploadAccepted(PublicEvent):
    """An uploaded file is whole, was inspected, and can be used."""

    type: ClassVar[str] = "upload.accepted"

    upload: str
    name: str
    """The file's, as its owner calls it: text from outside."""
    size_bytes: int

    def key(self) -> str:
        return self.upload


class UploadRefused(PublicEvent):
    """An uploaded file cannot be used."""

    type: ClassVar[str] = "upload.refused"

    upload: str
    name: str
    """Likewise text from outside."""
    code: str | None
    reason: str | None
    """The same as a sentence."""

    def key(self) -> str:
        return self.upload


class AssetProgressed(PublicEvent):
    """Another chunk of an asset is there."""

    type: ClassVar[str] = "asset.progressed"

    asset: str
    chunks: int
    chunks_done: int

    def key(self) -> str:
        return f"{self.asset}:{self.chunks_done}"


class AssetReady(PublicEvent):
    """An asset can be played."""

    type: ClassVar[str] = "asset.ready"

    asset: str
    stream: str
    """Under which it is played."""
    session: str

    def key(self) -> str:
        return self.asset


class AssetFailed(PublicEvent):
    """An asset cannot be made."""

    type: ClassVar[str] = "asset.failed"

    asset: str
    code: str
    reason: str

    def key(self) -> str:
        return self.asset


JobKind = Literal["remux", "encode", "storyboard"]


class JobCompleted(PublicEvent):
    """A job that makes a file has made it."""

    type: ClassVar[str] = "job.completed"

    job: str
    kind: JobKind
    stream: str | None
    session: str | None

    def key(self) -> str:
        return self.job


class JobFailed(PublicEvent):
    """A job that was to make a file is given up, after all its tries."""

    type: ClassVar[str] = "job.failed"

    job: str
    kind: JobKind
    stream: str | None
    session: str | None
    code: str | None
    reason: str | None
    """The same as a sentence."""

    def key(self) -> str:
        return self.job
