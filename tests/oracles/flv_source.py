"""Real encoded FLV for tests: a moving picture and a tone, by PyAV's x264 and AAC encoders."""

import io
import math
from array import array
from fractions import Fraction
from functools import cache

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from libs.media import amf0
from libs.media.flv import FLVReader, Tag, TagType, is_keyframe


@cache
def make_flv(
    *,
    seconds: float = 6,
    fps: Fraction = Fraction(25),
    gop: int = 50,
    b_frames: int = 0,
    size: tuple[int, int] = (160, 90),
    audio_rate: int | None = 48_000,
    video: bool = True,
) -> bytes:
    """An FLV file. `audio_rate` None: no audio; `video` False: audio only."""
    file = io.BytesIO()
    with av.open(file, "w", format="flv") as container:
        pictures = _open_video(container, fps, gop, b_frames, size) if video else None
        sound = None
        if audio_rate:
            sound = container.add_stream("aac", rate=audio_rate)
            sound.layout = "stereo"
            sound.bit_rate = 64_000
        _encode(container, pictures, sound, seconds, fps)
    return file.getvalue()


def _open_video(
    container: OutputContainer, fps: Fraction, gop: int, b_frames: int, size: tuple[int, int]
) -> VideoStream:
    stream = container.add_stream("libx264", rate=fps)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.gop_size = gop
    stream.codec_context.max_b_frames = b_frames
    stream.options = {
        "preset": "veryfast",
        "threads": "1",
        "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}",
    }
    return stream


def _encode(
    container: OutputContainer,
    pictures: VideoStream | None,
    sound: AudioStream | None,
    seconds: float,
    fps: Fraction,
) -> None:
    shown, heard = 0, 0
    rate = sound.rate if sound else 1
    while True:
        picture_at = shown / fps if pictures else Fraction(10**9)
        sound_at = Fraction(heard, rate) if sound else Fraction(10**9)
        if min(picture_at, sound_at) >= seconds:
            break
        if pictures and picture_at <= sound_at:
            container.mux(pictures.encode(_picture(pictures, shown)))
            shown += 1
        elif sound:
            container.mux(sound.encode(_tone(heard, rate)))
            heard += 1024
    for stream in (pictures, sound):
        if stream is not None:
            container.mux(stream.encode(None))


def _picture(stream: VideoStream, index: int) -> VideoFrame:
    frame = VideoFrame(stream.width, stream.height, "yuv420p")
    for number, plane in enumerate(frame.planes):
        row = bytes((x * 3 + index * (5 + number) + number * 40) & 0xFF for x in range(plane.width))
        row = row.ljust(plane.line_size, b"\0")
        plane.update(row * plane.height)
    frame.pts = index
    frame.time_base = 1 / Fraction(stream.codec_context.framerate)
    return frame


def _tone(start: int, rate: int) -> AudioFrame:
    frame = AudioFrame("fltp", "stereo", 1024)
    wave = array("f", (math.sin((start + i) * 440 * 2 * math.pi / rate) / 4 for i in range(1024)))
    for plane in frame.planes:
        plane.update(wave.tobytes())
    frame.pts = start
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    return frame


def read_tags(flv: bytes) -> list[Tag]:
    """The tags of an FLV file."""
    return FLVReader().feed(flv)


def clock_cue(session_ms: int, wall_ms: float) -> Tag:
    return Tag(TagType.SCRIPT, session_ms, amf0.encode("weir.clock", {"wall_ms": wall_ms}))


def discontinuity_cue(session_ms: int, cause: str, generation: int) -> Tag:
    fields = {"cause": cause, "generation": generation}
    return Tag(TagType.SCRIPT, session_ms, amf0.encode("weir.discontinuity", fields))


def end_cue(session_ms: int, cause: str = "publisher_ended") -> Tag:
    return Tag(TagType.SCRIPT, session_ms, amf0.encode("weir.end", {"cause": cause}))


def session_tags(
    flv: bytes, *, start_ms: int = 10_000, wall_ms: float = 1_700_000_000_000, ends: bool = True
) -> list[Tag]:
    """A file's tags as ingest hands them on: session time from `start_ms`, cues in place.

    `wall_ms` is the wall clock of the first tag. Without video the clock is cued each second.
    """
    tags = [tag for tag in read_tags(flv) if tag.type is not TagType.SCRIPT]
    has_video = any(tag.type is TagType.VIDEO for tag in tags)
    cued: list[Tag] = []
    next_cue_ms = 0
    for tag in tags:
        is_due = is_keyframe(tag) if has_video else tag.dts_ms >= next_cue_ms
        if is_due:
            cued.append(clock_cue(start_ms + tag.dts_ms, wall_ms + tag.dts_ms))
            next_cue_ms = tag.dts_ms + 1000
        cued.append(tag._replace(dts_ms=start_ms + tag.dts_ms))
    if ends:
        cued.append(end_cue(cued[-1].dts_ms))
    return cued
