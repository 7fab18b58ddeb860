"""A publisher's bytes, built before the run: what a row sends costs the loader one `send` a tag."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from libs.media.flv import (
    FLVReader,
    PacketKind,
    Tag,
    TagType,
    is_keyframe,
    is_sequence_header,
    parse_audio,
    parse_video,
    write_tag,
)
from libs.rtmp.chunks import write_message
from libs.rtmp.messages import STREAM_ID, published

HEADER_BYTES = 15
"""What FLV adds to a tag's body: its header and the size behind it (annex E.4.1)."""


class Frame(NamedTuple):
    at_s: float
    """When it is sent, from the replay's beginning."""
    rtmp: bytes
    flv: bytes
    digest: int
    is_keyframe: bool
    is_video: bool

    @property
    def body(self) -> bytes:
        """The tag's body: its header is 11 bytes, the size behind it 4."""
        return self.flv[11:-4]

    @property
    def body_bytes(self) -> int:
        return len(self.flv) - HEADER_BYTES


class Replay(NamedTuple):
    opening_rtmp: bytes
    """Metadata and sequence headers, which go out before the first frame."""
    opening_flv: bytes
    frames: list[Frame]

    @property
    def duration_s(self) -> float:
        return self.frames[-1].at_s


def digest_of(body: bytes) -> int:
    """Names a frame; short, as it is compared with one other only."""
    return int.from_bytes(hashlib.blake2b(body, digest_size=8).digest())


@lru_cache(maxsize=4)
def load(path: Path, *, loops: int = 1) -> Replay:
    """The file's tags `loops` times, with timestamps that go on."""
    tags = FLVReader().feed(path.read_bytes())
    opening = [tag for tag in tags if tag.type is TagType.SCRIPT or is_sequence_header(tag)]
    media = [tag for tag in tags if _is_frame(tag)]
    # One frame of the longest track after the last: the next loop begins there.
    period_ms = 1000 * round(max(tag.dts_ms for tag in media) / 1000)
    frames = []
    for loop in range(loops):
        for tag in media:
            moved = tag._replace(dts_ms=tag.dts_ms + loop * period_ms)
            frames.append(_frame(moved))
    return Replay(
        b"".join(map(_rtmp, opening)),
        b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00" + b"".join(map(write_tag, opening)),
        frames,
    )


def _is_frame(tag: Tag) -> bool:
    """The file's last video tag is none: it says that the sequence ends, and the replay goes on."""
    if tag.type is TagType.VIDEO:
        return parse_video(tag.body).kind is PacketKind.FRAMES
    return tag.type is TagType.AUDIO and parse_audio(tag.body).kind is PacketKind.FRAMES


def _frame(tag: Tag) -> Frame:
    return Frame(
        at_s=tag.dts_ms / 1000,
        rtmp=_rtmp(tag),
        flv=write_tag(tag),
        digest=digest_of(tag.body),
        is_keyframe=is_keyframe(tag),
        is_video=tag.type is TagType.VIDEO,
    )


def _rtmp(tag: Tag) -> bytes:
    message, channel_id = published(tag, STREAM_ID)
    return write_message(message, channel_id=channel_id)
