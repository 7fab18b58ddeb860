"""Names that come from outside, and the few that Weir makes itself.

A name is checked before it becomes part of a path, a key or a subject.
"""

import re
import secrets

from libs.errors import Invalid

STREAM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
SESSION_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}", re.ASCII)
RENDITION = re.compile(r"[a-z0-9][a-z0-9_-]{0,34}", re.ASCII)
"""As long as a rung's longest name and what marks its variant B."""

_LOOKS_LIKE_A_VIEW = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}|[0-9]{13}-(?:[0-9]{13})?", re.ASCII)
"""Names of folders that lie beside those of renditions."""

SOURCE = "source"
"""The rendition that carries the tracks as they were published."""

MARKED = "marked"
"""The rung that is the source's picture with a stream's marks burned in."""

AAC = "aac"
"""The rung that is the source's sound as AAC, where the publisher sends another codec."""

MAX_RUNG_NAME = 32

_SOUND = "sound--"
"""How the renditions begin that are another sound of what the source shows."""

_VARIANT_B = "--b"
"""How the renditions end that hold variant B of another's pictures."""

IN_PROGRAMME = frozenset({MARKED, AAC})
"""Rungs that no player chooses: the programme is made of them."""

DEFAULT_TENANT = "default"
"""The installation's own."""

ITS_TENANT = ""
"""In asks of playback, which name no tenant: that of the stream or session that they name."""

ASSET = "asset-"
"""How the ids of assets begin, under which those of uploads are played."""

RESERVED_STREAM_IDS = frozenset(
    {
        "api", "assets", "admin", "console", "dash", "docs", "embed", "favicon", "file", "health",
        "healthcheck", "hls", "ipc-video-metadata", "login", "metrics", "oembed", "openapi",
        "overlay", "Prod", "readyz", "stat", "static", "streamdns", "time", "videostream",
        "videostreams", "vod", "watch", "createStream", "deleteStream", "describeStream", "getClip",
        "getDASHStreamingSessionURL", "getDataEndpoint", "getHLSStreamingSessionURL", "getImages",
        "getMedia", "getMediaForFragmentList", "listFragments", "listStreams", "listTagsForStream",
        "putMedia", "tagStream", "untagStream", "updateDataRetention",
    }
)  # fmt: skip
"""Stream ids that would shadow a route of the gateway (tested against its route table)."""


def variant_b(rendition: str) -> str:
    """The rendition of the same pictures with the other variant of the forensic watermark."""
    return f"{rendition}{_VARIANT_B}"


def variant_a(rendition: str) -> str:
    """The rendition that players ask for, of either variant's."""
    return rendition.removesuffix(_VARIANT_B)


def is_variant_b(rendition: str) -> bool:
    """Whether it is one that no player may ask for by its name."""
    return rendition.endswith(_VARIANT_B)


def sound(number: int) -> str:
    """The rendition that is the `number`th sound, from 1 on, beside the source's own."""
    return f"{_SOUND}{number}"


def is_sound(rendition: str) -> bool:
    """Whether it is another sound, and not a picture to choose."""
    return rendition.startswith(_SOUND)


class RungNameInvalid(Invalid):
    code = "rung_name_invalid"


def check_rung(name: str) -> str:
    """Return `name` if a rung may have it, else raise `RungNameInvalid`."""
    is_taken = name == SOURCE or is_variant_b(name) or is_sound(name)
    is_taken = is_taken or bool(_LOOKS_LIKE_A_VIEW.fullmatch(name))
    if is_taken or len(name) > MAX_RUNG_NAME or not RENDITION.fullmatch(name):
        raise RungNameInvalid(
            "A rung's name has 1 to 32 lower-case letters, digits, '_' or '-', starts with a letter"
            f" or digit, does not begin with {_SOUND!r} or end in {_VARIANT_B!r}, and is not"
            f" {SOURCE!r} nor two numbers as a session or a window has."
        )
    return name


class StreamIdInvalid(Invalid):
    code = "stream_id_invalid"


def check_stream_id(stream_id: str) -> str:
    """Return `stream_id` if it is a lawful one, else raise `StreamIdInvalid`."""
    if not STREAM_ID.fullmatch(stream_id):
        raise StreamIdInvalid(
            "A stream id has 1 to 64 letters, digits, '_' or '-' and starts with a letter or digit."
        )
    if stream_id in RESERVED_STREAM_IDS:
        raise StreamIdInvalid(f"The stream id {stream_id!r} is reserved; choose another.")
    return stream_id


def new_session_id(started_at_s: int) -> str:
    """A session id: its start in Unix seconds and 32 random bits, both in hex; sorts by start."""
    return f"{started_at_s:08x}-{secrets.token_hex(4)}"


def session_started_at_s(session_id: str) -> int:
    """The Unix second in which the session began; also its first media sequence number."""
    return int(session_id[:8], 16)
