"""Named clips: times of a stream that somebody wants to keep and show."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from libs.events.asks import PAGE_ROWS, Answer, Ask, Nothing
from libs.events.jobs import JobState


class ClipExport(Answer):
    """The file that is made, or was made, of a clip."""

    job: str
    state: JobState
    object_key: str | None = None
    """Where it lies in the store, once it is there."""
    size_bytes: int | None = None


class Clip(Answer):
    """What was on air within [from_at, until_at), kept until the clip is deleted."""

    id: str
    stream: str
    name: str
    from_at: datetime
    until_at: datetime
    created_at: datetime
    export: ClipExport | None = None
    """None: it is a view over the segment log."""


class Clips(Answer):
    clips: tuple[Clip, ...]
    next_after: str | None = None


class CreateClip(Ask[Clip]):
    """Errors: `stream_unknown`, `clip_invalid`, `holds_too_many`."""

    name: ClassVar[str] = "catalog.clip.create"
    answer: ClassVar[type[Answer]] = Clip

    tenant: str
    stream: str
    title: str
    from_at: datetime
    until_at: datetime


class ListClips(Ask[Clips]):
    """Of a stream, the latest first. Errors: `stream_unknown`, `cursor_invalid`."""

    name: ClassVar[str] = "catalog.clip.list"
    answer: ClassVar[type[Answer]] = Clips

    tenant: str
    stream: str
    after: str | None = None
    limit: int = Field(default=200, ge=1, le=PAGE_ROWS)


class GetClip(Ask[Clip]):
    """Errors: `clip_unknown`."""

    name: ClassVar[str] = "catalog.clip.get"
    answer: ClassVar[type[Answer]] = Clip

    tenant: str
    stream: str
    id: str


class DeleteClip(Ask[Nothing]):
    """With the file that was made of it. Errors: `clip_unknown`."""

    name: ClassVar[str] = "catalog.clip.delete"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    stream: str
    id: str


class ExportClip(Ask[Clip]):
    """Make a file of it, once. Errors: `clip_unknown`, `clip_not_over`, `clip_mixed`,
    `job_range_empty`, `job_range_too_long`.
    """

    name: ClassVar[str] = "catalog.clip.export"
    answer: ClassVar[type[Answer]] = Clip

    tenant: str
    stream: str
    id: str
