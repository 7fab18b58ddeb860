"""Tags as ingest numbers them: session time begins at 10 s."""

from libs.media import amf0
from libs.media.flv import Tag, TagType

START_MS = 10_000
VIDEO_CONFIG = Tag(TagType.VIDEO, START_MS, b"\x17\x00\x00\x00\x00config")
AUDIO_CONFIG = Tag(TagType.AUDIO, START_MS, b"\xaf\x00config")
METADATA = Tag(TagType.SCRIPT, START_MS, amf0.encode("onMetaData", {"width": 160.0}))
FRAME_MS = 40


def key(at_ms: int, size: int = 100) -> Tag:
    """A keyframe, `at_ms` after the session's start."""
    return Tag(TagType.VIDEO, START_MS + at_ms, b"\x17\x01\x00\x00\x00" + bytes(size))


def inter(at_ms: int, size: int = 100) -> Tag:
    return Tag(TagType.VIDEO, START_MS + at_ms, b"\x27\x01\x00\x00\x00" + bytes(size))


def sound(at_ms: int) -> Tag:
    return Tag(TagType.AUDIO, START_MS + at_ms, b"\xaf\x01sound")


def cue(name: str, at_ms: int = 0, **fields: object) -> Tag:
    return Tag(TagType.SCRIPT, START_MS + at_ms, amf0.encode(f"weir.{name}", fields))


def pictures(first_ms: int, count: int, *, gop: int = 25) -> list[Tag]:
    """Groups of pictures from `first_ms` on, 25 a second."""
    return [
        (inter if number % gop else key)(first_ms + number * FRAME_MS) for number in range(count)
    ]
