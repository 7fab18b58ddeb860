"""Whether what the reader found is taken."""

from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libs.events import Media, MediaTrack
from services.transcoder.untrusted.errors import MediaBroken, MediaExcessive, MediaUnsupported
from services.transcoder.untrusted.limits import (
    AUDIO_CODECS,
    MAX_CHANNELS,
    MAX_DURATION_S,
    MAX_PIXELS,
    MAX_RATE,
    MAX_SAMPLE_RATE,
    MAX_SIDE,
    MAX_TRACKS,
    VIDEO_CODECS,
)
from services.transcoder.untrusted.sniffing import Container

_OUT_OF_MEMORY = "MemoryError"
_TOO_MANY_PIXELS = "Picture size"
"""As FFmpeg says it."""


class FoundTrack(BaseModel):
    """As the reader says it: nothing of it is trusted."""

    model_config = ConfigDict(extra="ignore", strict=True)

    kind: str
    codec: str | None = None
    frames: int = 0
    """That could be decoded of the first."""
    error: str | None = None
    width: int = 0
    height: int = 0
    frames_per_s: float | None = Field(default=None, allow_inf_nan=False)
    is_picture: bool = False
    """A cover, not a film."""
    sample_rate: int = 0
    channels: int = 0
    language: str | None = Field(default=None, max_length=8)


class Found(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    error: str | None = None
    duration_s: float = Field(default=0.0, allow_inf_nan=False)
    tracks: tuple[FoundTrack, ...] = Field(default=(), strict=False)


def judge(container: Container, said: dict[str, Any]) -> Media:
    """Raises `MediaBroken`, `MediaExcessive`, `MediaUnsupported`."""
    try:
        found = Found.model_validate(said)
    except ValidationError:
        raise MediaBroken("It cannot be read.") from None
    if found.error == _OUT_OF_MEMORY:
        raise MediaExcessive(f"It has over {MAX_TRACKS} tracks, or takes too much memory to read.")
    if found.error is not None:
        raise MediaBroken(f"It cannot be read as what it seems to be ({found.error}).")
    if len(found.tracks) > MAX_TRACKS:
        raise MediaExcessive(f"It has more than {MAX_TRACKS} tracks.")
    if found.duration_s > MAX_DURATION_S:
        raise MediaExcessive(f"It says that it is {found.duration_s:.0f} s long: over a day.")
    for track in found.tracks:
        _check(track)
    taken = [track for track in found.tracks if _is_taken(track)]
    if not taken:
        _refuse(found.tracks)
    if not any(track.frames for track in taken):
        said_why = next((track.error for track in taken if track.error), "no frame")
        raise MediaBroken(f"Nothing of it can be decoded ({said_why}).")
    tracks = tuple(_shown(track) for track in found.tracks)
    return Media(container=container, duration_s=max(found.duration_s, 0.0), tracks=tracks)


def _check(track: FoundTrack) -> None:
    """Raises `MediaExcessive`."""
    if track.error and _OUT_OF_MEMORY in track.error:
        raise MediaExcessive("Decoding it takes more memory than is allowed.")
    if track.error and _TOO_MANY_PIXELS in track.error:
        raise MediaExcessive(f"A picture of it is too large ({track.error}).")
    width, height = track.width, track.height
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise MediaExcessive(f"Its picture is {width}x{height}: more than 8K.")
    if track.kind == "video" and (track.frames_per_s or 0) > MAX_RATE and not track.is_picture:
        raise MediaExcessive(f"It has {track.frames_per_s:.0f} frames a second.")
    if track.sample_rate > MAX_SAMPLE_RATE or track.channels > MAX_CHANNELS:
        raise MediaExcessive(
            f"Its sound has {track.channels} channels of {track.sample_rate} samples a second."
        )


def _is_taken(track: FoundTrack) -> bool:
    if track.kind == "video":
        return track.codec in VIDEO_CODECS and not track.is_picture
    return track.kind == "audio" and track.codec in AUDIO_CODECS


def _refuse(tracks: tuple[FoundTrack, ...]) -> NoReturn:
    if not tracks:
        raise MediaBroken("It has no tracks.")
    codecs = ", ".join(sorted({track.codec or "an unknown one" for track in tracks}))
    raise MediaUnsupported(f"Its codecs are not taken: {codecs[:100]}.")


def _shown(track: FoundTrack) -> MediaTrack:
    codec = track.codec or "unknown"
    if track.kind == "video" and _is_taken(track):
        return MediaTrack(
            kind="video",
            codec=codec,
            width=track.width,
            height=track.height,
            frames_per_s=round(track.frames_per_s, 3) if track.frames_per_s else None,
            language=track.language,
        )
    if track.kind == "audio" and _is_taken(track):
        return MediaTrack(
            kind="audio",
            codec=codec,
            sample_rate=track.sample_rate,
            channels=track.channels,
            language=track.language,
        )
    return MediaTrack(kind="other", codec=codec[:32], language=track.language)
