"""Cues: the script tags in which ingest tells its readers about the tags behind them.

A cue is numbered like any tag and stands just before what it describes. `weir.position` is the
exception: it ends the prologue of a pull and has no number.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from libs.media import amf0
from libs.media.flv import Tag, TagType

_STRING = 0x02
_PREFIX = b"weir."


def clock_cue(session_ms: int, wall_ms: float) -> Tag:
    """The next tag's session time is the wall clock's `wall_ms` (Unix ms)."""
    return _cue(session_ms, "weir.clock", {"wall_ms": wall_ms})


def discontinuity_cue(session_ms: int, cause: str, generation: int) -> Tag:
    """A new timeline or configuration begins."""
    fields = {"cause": cause, "generation": generation}
    return _cue(session_ms, "weir.discontinuity", fields)


def end_cue(session_ms: int, cause: str) -> Tag:
    """The last tag of a session."""
    return _cue(session_ms, "weir.end", {"cause": cause})


def ladder_cue(session_ms: int, rungs: Iterable[str]) -> Tag:
    """From now on the session has these rungs; each has a log of its own."""
    return _cue(session_ms, "weir.ladder", {"rungs": ",".join(rungs)})


def rung_cue(session_ms: int, *, epoch: int, take: int) -> Tag:
    """The tags behind it come from another process; they begin with a keyframe at `session_ms`."""
    return _cue(session_ms, "weir.rung", {"epoch": epoch, "take": take, "at_ms": session_ms})


def position_cue(session_ms: int, fields: Mapping[str, Any]) -> Tag:
    """Every tag from here on counts one, the next being `next_tag`."""
    return _cue(session_ms, "weir.position", fields)


def is_cue(tag: Tag) -> bool:
    return tag.type is TagType.SCRIPT and tag.body[3:8] == _PREFIX


def is_readable(tag: Tag) -> bool:
    """Whether a script tag begins with a name, as every one must (FLV annex E.4.4.1)."""
    return tag.body[:1] == bytes((_STRING,))


def _cue(session_ms: int, name: str, fields: Mapping[str, Any]) -> Tag:
    return Tag(TagType.SCRIPT, session_ms, amf0.encode(name, dict(fields)))
