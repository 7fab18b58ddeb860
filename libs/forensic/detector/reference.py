"""Pictures of our own segments, small and grey, with their times."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from libs.forensic.detector.grey import DEPTH, HEIGHT, WIDTH, Grey


@dataclass(frozen=True)
class ReferenceSegment:
    """A segment of which there are two variants. `read_a` and `read_b` give an init segment and its
    pictures, in one.
    """

    msn: int
    start_s: float
    duration_s: float
    read_a: Callable[[], bytes]
    read_b: Callable[[], bytes]


def first_picture(data: bytes, width: int, height: int) -> Grey:
    """The keyframe that a segment begins with."""
    for _, picture in _decoded(data, width, height, keyframes=True):
        return picture
    raise ValueError("A segment without pictures cannot be looked for.")


def pictures(data: bytes) -> tuple[np.ndarray[Any, Any], Grey]:
    """Times in seconds since the first picture of the segment, and the pictures, as shown."""
    found = list(_decoded(data, WIDTH, HEIGHT))
    times = np.array([at_s for at_s, _ in found])
    return times - times[0], np.stack([picture for _, picture in found])


def _decoded(
    data: bytes, width: int, height: int, *, keyframes: bool = False
) -> Iterator[tuple[float, Grey]]:
    with av.open(io.BytesIO(data), "r", format="mp4") as opened:
        stream = opened.streams.video[0]
        if keyframes:
            stream.codec_context.skip_frame = "NONKEY"
        scaler = VideoReformatter()
        for frame in opened.decode(stream):
            small = scaler.reformat(frame, width, height, "gray16le", interpolation="AREA")
            picture: Grey = small.to_ndarray().astype(np.float32) * np.float32(1 / DEPTH)
            yield float(frame.time or 0), picture
