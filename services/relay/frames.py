"""What a tag is to a push. The tests for AVC and AAC spare most tags a closer look."""

from libs.media.flv import Tag, TagType, is_keyframe, is_sequence_header

_INTER = b"\x27\x01"
_SOUND = b"\xaf\x01"
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
