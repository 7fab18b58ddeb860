"""A rung's pictures as variant A or B: the segment's pattern added to them, or taken from them.

Both have the same times, and, encoded with the same settings, the same parameter sets and keyframes
at the same places, so that any segment of one may follow any of the other.
"""

import struct
from fractions import Fraction

from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from libs.forensic import COLUMNS, LINES, Variant
from libs.forensic.pattern import MIDDLE

NO_COLOUR = 512
PIXELS, FINE = "yuv420p", "yuv420p10le"
_TICK = Fraction(1, 1000)
_MODES = {"a": "grainmerge", "b": "grainextract"}
"""Of FFmpeg's `blend`: picture + pattern - 128, and picture - pattern + 128."""


class Patterned:
    """Lays patterns over pictures of one size. It is told patterns, and no secret: it works where a
    stranger's file is decoded.
    """

    def __init__(self, variant: Variant, *, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._drawn = b""
        self._pattern: VideoFrame | None = None
        self._shown = 0
        self._graph = self._open(_MODES[variant])

    def lay(self, frame: VideoFrame, drawn: bytes) -> VideoFrame:
        """A new picture, of the same time and colours. `frame` is 4:2:0 of eight bits, `drawn` what
        `draw_pattern` makes.
        """
        if drawn != self._drawn or self._pattern is None:
            self._drawn, self._pattern = drawn, self._enlarge(drawn)
        # Both inputs are told the same time, or the filter would wait for the pattern's next one.
        pts, base = frame.pts, frame.time_base
        self._shown += 1
        for each, source in zip((frame, self._pattern), self._sources, strict=True):
            each.pts, each.time_base = self._shown, _TICK
            source.push(each)
        frame.pts, frame.time_base = pts, base
        laid = self._sink.pull()
        assert isinstance(laid, VideoFrame)
        laid.pts, laid.time_base = pts, base
        laid.color_primaries, laid.color_trc = frame.color_primaries, frame.color_trc
        laid.colorspace, laid.color_range = frame.colorspace, frame.color_range
        return laid

    def _enlarge(self, drawn: bytes) -> VideoFrame:
        """As large as the pictures, smooth from the middle of a patch to that of the next."""
        small = VideoFrame(COLUMNS, LINES, FINE)
        # Of ten bits, around the middle of those: what eight cannot say is dithered.
        values = struct.pack(f"<{len(drawn)}H", *(NO_COLOUR - MIDDLE + each for each in drawn))
        luma, *chroma = small.planes
        lines = [values[at : at + 2 * COLUMNS] for at in range(0, len(values), 2 * COLUMNS)]
        luma.update(b"".join(line.ljust(luma.line_size, b"\0") for line in lines))
        for plane in chroma:
            plane.update(struct.pack("<H", NO_COLOUR) * (plane.buffer_size // 2))
        return VideoReformatter().reformat(
            small, self._width, self._height, PIXELS, interpolation=Interpolation.GAUSS, threads=1
        )

    def _open(self, mode: str) -> Graph:
        graph = Graph()
        graph.threads = 1
        size = self._width, self._height
        shape = VideoFormat(PIXELS, *size)
        self._sources = [
            graph.add_buffer(width=size[0], height=size[1], format=shape, time_base=_TICK)
            for _ in range(2)
        ]
        blend = graph.add("blend", f"c0_mode={mode}:c1_mode=normal:c2_mode=normal")
        self._sink = graph.add("buffersink")
        for at, source in enumerate(self._sources):
            source.link_to(blend, 0, at)
        blend.link_to(self._sink)
        graph.configure()
        return graph
