"""The sounds of an untrusted file, as the indexer finds them."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer

from services.transcoder.untrusted.limits import AUDIO_CODECS, MAX_SOUNDS
from services.transcoder.untrusted.times import VIDEO_TIMESCALE, ticks

HOLE = VIDEO_TIMESCALE // 5
"""Between the ends of two frames; containers that round their times come nowhere near it."""


class Heard:
    """One of them."""

    def __init__(self, stream: AudioStream) -> None:
        self._stream = stream
        assert stream.time_base is not None
        self._base: Fraction = stream.time_base
        self.first = self._first_pts = self._last = self.frames = 0
        self._duration = 0
        self._has_hole = False

    def add(self, packet: Any) -> None:
        at = ticks(packet.pts, self._base, VIDEO_TIMESCALE)
        if not self.frames or at < self.first:
            self.first, self._first_pts = at, packet.pts
        if self.frames and at > self.end + HOLE:
            self._has_hole = True
        self.frames += 1
        if self.frames == 1 or at >= self._last:
            self._last = at
            self._duration = ticks(packet.duration or 0, self._base, VIDEO_TIMESCALE)

    @property
    def end(self) -> int:
        return self._last + max(1, min(self._duration, VIDEO_TIMESCALE))

    def found(self, bounds: Sequence[int]) -> dict[str, Any]:
        """`bounds`: of segments, each of which whoever is whole has a frame of."""
        context, said = self._stream.codec_context, self._stream.metadata
        is_whole = not self._has_hole and self.first < bounds[1] and self._last >= bounds[-2]
        return {
            "index": self._stream.index,
            "codec": context.codec.canonical_name,
            "extradata": (context.extradata or b"")[:4096].hex(),
            "first_pts": self._first_pts,
            "is_whole": is_whole,
            "language": str(said.get("language", ""))[:64],
            "title": str(said.get("title") or said.get("name") or "")[:256],
        }


def sounds_of(opened: InputContainer) -> list[AudioStream]:
    """Those that are taken; the first is the one that the file calls the default."""
    found = [
        stream
        for stream in opened.streams.audio
        if stream.codec_context.codec.canonical_name in AUDIO_CODECS
    ]
    default = [each for each in found if each.disposition & each.disposition.default][:1]
    return [*default, *(each for each in found if each not in default)][:MAX_SOUNDS]
