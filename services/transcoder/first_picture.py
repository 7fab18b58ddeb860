"""Decodes a segment's first picture; a process of its own imports this, so it imports little."""

import io
from typing import TYPE_CHECKING, NamedTuple, cast

from libs.media.cmaf_reader import read_chunks, read_configuration
from libs.media.codec import CodecConfigurationInvalid, CodecUnsupported, VideoConfig

if TYPE_CHECKING:
    import av
    from PIL.Image import Image

QUALITY = 85
SMALLER = 6
"""Pictures are compared at a sixth of their width and height, as the replaced system did."""


_DECODERS = {"avc1": "h264", "hvc1": "hevc"}
"""FFmpeg's names, by sample entry."""


class NoPicture(ValueError):
    """There is none to be seen."""


class Footage(NamedTuple):
    """A segment's picture track, as the packager wrote it."""

    init: bytes
    chunks: bytes


def first_picture(footage: Footage) -> bytes:
    """Its first keyframe as JPEG. Raises `NoPicture`."""
    out = io.BytesIO()
    _image(_decode(footage), "rgb24", "RGB").save(out, format="JPEG", quality=QUALITY)
    return out.getvalue()


def changed_percent(before: Footage, now: Footage, difference: int) -> float:
    """How many of the pixels differ by more than `difference` between the first keyframes of two.
    Raises `NoPicture`.
    """
    from PIL import ImageChops

    first, second = _small(before), _small(now)
    if first.size != second.size:
        raise NoPicture("The two have other sizes.")
    counts = ImageChops.difference(first, second).histogram()
    return 100 * sum(counts[difference + 1 :]) / sum(counts)


def _small(footage: Footage) -> "Image":
    frame = _decode(footage)
    size = max(1, frame.width // SMALLER), max(1, frame.height // SMALLER)
    return _image(frame, "gray", "L", size)


def _image(
    frame: "av.VideoFrame", pixels: str, mode: str, size: tuple[int, int] | None = None
) -> "Image":
    """Its pixels in FFmpeg's format, which is a mode of PIL's."""
    from PIL import Image

    width, height = size or (frame.width, frame.height)
    shown = frame.reformat(width=width, height=height, format=pixels)
    plane = shown.planes[0]
    # PyAV's own `to_image` copies line by line.
    return Image.frombuffer(mode, (width, height), bytes(plane), "raw", mode, plane.line_size, 1)


def _decode(footage: Footage) -> "av.VideoFrame":
    """A demuxer would first try what the stream is like, which costs twice as much as the frame."""
    import av
    from av.error import FFmpegError

    try:
        config = read_configuration(footage.init)
        if not isinstance(config, VideoConfig):
            raise NoPicture("It is no picture track.")
        made = av.CodecContext.create(_DECODERS[config.sample_entry], "r")
        decoder = cast("av.VideoCodecContext", made)
        decoder.extradata = config.record
        decoder.thread_count = 1
        packet = av.Packet(_keyframe(footage.chunks))
        return next(iter([*decoder.decode(packet), *decoder.decode(None)]))
    except (CodecConfigurationInvalid, CodecUnsupported, FFmpegError, StopIteration) as error:
        raise NoPicture(f"No frame of it can be decoded: {error}.") from error


def _keyframe(chunks: bytes) -> bytes:
    """Raises `CodecConfigurationInvalid`, `StopIteration`."""
    samples = (sample for chunk in read_chunks(chunks) for sample in chunk.samples)
    return next(sample.data for sample in samples if sample.is_sync)
