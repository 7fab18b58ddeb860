"""Ingest's marks: script tags that stand just before what they describe."""

from dataclasses import dataclass
from typing import Any

from libs.media import amf0
from libs.media.flv import Tag, TagType


@dataclass(frozen=True)
class ClockMark:
    """Session time `session_ms` is the wall clock's `wall_ms` (Unix)."""

    session_ms: int
    wall_ms: float


@dataclass(frozen=True)
class DiscontinuityMark:
    cause: str
    generation: int


@dataclass(frozen=True)
class EndMark:
    cause: str


@dataclass(frozen=True)
class PositionMark:
    """Ends the prologue of a pull; `next_tag` numbers the tag behind it."""

    next_tag: int
    generation: int
    discontinuities: int
    """Of the session, before that tag."""
    gap_cause: str | None = None
    """Why `next_tag` is not the tag that was asked for."""


Mark = ClockMark | DiscontinuityMark | EndMark | PositionMark


def is_mark(tag: Tag) -> bool:
    """Whether it is ingest's word to other services: nobody outside sees it."""
    return tag.type is TagType.SCRIPT and tag.body.startswith(b"\x02") and tag.body[3:8] == b"weir."


def read_mark(tag: Tag) -> Mark | None:
    """The mark in a script tag, or None for any other script (onMetaData…)."""
    if not is_mark(tag):
        return None
    match amf0.decode(tag.body):
        case [str() as name, dict() as fields, *_]:
            return _build(name, fields, tag.dts_ms)
        case _:
            return None


def _build(name: str, fields: dict[str, Any], session_ms: int) -> Mark | None:
    match name:
        case "weir.clock":
            return ClockMark(session_ms, float(fields["wall_ms"]))
        case "weir.discontinuity":
            return DiscontinuityMark(str(fields["cause"]), int(fields["generation"]))
        case "weir.end":
            return EndMark(str(fields["cause"]))
        case "weir.position":
            return PositionMark(
                next_tag=int(fields["next_tag"]),
                generation=int(fields["generation"]),
                discontinuities=int(fields["discontinuities"]),
                gap_cause=fields.get("gap_cause"),
            )
        case _:
            return None
