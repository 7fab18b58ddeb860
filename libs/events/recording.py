"""Files made of what is on air: MP4s and pictures at intervals, as a stream's settings ask for, and
what jobs make.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import ClassVar, Literal

from pydantic import Field

from libs.events.asks import PAGE_ROWS, Answer, Ask
from libs.events.envelope import Message
from libs.events.motion import StoredPicture
from libs.events.rows import Row

MAX_STILLS = 50
"""In one order: another worker may take the next."""

FileKind = Literal["mp4", "jpeg", "storyboard", "poster", "export"]
"""`export`: an MP4 that a job made for whoever asked, or of a clip."""
FileState = Literal["pending", "ready", "failed"]


class WantedStill(Row):
    """A picture of a segment's first keyframe. Made twice, it is the same picture."""

    tenant: str
    stream: str
    session: str
    msn: int
    key: str
    """Where the picture goes in the store."""
    picture: StoredPicture
    traceparent: str | None = None
    """Of its session."""


class StillsRequested(Message):
    """Order: make these pictures, which fell due together."""

    name: ClassVar[str] = "job.requested.stills"

    stills: tuple[WantedStill, ...] = Field(min_length=1, max_length=MAX_STILLS)

    def natural_key(self) -> str:
        return _digest(still.key for still in self.stills)

    def about(self) -> str:
        """Of the first: an envelope names one."""
        return self.stills[0].stream


class StoredStill(Row):
    tenant: str
    stream: str
    key: str
    size_bytes: int


class StillsStored(Message):
    """These pictures are in the store."""

    name: ClassVar[str] = "stills.stored"

    stills: tuple[StoredStill, ...] = Field(min_length=1, max_length=MAX_STILLS)

    def natural_key(self) -> str:
        """Of all: another try of an order may have made more."""
        return _digest(still.key for still in self.stills)

    def about(self) -> str:
        """Likewise of the first."""
        return self.stills[0].stream


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


def _digest(keys: Iterable[str]) -> str:
    return sha256("\n".join(keys).encode()).hexdigest()[:32]
