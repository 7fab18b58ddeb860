"""Decodes segments' first pictures; a process of its own imports this, so it imports little."""

import io
import struct
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast

from libs.media.cmaf_reader import read_chunks
from libs.media.codec import AudioConfig, CodecConfigurationInvalid, VideoConfig

if TYPE_CHECKING:
    import av
    from av.video.reformatter import VideoReformatter
    from PIL.Image import Image

QUALITY = 85
SMALLER = 6
"""Pictures are compared at a sixth of their width and height, as the replaced system did."""


_DECODERS = {"avc1": "h264", "hvc1": "hevc"}
"""FFmpeg's names, by sample entry."""


class NoPicture(ValueError):
    """There is none to be seen."""


class Keyframe(NamedTuple):
    """All that is needed to decode it."""

    decoder: str
    """FFmpeg's name of it."""
    record: bytes
    data: bytes


def keyframe_of(config: VideoConfig | AudioConfig, chunks: bytes) -> Keyframe:
    """The first of a segment's picture track, as the packager wrote it. Raises `NoPicture`.

    A demuxer would first try what the stream is like, which costs twice as much as the frame.
    """
    if not isinstance(config, VideoConfig):
        raise NoPicture("It is no picture track.")
    try:
        samples = (sample for chunk in read_chunks(chunks) for sample in chunk.samples)
        data = next(sample.data for sample in samples if sample.is_sync)
    except (CodecConfigurationInvalid, StopIteration, struct.error) as error:
        raise NoPicture(f"No keyframe is found in it: {error}.") from error
    return Keyframe(_DECODERS[config.sample_entry], config.record, data)


def pictures_of(keyframes: Sequence[Keyframe]) -> list[bytes | NoPicture]:
    """Each as JPEG, or why there is none."""
    made: list[bytes | NoPicture] = []
    for keyframe in keyframes:
        try:
            made.append(_jpeg(_decode(keyframe)))
        except NoPicture as error:
            made.append(error)
    return made


def changed_percent(before: Keyframe, now: Keyframe, difference: int) -> float:
    """How many of the pixels differ by more than `difference`. Raises `NoPicture`."""
    from PIL import ImageChops

    first, second = _small(before), _small(now)
    if first.size != second.size:
        raise NoPicture("The two have other sizes.")
    counts = ImageChops.difference(first, second).histogram()
    return 100 * sum(counts[difference + 1 :]) / sum(counts)


def _jpeg(frame: "av.VideoFrame") -> bytes:
    """(Pixels of four bytes would spare PIL a copy; FFmpeg spoils their last columns.)"""
    out = io.BytesIO()
    _image(frame, "rgb24", "RGB").save(out, format="JPEG", quality=QUALITY)
    return out.getvalue()


def _small(keyframe: Keyframe) -> "Image":
    frame = _decode(keyframe)
    size = max(1, frame.width // SMALLER), max(1, frame.height // SMALLER)
    return _image(frame, "gray", "L", size)


def _image(
    frame: "av.VideoFrame", pixels: str, mode: str, size: tuple[int, int] | None = None
) -> "Image":
    """Its pixels in FFmpeg's format, which is a mode of PIL's."""
    from PIL import Image

    width, height = size or (frame.width, frame.height)
    shown = _scaler().reformat(frame, width=width, height=height, format=pixels)
    plane = shown.planes[0]
    # PyAV's own `to_image` copies line by line.
    return Image.frombuffer(mode, (width, height), bytes(plane), "raw", mode, plane.line_size, 1)


@cache
def _scaler() -> "VideoReformatter":
    """Kept: to set it up costs three times as much as a picture of 360 lines."""
    from av.video.reformatter import VideoReformatter

    return VideoReformatter()


def _decode(keyframe: Keyframe) -> "av.VideoFrame":
    """Raises `NoPicture`."""
    import av
    from av.error import FFmpegError

    try:
        made = av.CodecContext.create(keyframe.decoder, "r")
        decoder = cast("av.VideoCodecContext", made)
        decoder.extradata = keyframe.record
        decoder.thread_count = 1
        packet = av.Packet(keyframe.data)
        return next(iter([*decoder.decode(packet), *decoder.decode(None)]))
    except (FFmpegError, StopIteration) as error:
        raise NoPicture(f"No frame of it can be decoded: {error}.") from error
