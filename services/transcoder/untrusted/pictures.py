"""The pictures of a chunk, in every rung: turned, deinterlaced, scaled, encoded.

Each frame keeps its time; the first of each segment is a keyframe, and no other is.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import av
from av.codec.context import Flags
from av.error import BlockingIOError as Again
from av.error import EOFError as Over
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from services.transcoder.untrusted import wire
from services.transcoder.untrusted.times import VIDEO_TIMESCALE, span_of, ticks
from services.transcoder.untrusted.variants import Patterned

BASE = Fraction(1, VIDEO_TIMESCALE)
QUALITY = 20
"""x264's, of what stands for a source that cannot be played as it is."""
LARGER = 1.45
"""A picture is scaled from one that is so much wider, rather than from the source: see `argv`."""
NEVER = 1_000_000
"""Frames between keyframes of the encoder's own choice."""
_TURNS = {90: ("transpose", "cclock"), 180: ("hflip,vflip", ""), 270: ("transpose", "clock")}
"""A frame's rotation is counter-clockwise."""

Say = Callable[[int, int, bytes, int, int], None]


class Pictures:
    def __init__(self, order: Any, say: Say) -> None:
        begin, self._end = span_of(order)
        self._zero = order["zero_90k"]
        self._is_last = order["end_pts"] is None
        self._begin = begin
        self._segments = deque(_segments(begin, order["segments_90k"], order["patterns"]))
        self._drawn = b""
        self._video = order["video"]
        self._last = begin - 1
        self._upright: _Upright | None = None
        # The largest first: smaller ones are scaled from it.
        self._rungs = sorted(
            (
                _Rung(wire.FIRST_RUNG + number, rung, order, say)
                for number, rung in enumerate(order["rungs"])
            ),
            key=lambda each: -each.width * each.height,
        )
        self.frames = 0

    def add(self, frame: VideoFrame) -> None:
        base = frame.time_base
        if frame.pts is None or base is None:
            return
        at = ticks(frame.pts, base, VIDEO_TIMESCALE)
        if at < self._begin or at <= self._last or (at >= self._end and not self._is_last):
            return
        self._last = at
        frame.pts, frame.time_base = at, BASE
        if self._video["turn"] or self._video["is_interlaced"]:
            if self._upright is None or not self._upright.fits(frame):
                self._drain()
                self._upright = _Upright(frame, self._video)
            for shown in self._upright.put(frame):
                self._show(shown)
        else:
            self._show(frame)

    def finish(self, rest: Iterable[VideoFrame]) -> None:
        for frame in rest:
            self.add(frame)
        self._drain()
        for rung in self._rungs:
            rung.finish()

    def _drain(self) -> None:
        if self._upright is not None:
            for shown in self._upright.put(None):
                self._show(shown)

    def _show(self, frame: VideoFrame) -> None:
        assert frame.pts is not None
        is_key = False
        while self._segments and frame.pts >= self._segments[0].begin:
            self._drawn, is_key = self._segments.popleft().drawn, True
        at = frame.pts - self._zero
        scaled = [frame]
        for rung in self._rungs:
            source = next((each for each in reversed(scaled) if rung.may_take(each)), frame)
            scaled.append(rung.scale(source))
            rung.encode(scaled[-1], at, self._drawn, is_key=is_key)
        self.frames += 1


class _Segment(NamedTuple):
    begin: int
    drawn: bytes
    """The pattern of its watermark; empty: it has none."""


def _segments(begin: int, durations: Sequence[int], patterns: Sequence[str]) -> Iterable[_Segment]:
    """`patterns` are in hex: of all segments, or of none."""
    for duration, drawn in zip(durations, patterns or [""] * len(durations), strict=True):
        yield _Segment(begin, bytes.fromhex(drawn))
        begin += duration


class _Rung:
    def __init__(self, track: int, rung: Any, order: Any, say: Say) -> None:
        self.width, self.height = rung["width"], rung["height"]
        self._track = track
        self._say = say
        self._settings = rung["rung"]
        self._rate = Fraction(*order["video"]["frame_rate"])
        self._preset = order["preset"]
        self._scaler = VideoReformatter()
        self._patterned = None
        if rung["variant"] is not None:
            self._patterned = Patterned(rung["variant"], width=self.width, height=self.height)
        self._encoder: VideoCodecContext | None = None

    def may_take(self, frame: VideoFrame) -> bool:
        """Whether it is scaled from that, or is of that very size, as the other variant is."""
        is_same = (frame.width, frame.height) == (self.width, self.height)
        return is_same or frame.width >= self.width * LARGER

    def scale(self, frame: VideoFrame) -> VideoFrame:
        return self._scaler.reformat(
            frame, self.width, self.height, "yuv420p", interpolation=Interpolation.BICUBIC,
            threads=1,
        )  # fmt: skip

    def encode(self, frame: VideoFrame, at: int, drawn: bytes, *, is_key: bool) -> None:
        if self._patterned is not None:
            frame = self._patterned.lay(frame, drawn)
        encoder = self._encoder or self._open(frame)
        frame.pts, frame.time_base = at, BASE
        frame.pict_type = PictureType.I if is_key else PictureType.NONE
        self._give(encoder.encode(frame))

    def finish(self) -> None:
        if self._encoder is not None:
            self._give(self._encoder.encode(None))

    def _give(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            what = wire.KEYFRAME if packet.is_keyframe else wire.FRAME
            self._say(self._track, what, bytes(packet), packet.dts, packet.pts)

    def _open(self, frame: VideoFrame) -> VideoCodecContext:
        """With the colours of what it gets, which scaling has not changed."""
        encoder = av.CodecContext.create("libx264", "w")
        assert isinstance(encoder, VideoCodecContext)
        encoder.width, encoder.height, encoder.pix_fmt = self.width, self.height, "yuv420p"
        encoder.time_base, encoder.framerate = BASE, self._rate
        encoder.gop_size, encoder.max_b_frames, encoder.thread_count = NEVER, 0, 1
        encoder.flags |= Flags.global_header
        encoder.color_primaries, encoder.color_trc = frame.color_primaries, frame.color_trc
        encoder.colorspace, encoder.color_range = frame.colorspace, frame.color_range
        options = {
            "preset": self._preset,
            "forced-idr": "1",
            # Samples are what an MP4 holds of them, and the configuration its record (14496-15).
            "x264-params": "annexb=0:scenecut=0:sync-lookahead=0",
        }
        most = self._settings["max_bitrate_bps"]
        if most:
            encoder.bit_rate = self._settings["bitrate_bps"]
            options |= {"maxrate": str(most), "bufsize": str(most)}
        else:
            options["crf"] = str(QUALITY)
        encoder.options = options
        encoder.open()
        self._encoder = encoder
        self._say(self._track, wire.CONFIGURATION, encoder.extradata or b"", 0, 0)
        return encoder


class _Upright:
    """Pictures as they are shown: turned, and whole frames of what are fields."""

    def __init__(self, frame: VideoFrame, video: Any) -> None:
        self._shape = (frame.width, frame.height, frame.format.name)
        graph = Graph()
        graph.threads = 1
        links = [
            graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format, time_base=BASE
            )
        ]
        if video["is_interlaced"]:
            links.append(graph.add("yadif", "mode=send_frame:deint=interlaced"))
        name, how = _TURNS.get(video["turn"], ("", ""))
        links += [graph.add(each, how or None) for each in filter(None, name.split(","))]
        links.append(graph.add("buffersink"))
        graph.link_nodes(*links).configure()
        self._graph = graph

    def fits(self, frame: VideoFrame) -> bool:
        return (frame.width, frame.height, frame.format.name) == self._shape

    def put(self, frame: VideoFrame | None) -> list[VideoFrame]:
        """The frames that are ready; None: nothing follows."""
        self._graph.vpush(frame)
        found: list[VideoFrame] = []
        while True:
            try:
                shown = self._graph.vpull()
            except (Again, Over):
                return found
            if shown.pts is not None and shown.time_base is not None:
                shown.pts = ticks(shown.pts, shown.time_base, VIDEO_TIMESCALE)
                shown.time_base = BASE
                found.append(shown)
