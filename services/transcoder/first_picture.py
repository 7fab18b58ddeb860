"""Decodes a segment's first picture; a process of its own imports this, so it imports little."""

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import av
    from PIL.Image import Image

QUALITY = 85
SMALLER = 6
"""Pictures are compared at a sixth of their width and height, as the replaced system did."""


class NoPicture(ValueError):
    """There is none to be seen."""


def first_picture(data: bytes) -> bytes:
    """The first frame of a fragmented MP4 as JPEG. Raises `NoPicture`."""
    image: Image = _decode(data).to_image()  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    image.save(out, format="JPEG", quality=QUALITY)
    return out.getvalue()


def changed_percent(before: bytes, now: bytes, difference: int) -> float:
    """How many of the pixels differ by more than `difference` between the first frames of two
    fragmented MP4s. Raises `NoPicture`.
    """
    from PIL import ImageChops

    first, second = _small(before), _small(now)
    if first.size != second.size:
        raise NoPicture("The two have other sizes.")
    counts = ImageChops.difference(first, second).histogram()
    return 100 * sum(counts[difference + 1 :]) / sum(counts)


def _small(data: bytes) -> "Image":
    frame = _decode(data)
    width, height = max(1, frame.width // SMALLER), max(1, frame.height // SMALLER)
    grey = frame.reformat(width=width, height=height, format="gray")
    image: Image = grey.to_image().convert("L")  # type: ignore[no-untyped-call]
    return image


def _decode(data: bytes) -> "av.VideoFrame":
    import av
    from av.error import FFmpegError

    try:
        with av.open(io.BytesIO(data), mode="r", format="mp4") as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            stream.codec_context.skip_frame = "NONKEY"
            return next(container.decode(stream))
    except (FFmpegError, IndexError, StopIteration) as error:
        raise NoPicture(f"No frame of it can be decoded: {error}.") from error
