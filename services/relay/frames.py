"""What a tag is to a push. The tests for AVC and AAC spare most tags a closer look."""

from libs.media.flv import (
    Tag,
    TagType,
    is_keyframe,
    is_sequence_header,
    parse_audio,
    parse_video,
)

_INTER = b"\x27\x01"
_SOUND = b"\xaf\x01"
_EXTENDED_VIDEO = 0x80
_EXTENDED_AUDIO = 9
_METADATA = b"\x02\x00\x0aonMetaData"


def is_configuration(tag: Tag) -> bool:
    """Whether it is a codec's sequence header. Raises `FLVInvalid`."""
    return not tag.body.startswith((_INTER, _SOUND)) and is_sequence_header(tag)


def is_frame(tag: Tag) -> bool:
    """Whether it is audio or video that is heard or seen. Raises `FLVInvalid`."""
    return tag.type is not TagType.SCRIPT and not is_configuration(tag)


def is_join(tag: Tag) -> bool:
    """Whether a picture can begin here. Raises `FLVInvalid`."""
    return tag.type is TagType.VIDEO and not tag.body.startswith(_INTER) and is_keyframe(tag)


def is_metadata(tag: Tag) -> bool:
    return tag.type is TagType.SCRIPT and tag.body.startswith(_METADATA)


def extended_codec(header: Tag) -> str | None:
    """FourCC of a sequence header that only servers with Enhanced RTMP understand."""
    first = header.body[0]
    if header.type is TagType.VIDEO:
        return parse_video(header.body).codec if first & _EXTENDED_VIDEO else None
    return parse_audio(header.body).codec if first >> 4 == _EXTENDED_AUDIO else None
