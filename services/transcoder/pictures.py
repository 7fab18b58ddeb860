"""The pictures of a rung as ffmpeg writes them, as tags in its own time."""

from typing import Protocol

from libs.media.flv import FLVReader, Tag, TagType
from libs.media.hevc import complete_record
from libs.media.matroska import Event, MatroskaFrame, MatroskaReader, Tracks

_HEVC_HEADER, _HEVC_KEY, _HEVC_INTER = b"\x90hvc1", b"\x93hvc1", b"\xa3hvc1"
"""Of Enhanced RTMP: configuration; frames that are shown when they are decoded (CodedFramesX)."""
_MATROSKA_HEVC = "V_MPEGH/ISO/HEVC"


class Pictures(Protocol):
    """One rung's."""

    def feed(self, data: bytes) -> list[Tag]:
        """Those that `data` completes, and configurations, in their order."""


class FLVPictures:
    """Of H.264."""

    def __init__(self) -> None:
        self._reader = FLVReader()

    def feed(self, data: bytes) -> list[Tag]:
        return [tag for tag in self._reader.feed(data) if tag.type is TagType.VIDEO]


class MatroskaPictures:
    """Of H.265, which FFmpeg before 6.1 cannot write as FLV. No frame is shown out of order."""

    def __init__(self) -> None:
        self._reader = MatroskaReader()

    def feed(self, data: bytes) -> list[Tag]:
        """Raises `MatroskaInvalid`, `CodecConfigurationInvalid`."""
        return [tag for event in self._reader.feed(data) for tag in _tags(event)]


def _tags(event: Event) -> list[Tag]:
    match event:
        case Tracks(tracks=tracks):
            records = [each.private for each in tracks if each.codec == _MATROSKA_HEVC]
            return [Tag(TagType.VIDEO, 0, _HEVC_HEADER + complete_record(each)) for each in records]
        case MatroskaFrame():
            head = _HEVC_KEY if event.is_keyframe else _HEVC_INTER
            return [Tag(TagType.VIDEO, event.pts_ms, head + event.data)]
        case _:
            return []
