"""Script tags: the cues that ingest puts among the media, and the publisher's metadata.

A script tag's body is an AMF0 string, its name, and a value (annex E.4.4).
"""

from libs.media import amf0
from libs.media.flv import Tag

_STRING = 2
_LIES = frozenset({"hasAudio", "hasVideo", "duration", "filesize"})
"""Metadata that players believe more than the media, and that publishers get wrong."""


def script_name(tag: Tag) -> str:
    """The tag's name, read without decoding its value; "" if it has none."""
    body = tag.body
    if len(body) < 3 or body[0] != _STRING:  # noqa: PLR2004 - marker and 16-bit length
        return ""
    return body[3 : 3 + int.from_bytes(body[1:3], "big")].decode("latin-1")


def is_cue(name: str) -> bool:
    """Whether it is ingest's word to other services, which no viewer sees."""
    return name.startswith("weir.")


def next_tag_of(position: Tag) -> int:
    """The number of the tag that follows a `weir.position`."""
    _, facts = amf0.decode(position.body)
    assert isinstance(facts, dict)
    return int(facts["next_tag"])


def tidy_metadata(tag: Tag) -> Tag | None:
    """OnMetaData without what the media says better; None if it cannot be read."""
    try:
        name, facts = amf0.decode(tag.body)
    except (amf0.AMFInvalid, ValueError):
        return None
    if not isinstance(facts, dict):
        return None
    kept = {key: value for key, value in facts.items() if key not in _LIES}
    return tag._replace(body=amf0.encode(name, kept))
