"""What the indexer said, once it was looked at: nothing of it is trusted."""

from itertools import accumulate
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.transcoder.untrusted.errors import MediaBroken, MediaExcessive
from services.transcoder.untrusted.limits import (
    MAX_DURATION_S,
    MAX_PIXELS,
    MAX_RATE,
    MAX_SIDE,
    MAX_SOUNDS,
    MAX_TEXTS,
)

_FAR = 1 << 53
_OUT_OF_MEMORY = "MemoryError"


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class IndexedVideo(_Said):
    index: int = Field(ge=0, lt=256)
    codec: str
    pixels: str | None
    extradata: str = Field(max_length=8192, pattern="^[0-9a-f]*$")
    width: int = Field(ge=1, le=MAX_SIDE)
    height: int = Field(ge=1, le=MAX_SIDE)
    pixel_aspect: tuple[int, int] = Field(strict=False)
    frame_rate: tuple[int, int] = Field(strict=False)
    turn: int
    is_interlaced: bool
    is_steady: bool
    """Whether its frames have all of their times, and keyframes often enough."""


class IndexedAudio(_Said):
    index: int = Field(ge=0, lt=256)
    codec: str
    extradata: str = Field(max_length=8192, pattern="^[0-9a-f]*$")
    first_pts: int = Field(ge=-_FAR, le=_FAR)
    is_whole: bool
    """Whether it is there from the picture's beginning to its end."""
    language: str
    title: str


class IndexedText(_Said):
    language: str
    title: str


class IndexedChunk(_Said):
    segments: int = Field(ge=1)
    seek_pts: int | None = Field(ge=-_FAR, le=_FAR)


class Indexed(_Said):
    error: str | None = None
    zero_90k: int = Field(default=0, ge=-_FAR, le=_FAR)
    segments_90k: tuple[int, ...] = Field(default=(), strict=False)
    chunks: tuple[IndexedChunk, ...] = Field(default=(), strict=False)
    video: IndexedVideo | None = None
    audio: IndexedAudio | None = None
    sounds: tuple[IndexedAudio, ...] = Field(default=(), max_length=MAX_SOUNDS - 1, strict=False)
    texts: tuple[IndexedText, ...] = Field(default=(), max_length=MAX_TEXTS, strict=False)


def read_index(said: dict[str, Any]) -> Indexed:
    """Raises `MediaBroken`, `MediaExcessive`."""
    if said.get("error") == _OUT_OF_MEMORY:
        raise MediaExcessive("It takes too much memory to read.")
    if said.get("error"):
        raise MediaBroken(f"It cannot be read to its end ({str(said['error'])[:200]}).")
    try:
        found = Indexed.model_validate(said)
    except ValidationError:
        raise MediaBroken("It cannot be read to its end.") from None
    segments = found.segments_90k
    if not segments or min(segments) < 1:
        raise MediaBroken("Its times do not rise.")
    if sum(segments) > MAX_DURATION_S * 90_000:
        raise MediaExcessive("It is more than a day long.")
    counts = [each.segments for each in found.chunks]
    video = found.video
    is_odd = video is not None and (
        video.turn not in {0, 90, 180, 270}
        or min(*video.pixel_aspect, *video.frame_rate) < 1
        or max(*video.pixel_aspect, *video.frame_rate) > _FAR
        or video.frame_rate[0] > MAX_RATE * video.frame_rate[1]
        or video.width * video.height > MAX_PIXELS
    )
    if is_odd or [*accumulate(counts)][-1:] != [len(segments)]:
        raise MediaBroken("What it says of itself cannot be.")
    return found
