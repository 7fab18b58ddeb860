"""Real encoded H.265 for tests, by PyAV's x265 and MP4 muxer: none of our own code makes it."""

import io
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import av
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

FPS = 25


class HEVCFrame(NamedTuple):
    pts_ms: int
    is_keyframe: bool
    data: bytes
    """NAL units, each behind its length in four bytes."""


class HEVC(NamedTuple):
    record: bytes
    """`hvcC`."""
    frames: list[HEVCFrame]


@cache
def make_hevc(*, seconds: float = 2, gop: int = 50, size: tuple[int, int] = (160, 90)) -> HEVC:
    """A moving picture at 25/s, no frame out of order."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx265", rate=Fraction(FPS))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.codec_tag = "hvc1"
        stream.options = {
            "preset": "ultrafast",
            "x265-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:open-gop=0"
            ":frame-threads=1:pools=1:log-level=error",
        }
        for number in range(round(seconds * FPS)):
            frame = VideoFrame(*size, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes((number * 3 + at) % 256 for at in range(plane.buffer_size)))
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as container:
        video = container.streams.video[0]
        record = bytes(video.codec_context.extradata or b"")
        frames = [
            HEVCFrame(round(1000 * each.pts * each.time_base), each.is_keyframe, bytes(each))
            for each in container.demux(video)
            if each.size and each.pts is not None and each.time_base is not None
        ]
    return HEVC(record, frames)
