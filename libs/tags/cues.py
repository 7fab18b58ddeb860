"""Ingest's cues: script tags that stand just before what they describe."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from libs.media import amf0
from libs.media.flv import Tag, TagType


@dataclass(frozen=True)
class ClockCue:
    """Session time `session_ms` is the wall clock's `wall_ms` (Unix)."""

    session_ms: int
    wall_ms: float


@dataclass(frozen=True)
class DiscontinuityCue:
    cause: str
    generation: int


@dataclass(frozen=True)
class EndCue:
    cause: str


@dataclass(frozen=True)
class LadderCue:
    """From here on the session has these rungs; each has a log of its own."""

    rungs: tuple[str, ...]


@dataclass(frozen=True)
class RungCue:
    """In a rung's log: what follows comes from another process, from the keyframe at `at_ms` on."""

    epoch: int
    take: int
    at_ms: int


@dataclass(frozen=True)
class RungEndCue:
    """In a rung's log: nobody feeds it now. After `session_ended` nothing follows."""

    cause: str


@dataclass(frozen=True)
class PositionCue:
    """Ends the prologue of a pull; `next_tag` numbers the tag behind it."""

    next_tag: int
    generation: int
    discontinuities: int
    """Of the session, before that tag."""
    gap_cause: str | None = None
    """Why `next_tag` is not the tag that was asked for."""
    rungs: tuple[str, ...] = ()
    """Those that the session has now."""
    session_ms: int = 0
    """Time of the newest tag of the log that is pulled."""


Cue = ClockCue | DiscontinuityCue | EndCue | PositionCue | LadderCue | RungCue | RungEndCue


def is_cue(tag: Tag) -> bool:
    """Whether it is ingest's word to other services: nobody outside sees it."""
    return tag.type is TagType.SCRIPT and tag.body.startswith(b"\x02") and tag.body[3:8] == b"weir."


def read_cue(tag: Tag) -> Cue | None:
    """The cue in a script tag, or None for any other script (onMetaData…)."""
    if not is_cue(tag):
        return None
    match amf0.decode(tag.body):
        case [str() as name, dict() as fields, *_]:
            return _build(name, fields, tag.dts_ms)
        case _:
            return None


def rung_end_cue(session_ms: int, cause: str) -> Tag:
    """A rung's process is gone and has no successor yet; or, in its own words, why it goes."""
    return Tag(TagType.SCRIPT, session_ms, amf0.encode("weir.rung_end", {"cause": cause}))


def _build(name: str, fields: dict[str, Any], session_ms: int) -> Cue | None:
    build = _BUILDERS.get(name)
    return None if build is None else build(fields, session_ms)


def _position(fields: dict[str, Any], _: int) -> PositionCue:
    return PositionCue(
        next_tag=int(fields["next_tag"]),
        generation=int(fields["generation"]),
        discontinuities=int(fields["discontinuities"]),
        gap_cause=fields.get("gap_cause"),
        rungs=_names(fields.get("rungs", "")),
        session_ms=int(fields.get("session_ms", 0)),
    )


def _names(joined: str) -> tuple[str, ...]:
    return tuple(name for name in joined.split(",") if name)


_BUILDERS: dict[str, Callable[[dict[str, Any], int], Cue]] = {
    "weir.clock": lambda fields, at_ms: ClockCue(at_ms, float(fields["wall_ms"])),
    "weir.discontinuity": lambda fields, _: DiscontinuityCue(
        str(fields["cause"]), int(fields["generation"])
    ),
    "weir.end": lambda fields, _: EndCue(str(fields["cause"])),
    "weir.position": _position,
    "weir.ladder": lambda fields, _: LadderCue(_names(fields["rungs"])),
    "weir.rung": lambda fields, _: RungCue(
        int(fields["epoch"]), int(fields["take"]), int(fields["at_ms"])
    ),
    "weir.rung_end": lambda fields, _: RungEndCue(str(fields["cause"])),
}
