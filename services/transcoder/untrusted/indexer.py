"""The process that reads an untrusted file from end to end and says where its pictures and its
sound are: `python -m services.transcoder.untrusted.indexer`.

It settles where segments and chunks begin, because all times of a long file would be too much to
tell. Its parent checks what it says.
"""

import socket
from array import array
from fractions import Fraction
from itertools import pairwise
from typing import Any

from av.codec.context import ThreadType
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from libs.target_duration import EARLY
from services.transcoder.untrusted.heard import Heard, sounds_of
from services.transcoder.untrusted.inmate import serve
from services.transcoder.untrusted.limits import MAX_PIXELS, VIDEO_CODECS
from services.transcoder.untrusted.remote import Remote, open_file
from services.transcoder.untrusted.texts import Texts
from services.transcoder.untrusted.times import VIDEO_TIMESCALE, ticks

LOOKED_AT = 24
"""Pictures that are decoded to see how they are shown."""
LONGEST_GOP = 10 * VIDEO_TIMESCALE
"""Of a source whose frames become segments as they are."""
LATE = 1.5
"""Of a segment's usual length: up to there a keyframe is preferred to its exact end."""
SLACK = VIDEO_TIMESCALE // 2
"""Sound that begins so little before the picture is left out: mostly it is the encoder's lead."""


def work(line: socket.socket, remote: Remote, container: str, order: Any) -> dict[str, Any]:
    """`order`: about how long segments and chunks are, in 90 kHz, and whether frames may become
    segments as they are.
    """
    try:
        with open_file(remote, container) as opened:
            return _index(line, opened, order)
    except MemoryError:
        return {"error": "MemoryError"}
    except (FFmpegError, ValueError, OverflowError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:200]}


def _index(line: socket.socket, opened: InputContainer, order: dict[str, Any]) -> dict[str, Any]:
    picture = _first_video(opened)
    shown = _Pictures(picture) if picture is not None else None
    sounds = {stream.index: Heard(stream) for stream in sounds_of(opened)}
    wanted: list[Stream] = [opened.streams[index] for index in sounds]
    wanted += [picture] if picture is not None else []
    if not wanted:
        return {"error": "no track that is taken"}
    texts = Texts(line, opened)
    for packet in opened.demux([*wanted, *texts.streams]):
        if packet.size == 0 or packet.pts is None:
            if shown is not None and packet.size and packet.stream is picture:
                shown.is_whole = False
            continue
        if shown is not None and packet.stream is picture:
            shown.add(packet)
        elif packet.stream_index in sounds:
            sounds[packet.stream_index].add(packet)
        else:
            texts.add(packet)
    shown = shown if shown is not None and shown.times else None
    with_frames = [each for each in sounds.values() if each.frames]
    heard = with_frames[0] if with_frames else None
    if shown is None and heard is None:
        return {"error": "no frame"}
    zero = _zero(shown, heard)
    video_end = shown.end if shown else zero
    audio_end = heard.end if heard else zero
    segment = order["segment_90k"]
    bounds = shown.bounds(zero, segment, may_copy=order["may_copy"]) if shown else [zero]
    bounds = _with_sound(bounds, video_end, audio_end, segment)
    return {
        "zero_90k": zero,
        "segments_90k": [after - before for before, after in pairwise(bounds)],
        "chunks": _chunks(bounds, shown, video_end, order["chunk_90k"]),
        "video": shown.found if shown else None,
        "audio": heard.found(bounds) if heard else None,
        "sounds": [each.found(bounds) for each in with_frames[1:]],
        "texts": texts.found,
    }


def _first_video(opened: InputContainer) -> VideoStream | None:
    for stream in opened.streams.video:
        is_picture = bool(stream.disposition & stream.disposition.attached_pic)
        if stream.codec_context.codec.canonical_name in VIDEO_CODECS and not is_picture:
            return stream
    return None


class _Pictures:
    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        assert stream.time_base is not None
        self._base: Fraction = stream.time_base
        self.times = array("q")
        """When each is shown, 90 kHz by the file's clock."""
        self._keys: list[tuple[int, int]] = []
        """The same of keyframes, with their own stamps."""
        self.is_whole = True
        """Whether each has both of its stamps."""
        self._last_dts: int | None = None
        self._left = LOOKED_AT
        self._looks: list[dict[str, Any]] = []
        context = stream.codec_context
        context.options = {"max_pixels": str(MAX_PIXELS)}
        context.thread_type, context.thread_count = ThreadType.NONE, 1

    def add(self, packet: Any) -> None:
        at = ticks(packet.pts, self._base, VIDEO_TIMESCALE)
        self.times.append(at)
        if packet.is_keyframe:
            self._keys.append((at, packet.pts))
        dts = packet.dts
        if dts is None or (self._last_dts is not None and dts <= self._last_dts):
            self.is_whole = False
        self._last_dts = dts if dts is not None else self._last_dts
        if self._left:
            self._look(packet)

    @property
    def end(self) -> int:
        last = sorted(self.times[-64:])
        step = last[-1] - last[-2] if len(last) > 1 else VIDEO_TIMESCALE // 25
        return max(self.times) + max(1, min(step, VIDEO_TIMESCALE))

    @property
    def first(self) -> int:
        """Before the first keyframe nothing can be shown."""
        return self._keys[0][0] if self._keys else min(self.times)

    @property
    def keys(self) -> list[tuple[int, int]]:
        return sorted(set(self._keys))

    @property
    def found(self) -> dict[str, Any]:
        context = self._stream.codec_context
        rate = self._stream.average_rate or self._stream.base_rate or Fraction(25)
        looks = self._looks[-1] if self._looks else {}
        gaps = [after[0] - before[0] for before, after in pairwise(self.keys)]
        gaps.append(self.end - self.keys[-1][0] if self._keys else LONGEST_GOP + 1)
        sar = self._stream.sample_aspect_ratio or context.sample_aspect_ratio or Fraction(1)
        return {
            "index": self._stream.index,
            "codec": context.codec.canonical_name,
            "pixels": context.pix_fmt,
            "extradata": (context.extradata or b"")[:4096].hex(),
            "width": looks.get("width") or context.width,
            "height": looks.get("height") or context.height,
            "pixel_aspect": [sar.numerator, sar.denominator] if sar > 0 else [1, 1],
            "frame_rate": [rate.numerator, rate.denominator],
            "turn": looks.get("turn", 0),
            "is_interlaced": any(each["is_interlaced"] for each in self._looks),
            "is_steady": self.is_whole and max(gaps) <= LONGEST_GOP,
            "frames": len(self.times),
        }

    def bounds(self, zero: int, segment: int, *, may_copy: bool) -> list[int]:
        """Where segments begin: at keyframes, and, where there is none for long, at any frame; only
        what may be copied waits for its keyframes.
        """
        times, keys = sorted(self.times), [at for at, _ in self.keys]
        is_steady = may_copy and self.found["is_steady"]
        found, of_keys, of_times = [zero], 0, 0
        while True:
            begun = found[-1]
            while of_keys < len(keys) and keys[of_keys] < begun + segment * EARLY:
                of_keys += 1
            key = keys[of_keys] if of_keys < len(keys) else None
            if key is not None and (is_steady or key <= begun + segment * LATE):
                found.append(key)
                continue
            if is_steady:
                return found
            while of_times < len(times) and times[of_times] < begun + segment:
                of_times += 1
            if of_times == len(times):
                return found
            found.append(times[of_times])

    def _look(self, packet: Any) -> None:
        self._left -= 1
        try:
            frames = packet.decode()
        except (FFmpegError, MemoryError):
            return
        self._looks += [_look_of(frame) for frame in frames]


def _look_of(frame: VideoFrame) -> dict[str, Any]:
    return {
        "width": frame.width,
        "height": frame.height,
        "is_interlaced": bool(frame.interlaced_frame),
        "turn": round(frame.rotation / 90) * 90 % 360,
    }


def _zero(shown: _Pictures | None, heard: Heard | None) -> int:
    if shown is None:
        assert heard is not None
        return max(heard.first, 0) if heard.first > -SLACK else heard.first
    if heard is None or heard.first > shown.first - SLACK:
        return shown.first
    return heard.first


def _with_sound(bounds: list[int], video_end: int, audio_end: int, segment: int) -> list[int]:
    """What the sound has after the last picture is cut evenly."""
    if audio_end - video_end > segment:
        bounds = [*bounds, video_end] if video_end > bounds[-1] else bounds
        while audio_end - bounds[-1] > segment * LATE:
            bounds.append(bounds[-1] + segment)
    return [*bounds, max(video_end, audio_end, bounds[-1] + 1)]


def _chunks(
    bounds: list[int], shown: _Pictures | None, video_end: int, chunk: int
) -> list[dict[str, Any]]:
    """Runs of segments, each from a keyframe on."""
    stamps = dict(shown.keys) if shown is not None else {}
    found: list[dict[str, Any]] = []
    begun = None
    for at in bounds[:-1]:
        may_begin = shown is None or at in stamps or at >= video_end
        if begun is None or (may_begin and at - begun >= chunk):
            begun = at
            # Pictures may begin after sound does.
            stamp = stamps.get(at, shown.keys[0][1] if shown and at < video_end else None)
            found.append({"segments": 0, "seek_pts": stamp})
        found[-1]["segments"] += 1
    return found


if __name__ == "__main__":
    serve(work)
