"""FLV tags: the shape in which media travels inside Weir.

Source: Adobe Flash Video File Format Specification 10.1, annex E; Enhanced RTMP v2 for the
extended headers.
"""

from enum import IntEnum
from typing import NamedTuple

FLV_HEADER = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
"""File header (audio and video) and the first PreviousTagSize (annex E.2, E.3)."""

TAG_HEADER_BYTES = 11
MAX_TAG_BYTES = 0xFFFFFF


class TagType(IntEnum):
    AUDIO = 8
    VIDEO = 9
    SCRIPT = 18


class Tag(NamedTuple):
    """One FLV tag. `dts_ms` is the FLV timestamp: publisher time before the session clock, session
    time after it. `body` is the tag's data without its header.
    """

    type: TagType
    dts_ms: int
    body: bytes
