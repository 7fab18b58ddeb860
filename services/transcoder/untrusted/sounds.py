"""The sound of a chunk: as it is, or made AAC.

Frames lie on a grid that is the same for all chunks, so that what two processes have made joins:
frame n begins n times its length after the source's beginning. What is encoded begins some frames
before the chunk, as the first ones of an encoder lack what was before them; they are left out.
Several sounds of a file are all as long as the picture: what one of them lacks is silence.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.context import Flags, ThreadType
from av.error import BlockingIOError as Again
from av.error import EOFError as Over
from av.error import FFmpegError
from av.filter import Graph

from services.transcoder.untrusted import wire
from services.transcoder.untrusted.times import VIDEO_TIMESCALE, of_90k, span_of, ticks

RATE, FRAME_SAMPLES, BITRATE_BPS = 48_000, 1024, 128_000
LEAD = 3
"""Frames that are encoded before the chunk's first."""

Say = Callable[[int, int, bytes, int, int], None]


class CopiedSound:
    def __init__(self, stream: AudioStream, sound: Any, track: int, order: Any, say: Say) -> None:
        self._track = track
        self._begin, self._end = span_of(order)
        self._say = say
        # Of spectral band replication, frames are counted by the rate of the core coder.
        frame = stream.codec_context.frame_size or FRAME_SAMPLES
        self._frame = FRAME_SAMPLES if frame == 2 * FRAME_SAMPLES else frame
        self._rate = stream.codec_context.sample_rate * self._frame // frame
        self._zero = of_90k(order["zero_90k"], self._rate)
        assert stream.time_base is not None
        self._first = ticks(sound["first_pts"], stream.time_base, self._rate)
        self._next = 0
        say(track, wire.CONFIGURATION, stream.codec_context.extradata or b"", 0, 0)

    def add(self, packet: Any) -> bool:
        """Whether the chunk has all of its sound."""
        if packet.pts is None:
            return False
        since = ticks(packet.pts, packet.time_base, self._rate) - self._first
        whole = round(since / self._frame) * self._frame
        # Stamps in milliseconds are a little off.
        at = self._first + (whole if abs(whole - since) < self._frame // 4 else since) - self._zero
        if at < self._next:
            return False
        time = (at + self._zero) * VIDEO_TIMESCALE // self._rate
        if time >= self._end:
            return True
        if time >= self._begin:
            self._next = at + self._frame // 2
            self._say(self._track, wire.KEYFRAME, bytes(packet), at, at)
        return False

    def finish(self) -> None:
        """What comes is given out at once."""


class MadeSound:
    def __init__(self, stream: AudioStream, _: Any, track: int, order: Any, say: Say) -> None:
        self._track = track
        self._is_filled = bool(order["sounds"])
        begin, end = span_of(order)
        zero = order["zero_90k"]
        self._say = say
        self._context = stream.codec_context
        self._context.thread_type, self._context.thread_count = ThreadType.NONE, 1
        self._base = stream.time_base
        self._zero = of_90k(zero, RATE)
        since = [of_90k(each - zero, RATE) for each in (begin, end)]
        self._first, self._end = (-(-each // FRAME_SAMPLES) for each in since)
        """Frames of the grid that begin in the chunk."""
        self._from = (self._first - LEAD) * FRAME_SAMPLES
        self._until = (self._end + 1) * FRAME_SAMPLES
        self._graph: Graph | None = None
        self._is_fed = False
        self._encoder = encoder = av.CodecContext.create("aac", "w")
        assert isinstance(encoder, AudioCodecContext)
        encoder.sample_rate, encoder.layout, encoder.format = RATE, "stereo", "fltp"
        encoder.time_base, encoder.bit_rate = Fraction(1, RATE), BITRATE_BPS
        encoder.flags |= Flags.global_header
        encoder.open()
        say(track, wire.CONFIGURATION, encoder.extradata or b"", 0, 0)

    def add(self, packet: Any) -> bool:
        """Whether the chunk has all of its sound."""
        if packet.pts is None:
            return False
        at = ticks(packet.pts, packet.time_base, RATE) - self._zero
        if at < self._from - RATE // 2:
            return False
        try:
            for frame in self._context.decode(packet):
                self._put(frame)
        except MemoryError:
            raise
        except FFmpegError:
            return False  # left out; what is missing is silence
        return at > self._until

    def finish(self) -> None:
        try:
            for frame in self._context.decode(None):
                self._put(frame)
        except FFmpegError:
            pass
        if self._graph is None and self._is_filled:
            self._put(self._silence())
        if self._graph is not None:
            self._graph.push(None)
            self._pull()
        if self._is_fed:
            self._give(self._encoder.encode(None))

    def _put(self, frame: AudioFrame) -> None:
        base = frame.time_base or self._base  # the last ones have none
        if frame.pts is None or base is None:
            return
        if self._graph is None:
            self._graph = self._resampler(frame)
        frame.pts = ticks(frame.pts, base, RATE) - self._zero
        frame.time_base = Fraction(1, RATE)
        self._graph.push(frame)
        self._pull()

    def _silence(self) -> AudioFrame:
        frame = AudioFrame("fltp", "stereo", FRAME_SAMPLES)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = self._zero + self._from
        return frame

    def _resampler(self, frame: AudioFrame) -> Graph:
        """Holes become silence, and the first frame begins on the grid."""
        graph = Graph()
        graph.threads = 1
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout,
            time_base=Fraction(1, RATE),
        )  # fmt: skip
        even = graph.add("aresample", f"{RATE}:async=1:min_hard_comp=0.02:first_pts={self._from}")
        shaped = graph.add(
            "aformat", f"sample_fmts=fltp:channel_layouts=stereo:sample_rates={RATE}"
        )
        framed = graph.add("asetnsamples", f"n={FRAME_SAMPLES}:p=1")
        links = [source, even, shaped, framed, graph.add("abuffersink")]
        if self._is_filled:
            links.insert(3, graph.add("apad", f"whole_len={self._until - self._from}"))
        graph.link_nodes(*links).configure()
        return graph

    def _pull(self) -> None:
        assert self._graph is not None
        while True:
            try:
                frame = self._graph.pull()
            except (Again, Over):
                return
            assert isinstance(frame, AudioFrame)
            if frame.pts is not None and frame.pts < self._until + FRAME_SAMPLES:
                self._is_fed = True
                self._give(self._encoder.encode(frame))

    def _give(self, packets: Any) -> None:
        for packet in packets:
            number, off = divmod(packet.pts, FRAME_SAMPLES)
            assert not off
            if self._first <= number < self._end and number >= 0:
                at = number * FRAME_SAMPLES
                self._say(self._track, wire.KEYFRAME, bytes(packet), at, at)
