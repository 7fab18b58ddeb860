"""Delivery directives: what a player's query asks of a media playlist (RFC 8216bis, 6.2.5)."""

import re
from typing import NamedTuple

from services.gateway.errors import ReloadWrong

_DIRECTIVE = re.compile(rb"(?:^|&)_HLS_(msn|part|skip)=([^&]*)")
_NUMBER = re.compile(rb"[0-9]{1,10}", re.ASCII)
_MAX_PART = 10_000


class Position(NamedTuple):
    """What a playlist lacks next, as the packager says it; positions only rise."""

    msn: int
    part: int
    parts_before: int
    """How many parts the segment before `msn` has."""


class Reload(NamedTuple):
    """`msn` and `part`: answer when the playlist holds them; `is_delta`: leave out what is old."""

    msn: int | None = None
    part: int | None = None
    is_delta: bool = False

    def is_met(self, position: Position) -> bool:
        """Whether a playlist at `position` holds what is wanted.

        A part that its segment does not have means the next segment's first (6.2.5.2).
        """
        if self.msn is None:
            return True
        if self.part is None or self.msn > position.msn:
            return position.msn > self.msn
        if self.msn == position.msn:
            return position.part > self.part
        is_last = self.msn == position.msn - 1 and position.part == 0
        return not is_last or position.parts_before > self.part


PLAIN = Reload()


def read_reload(query: bytes) -> Reload:
    """The directives in a query; other parameters mean nothing here. Raises `ReloadWrong`."""
    found = dict(_DIRECTIVE.findall(query))
    if not found:
        return PLAIN
    msn, part = _number(found, b"msn"), _number(found, b"part")
    if part is not None and msn is None:
        raise ReloadWrong("_HLS_part says nothing without _HLS_msn.")
    if part is not None and part > _MAX_PART:
        raise ReloadWrong(f"No segment has a part {part}.")
    return Reload(msn, part, found.get(b"skip") in (b"YES", b"v2"))


def _number(found: dict[bytes, bytes], name: bytes) -> int | None:
    value = found.get(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value):
        raise ReloadWrong(f"_HLS_{name.decode()} is a whole number of at most ten digits.")
    return int(value)
