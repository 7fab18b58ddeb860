"""Stills: what the picture showed at given moments.

From the keyframe before a moment, frames are decoded up to it and no further.
"""

import asyncio
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

import structlog

from libs.errors import TooMany
from libs.events import Segment, TrackRange
from libs.names import SOURCE
from libs.storage import ObjectMissing, ObjectStore
from services.gateway.views.clip import init_key
from services.gateway.views.log import Log
from services.gateway.views.span import Span
from services.gateway.views.window import read_window

if TYPE_CHECKING:
    import av
    from PIL.Image import Image

MAX_WAITING = 16
"""Requests that may wait for the one that decodes."""
_HALF_MS = 0.0005
_decoding = asyncio.Semaphore(1)
"""A request at a time: pictures must not take the cores from those who watch."""
_waiting = 0

log = structlog.get_logger()


class StillsBusy(TooMany):
    code = "stills_busy"


class StillFormat(NamedTuple):
    name: Literal["JPEG", "PNG"] = "JPEG"
    quality: int = 80
    """Of JPEG, 1 to 100."""
    size: tuple[int, int] | None = None
    """Width and height; None: as it is."""


class Still(NamedTuple):
    at: datetime
    content: bytes = b""
    error: Literal["", "NO_MEDIA", "MEDIA_ERROR"] = ""


class _Wanted(NamedTuple):
    """Moments that the same frames show: `rows` begin with a keyframe, `at_s` is media time."""

    rows: list[Segment]
    at_s: list[tuple[datetime, float]]


async def make_stills(
    read: Log, store: ObjectStore, stream: str, instants: Sequence[datetime], wanted: StillFormat
) -> list[Still]:
    """One for each moment, in order. Raises `StillsBusy`."""
    global _waiting  # noqa: PLW0603 - one gate for the whole process
    if _waiting >= MAX_WAITING:
        raise StillsBusy("Too many pictures are asked for at once; try again in a moment.")
    _waiting += 1
    try:
        async with _decoding:
            return await _make(read, store, stream, instants, wanted)
    finally:
        _waiting -= 1


async def _make(
    read: Log, store: ObjectStore, stream: str, instants: Sequence[datetime], wanted: StillFormat
) -> list[Still]:
    made = {at: Still(at, error="NO_MEDIA") for at in instants}
    for group in await _groups(read, stream, instants):
        try:
            data = await _data(store, group.rows)
            pictures = await asyncio.to_thread(_decode, data, group.at_s, wanted)
        except (ObjectMissing, ValueError, OSError) as error:
            log.warning("still.failed", stream=stream, reason=str(error))
            pictures = [Still(at, error="MEDIA_ERROR") for at, _ in group.at_s]
        made |= {picture.at: picture for picture in pictures}
    return [made[at] for at in instants]


async def _groups(read: Log, stream: str, instants: Sequence[datetime]) -> list[_Wanted]:
    """Each moment is looked for near itself: between two of them may lie an hour."""
    groups: dict[tuple[str, int], _Wanted] = {}
    for at in instants:
        rows = await read_window(read, stream, SOURCE, Span(at, at + timedelta(microseconds=1)))
        if not rows or not rows[0].is_independent:
            continue
        last = rows[-1]
        track = _video(last)
        into_s = (at - last.starts_at).total_seconds()
        if track is None or not 0 <= into_s < last.duration_s:
            continue
        group = groups.setdefault((rows[0].session, rows[0].msn), _Wanted([], []))
        known = {row.msn for row in group.rows}
        group.rows.extend(row for row in rows if row.msn not in known)
        group.at_s.append((at, track.pts / track.timescale + into_s))
    return list(groups.values())


async def _data(store: ObjectStore, rows: list[Segment]) -> bytes:
    """The rows' video with its init segment."""
    tracks = [(row, track) for row in rows if (track := _video(row)) is not None]
    row, track = tracks[0]
    pieces = [await store.get(init_key(row, track.config_id))]
    for row, track in tracks:
        pieces.append(
            await store.get(row.object_key, offset=row.offset + track.offset, size=track.size_bytes)
        )
    return b"".join(pieces)


def _decode(
    data: bytes, at_s: Sequence[tuple[datetime, float]], wanted: StillFormat
) -> list[Still]:
    """Raises what PyAV does, which is an `OSError` or a `ValueError`."""
    import av

    found: list[Still] = []
    left = sorted(at_s, key=lambda each: each[1])
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        before: av.VideoFrame | None = None
        for frame in container.decode(video=0):
            shown_s = frame.time
            while left and before is not None and shown_s is not None:
                if shown_s <= left[0][1] + _HALF_MS:
                    break
                found.append(_still(left.pop(0)[0], before, wanted))
            before = frame
            if not left:
                break
        found += [_still(at, before, wanted) for at, _ in left if before is not None]
    return found


def _still(at: datetime, frame: "av.VideoFrame", wanted: StillFormat) -> Still:
    if wanted.size is not None:
        frame = frame.reformat(width=wanted.size[0], height=wanted.size[1])
    image: Image = frame.to_image()  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    if wanted.name == "JPEG":
        image.save(out, "JPEG", quality=wanted.quality)
    else:
        image.save(out, "PNG")
    return Still(at, out.getvalue())


def _video(row: Segment) -> TrackRange | None:
    return next((track for track in row.tracks if track.kind == "video"), None)
