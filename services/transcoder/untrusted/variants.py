"""A rung's pictures as variant A or B: the segment's pattern added to them, or taken from them.

Both have the same times, and, encoded with the same settings, the same parameter sets and keyframes
at the same places, so that any segment of one may follow any of the other.
"""

from fractions import Fraction

from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from libs.forensic import COLUMNS, LINES, Variant
from libs.forensic.pattern import GREY
from services.transcoder.untrusted.times import VIDEO_TIMESCALE

PIXELS = "yuv420p"
_BASE = Fraction(1, VIDEO_TIMESCALE)
_MODES = {"a": "grainmerge", "b": "grainextract"}
"""Of FFmpeg's `blend`: picture + pattern - 128, and picture - pattern + 128."""
_EDGE = 64
"""So much lighter or darker than grey, the enlarged pattern changes a picture by one level.

Half levels, dithered, would be noise: that costs bits and quality, and compression takes it away.
"""
_LEVELS = bytes(GREY + (at >= GREY + _EDGE) - (at <= GREY - _EDGE) for at in range(256))


class Patterned:
    """Lays patterns over pictures of one size. It is told patterns, and no secret: it works where a
    stranger's file is decoded.
    """

    def __init__(self, variant: Variant, *, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._drawn = b""
        self._pattern: VideoFrame | None = None
        self._graph = graph = Graph()
        graph.threads = 1
        shape = VideoFormat(PIXELS, width, height)
        self._sources = [
            graph.add_buffer(width=width, height=height, format=shape, time_base=_BASE)
            for _ in range(2)
        ]
        mode = _MODES[variant]
        blend = graph.add("blend", f"c0_mode={mode}:c1_mode=normal:c2_mode=normal")
        for at, source in enumerate(self._sources):
            source.link_to(blend, 0, at)
        self._sink = graph.add("buffersink")
        blend.link_to(self._sink)
        graph.configure()

    def lay(self, frame: VideoFrame, drawn: bytes) -> VideoFrame:
        """A new picture, of the same time and colours. `frame` is 4:2:0 of eight bits, its time in
        90 kHz and later than those before it; `drawn` is what `draw_pattern` makes.
        """
        if drawn != self._drawn or self._pattern is None:
            self._drawn, self._pattern = drawn, self._enlarge(drawn)
        # Of one time, or the filter would wait for the pattern's next one.
        self._pattern.pts = frame.pts
        for each, source in zip((frame, self._pattern), self._sources, strict=True):
            source.push(each)
        laid = self._sink.pull()
        assert isinstance(laid, VideoFrame)
        return laid

    def _enlarge(self, drawn: bytes) -> VideoFrame:
        """As large as the pictures; of its planes only luma counts."""
        small = VideoFrame(COLUMNS, LINES, PIXELS)
        luma = small.planes[0]
        lines = [drawn[at : at + COLUMNS] for at in range(0, len(drawn), COLUMNS)]
        luma.update(b"".join(line.ljust(luma.line_size, b"\0") for line in lines))
        large = VideoReformatter().reformat(
            small, self._width, self._height, interpolation=Interpolation.GAUSS, threads=1
        )
        luma = large.planes[0]
        luma.update(bytes(luma).translate(_LEVELS))
        return large
