"""Which files a session's rows become: a pure function of rows, so that it may be planned again.

Both kinds keep to a grid that begins with the session: file n begins with the first keyframe at or
after n times the interval, so that nothing drifts. A file also ends where the codec configuration
changes, because one MP4 has one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from libs.events import Segment, StoredPicture
from libs.segment_keys import folder, init_key
from services.catalog.recording_fields import Recording


class FileSpan(BaseModel):
    """What a file needs to know of its rows: it may have a day of them."""

    model_config = ConfigDict(frozen=True)

    first_msn: int
    last_msn: int
    starts_at: datetime
    ends_at: datetime
    duration_s: float
    """Of the rows: what was lost in between is in no file."""
    configs: dict[str, str]
    """Of the codecs, by kind of track."""

    def with_row(self, row: Segment) -> "FileSpan":
        duration_s = self.duration_s + row.duration_s
        changed = {"last_msn": row.msn, "ends_at": _ends_at(row), "duration_s": duration_s}
        return self.model_copy(update=changed)


class Video(NamedTuple):
    """An MP4 of these rows."""

    number: int
    """Counts the session's files."""
    span: FileSpan


class Look(NamedTuple):
    """A comparison of this row's first picture with the one before."""

    before: StoredPicture
    row: Segment


class Still(NamedTuple):
    """A picture of this row's first frame."""

    row: Segment


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a session's rows have been looked at."""

    next_msn: int
    anchor_ms: int | None = None
    """Session time of the first row."""
    video: FileSpan | None = None
    """The file that is open."""
    video_index: int = -1
    """Of the newest file on its grid, and likewise of the newest picture."""
    image_index: int = -1
    videos: int = 0
    """How many files were closed."""
    seen: StoredPicture | None = None
    """What the next picture is compared with, where motion is looked for."""


class Plan(NamedTuple):
    progress: Progress
    videos: list[Video]
    stills: list[Still]
    looks: list[Look]

    @property
    def is_due(self) -> bool:
        return bool(self.videos or self.stills or self.looks)


def plan(progress: Progress, rows: Iterable[Segment], wanted: Recording, *, is_over: bool) -> Plan:
    """What `rows`, which follow each other, add to.

    A file is closed by the row behind it, by the session's end, or because none is wanted any more.
    """
    video = progress.video
    found = Plan(progress, [], [], [])
    for row in rows:
        anchor_ms = progress.anchor_ms if progress.anchor_ms is not None else row.start_ms
        progress = replace(progress, anchor_ms=anchor_ms, next_msn=row.msn + 1)
        at_s = (row.start_ms - anchor_ms) / 1000
        if wanted.image_s is not None and row.is_independent and _has_video(row):
            index = int(at_s / wanted.image_s)
            if index > progress.image_index:
                found.stills.append(Still(row))
                progress = replace(progress, image_index=index)
        progress = _look(found, progress, row, wanted)
        if video is not None and _must_close(video, row, at_s, progress, wanted):
            progress = _close(found, progress, video)
            video = None
        if video is not None:
            video = video.with_row(row)
        elif wanted.video_s is not None and row.is_independent:
            index = max(progress.video_index + 1, int(at_s / wanted.video_s))
            video = span_of(row)
            progress = replace(progress, video_index=index)
    if video is not None and (is_over or wanted.video_s is None):
        progress = _close(found, progress, video)
        video = None
    return found._replace(progress=replace(progress, video=video))


def picture_of(row: Segment) -> StoredPicture | None:
    """Where the row's first keyframe lies, if it begins with one."""
    track = next((each for each in row.tracks if each.kind == "video"), None)
    if track is None or not row.is_independent:
        return None
    where = folder(row.tenant, row.stream, row.session, row.rendition)
    return StoredPicture(
        init_key=init_key(where, track.config_id),
        object_key=row.object_key,
        offset=row.offset + track.offset,
        size_bytes=track.size_bytes,
    )


def _look(found: Plan, progress: Progress, row: Segment, wanted: Recording) -> Progress:
    if wanted.motion is None:
        return replace(progress, seen=None)
    picture = picture_of(row)
    if picture is None:
        return progress
    before = progress.seen
    # Another codec configuration is another picture size: nothing to compare with.
    if before is not None and before.init_key == picture.init_key:
        found.looks.append(Look(before, row))
    return replace(progress, seen=picture)


def span_of(row: Segment) -> FileSpan:
    """Of a file that begins with `row`."""
    return FileSpan(
        first_msn=row.msn,
        last_msn=row.msn,
        starts_at=row.starts_at,
        ends_at=_ends_at(row),
        duration_s=row.duration_s,
        configs=_configs(row),
    )


def _close(found: Plan, progress: Progress, video: FileSpan) -> Progress:
    found.videos.append(Video(progress.videos, video))
    return replace(progress, videos=progress.videos + 1)


def _must_close(
    video: FileSpan, row: Segment, at_s: float, progress: Progress, wanted: Recording
) -> bool:
    if wanted.video_s is None or _configs(row) != video.configs:
        return True
    return row.is_independent and int(at_s / wanted.video_s) > progress.video_index


def _ends_at(row: Segment) -> datetime:
    return row.starts_at + timedelta(seconds=row.duration_s)


def _configs(row: Segment) -> dict[str, str]:
    return {track.kind: track.config_id for track in row.tracks}


def _has_video(row: Segment) -> bool:
    return any(track.kind == "video" for track in row.tracks)
