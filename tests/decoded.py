"""Decoded pictures, and how far they are from each other."""

import io

import av
from PIL import Image, ImageChops, ImageStat

from tests.time_code import BLOCKS, blocks_of


def frames_of(media: bytes, container: str) -> dict[int | None, Image.Image]:
    """By when they are shown, in ticks of 90 kHz."""
    with av.open(io.BytesIO(media), "r", format=container) as source:
        frames = source.decode(video=0)
        return {frame.pts: frame.to_image() for frame in frames}  # type: ignore[no-untyped-call]


def apart(one: Image.Image, other: Image.Image, where: Image.Image | None = None) -> float:
    """On average, of 255; `where` says which pixels count."""
    means: list[float] = ImageStat.Stat(ImageChops.difference(one, other), where).mean
    return sum(means) / len(means)


def time_shown(picture: Image.Image) -> int | None:
    """The time that the test picture tells, as `time_code` has it; None: it tells none."""
    block = picture.width / BLOCKS
    grey = picture.convert("L")
    bits = [
        int(bool(grey.getpixel((int(block * (index + 0.5)), 40)) > 127))  # type: ignore[operator]
        for index in range(BLOCKS)
    ]
    time = int("".join(map(str, bits[4:-1])), 2)
    return time if bits == blocks_of(time) else None
