"""Files made of what is on air: MP4s and pictures at intervals, as a stream's settings ask for, and
what jobs make.
"""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.events.asks import PAGE_ROWS, Answer, Ask
from libs.events.envelope import Message

FileKind = Literal["mp4", "jpeg", "storyboard", "export"]
"""`export`: an MP4 that a job made for whoever asked, or of a clip."""
FileState = Literal["pending", "ready", "failed"]


class StillRequested(Message):
    """Order: make a picture of a segment's first keyframe. Made twice, it is the same picture."""

    name: ClassVar[str] = "job.requested.still"

    tenant: str
    stream: str
    session: str
    msn: int
    key: str
    """Where the picture goes in the store."""
    init_key: str
    """The codec configuration of the picture's track."""
    object_key: str
    offset: int
    size_bytes: int
    """Where the segment's picture lies in its object."""
    taken_at: datetime

    def natural_key(self) -> str:
        return self.key

    def about(self) -> str:
        return self.stream


class StillStored(Message):
    """A picture is in the store."""

    name: ClassVar[str] = "still.stored"

    tenant: str
    stream: str
    key: str
    size_bytes: int

    def natural_key(self) -> str:
        return self.key

    def about(self) -> str:
        return self.stream


class RecordedFile(Answer):
    """A file of a stream."""

    stream: str
    session: str
    kind: FileKind
    state: FileState
    key: str
    """Its name: `<stream>/mp4/<Y>/<M>/<D>/capture-….mp4`."""
    object_key: str | None
    """Where it lies in the store; None until it is ready."""
    starts_at: datetime
    duration_s: float
    """Of a picture: 0."""
    size_bytes: int
    first_msn: int
    last_msn: int
    job: str | None = None
    """That makes it; None for pictures."""


class RecordedFiles(Answer):
    files: tuple[RecordedFile, ...]
    next_after: str | None = None


class ListFiles(Ask[RecordedFiles]):
    """Files of a stream, newest first. Errors: `stream_unknown`."""

    name: ClassVar[str] = "catalog.file.list"
    answer: ClassVar[type[Answer]] = RecordedFiles

    tenant: str
    stream: str
    kind: FileKind | None = None
    from_at: datetime | None = None
    """Those that begin then or later, likewise before `until_at`."""
    until_at: datetime | None = None
    after: str | None = None
    limit: int = Field(default=200, ge=1, le=PAGE_ROWS)


class GetFile(Ask[RecordedFile]):
    """The file of a name. Errors: `file_unknown`."""

    name: ClassVar[str] = "catalog.file.get"
    answer: ClassVar[type[Answer]] = RecordedFile

    tenant: str
    key: str
