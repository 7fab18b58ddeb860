"""Media playlists as the linter reads them (RFC 8216bis, section 4).

It reads them with its own few lines, so that it shares no mistake with a player's parser.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Part(NamedTuple):
    uri: str
    duration_s: float
    is_independent: bool
    is_gap: bool = False


class Report(NamedTuple):
    """An EXT-X-RENDITION-REPORT."""

    msn: int
    part: int | None


@dataclass
class Segment:
    msn: int
    uri: str
    duration_s: float
    discontinuity: int
    """Its discontinuity sequence number (RFC 8216, 6.2.1)."""
    at: datetime | None
    init: str | None
    is_gap: bool
    parts: list[Part] = field(default_factory=list)


@dataclass
class Playlist:
    version: int = 1
    target_s: int = 0
    first_msn: int = 0
    discontinuity: int = 0
    is_ended: bool = False
    is_independent: bool = False
    segments: list[Segment] = field(default_factory=list)
    part_target_s: float = 0.0
    """0: it lists no parts."""
    part_hold_back_s: float = 0.0
    can_block: bool = False
    skipped: int = 0
    """Segments that a delta update leaves out."""
    open_parts: list[Part] = field(default_factory=list)
    """Of the segment in the making."""
    hint: str | None = None
    skip_until_s: float | None = None
    reports: dict[str, Report] = field(default_factory=dict)
    """By the URI of the other playlist, as it stands there."""

    @property
    def newest(self) -> Report:
        """What the other playlists should report of it."""
        msn, count = self.position
        if count:
            return Report(msn, count - 1)
        parts = self.segments[-1].parts if self.segments else []
        return Report(msn - 1, len(parts) - 1 if parts else None)

    @property
    def reported(self) -> tuple[Report, ...]:
        """What may stand of it in other playlists that are as new: while it has one part of its
        segment, the last of the one before may (players take LAST-PART=0 for none).
        """
        parts = self.segments[-1].parts if self.segments else []
        if len(self.open_parts) != 1 or not parts:
            return (self.newest,)
        return self.newest, Report(self.newest.msn - 1, len(parts) - 1)

    @property
    def position(self) -> tuple[int, int]:
        """MSN and part of what it lacks next."""
        return self.first_msn + self.skipped + len(self.segments), len(self.open_parts)

    def parts(self) -> dict[tuple[int, int], Part]:
        """Every listed part, by MSN and index."""
        found = {
            (segment.msn, index): part
            for segment in self.segments
            for index, part in enumerate(segment.parts)
        }
        msn = self.position[0]
        return found | {(msn, index): part for index, part in enumerate(self.open_parts)}

    @property
    def duration_s(self) -> float:
        return sum(segment.duration_s for segment in self.segments)


def parse(text: str) -> Playlist:
    """Read a media playlist. Raises `ValueError` if it is none."""
    lines = text.splitlines()
    if not lines or lines[0] != "#EXTM3U":
        raise ValueError("the first line is not #EXTM3U")
    reader = _Reader()
    for line in lines[1:]:
        if line.startswith("#"):
            reader.read_tag(line)
        elif line:
            reader.read_uri(line)
    for tag in ("EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE"):
        if tag not in reader.tags:
            raise ValueError(f"{tag} is missing")
    if reader.duration_s is not None:
        raise ValueError("an EXTINF has no URI")
    return reader.playlist


class _Reader:
    def __init__(self) -> None:
        self.playlist = Playlist()
        self.tags: set[str] = set()
        self.duration_s: float | None = None
        self._at: datetime | None = None
        self._init: str | None = None
        self._is_gap = False
        self._discontinuity = 0

    def read_tag(self, line: str) -> None:
        name, _, value = line[1:].partition(":")
        is_late = bool(self.playlist.segments) or self.duration_s is not None
        if name in ("EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE") and is_late:
            raise ValueError(f"{name} stands after the first segment")
        if name.startswith("EXT-X-") and name in self.tags and name in _ONCE:
            raise ValueError(f"{name} stands twice")
        self.tags.add(name)
        self._apply(name, value)

    def _apply(self, name: str, value: str) -> None:
        self._apply_parts(name, value)
        if name in _HEAD:
            setattr(self.playlist, *_HEAD[name](value))
        match name:
            case "EXT-X-DISCONTINUITY-SEQUENCE":
                self._discontinuity = int(value)
            case "EXT-X-DISCONTINUITY":
                self._discontinuity += 1
            case "EXT-X-PROGRAM-DATE-TIME":
                self._at = datetime.fromisoformat(value)
            case "EXT-X-MAP":
                self._init = _attribute(value, "URI")
            case "EXT-X-GAP":
                self._is_gap = True
            case "EXTINF":
                self.duration_s = float(value.partition(",")[0])

    def _apply_parts(self, name: str, value: str) -> None:
        match name:
            case "EXT-X-PART-INF":
                self.playlist.part_target_s = _decimal(value, "PART-TARGET")
            case "EXT-X-SERVER-CONTROL":
                self.playlist.can_block = "CAN-BLOCK-RELOAD=YES" in value.split(",")
                self.playlist.part_hold_back_s = _decimal(value, "PART-HOLD-BACK")
                if "CAN-SKIP-UNTIL=" in value:
                    self.playlist.skip_until_s = _decimal(value, "CAN-SKIP-UNTIL")
            case "EXT-X-PART":
                flags = value.split(",")
                independent, gap = "INDEPENDENT=YES" in flags, "GAP=YES" in flags
                part = Part(_attribute(value, "URI"), _decimal(value, "DURATION"), independent, gap)
                self.playlist.open_parts.append(part)
            case "EXT-X-RENDITION-REPORT":
                part_index = int(_decimal(value, "LAST-PART")) if "LAST-PART=" in value else None
                report = Report(int(_decimal(value, "LAST-MSN")), part_index)
                self.playlist.reports[_attribute(value, "URI")] = report
            case "EXT-X-PRELOAD-HINT":
                self.playlist.hint = _attribute(value, "URI")
            case "EXT-X-SKIP":
                self.playlist.skipped = int(_decimal(value, "SKIPPED-SEGMENTS"))

    def read_uri(self, uri: str) -> None:
        if self.duration_s is None:
            raise ValueError(f"{uri} has no EXTINF")
        segments = self.playlist.segments
        segments.append(
            Segment(
                msn=self.playlist.first_msn + self.playlist.skipped + len(segments),
                uri=uri,
                duration_s=self.duration_s,
                discontinuity=self._discontinuity,
                at=self._at,
                init=self._init,
                is_gap=self._is_gap,
                parts=self.playlist.open_parts,
            )
        )
        self.playlist.open_parts = []
        self.duration_s, self._at, self._is_gap = None, None, False


_HEAD: dict[str, Callable[[str], tuple[str, int]]] = {
    "EXT-X-VERSION": lambda value: ("version", int(value)),
    "EXT-X-TARGETDURATION": lambda value: ("target_s", int(value)),
    "EXT-X-MEDIA-SEQUENCE": lambda value: ("first_msn", int(value)),
    "EXT-X-DISCONTINUITY-SEQUENCE": lambda value: ("discontinuity", int(value)),
    "EXT-X-INDEPENDENT-SEGMENTS": lambda _: ("is_independent", True),
    "EXT-X-ENDLIST": lambda _: ("is_ended", True),
}

_ONCE = frozenset(
    {
        "EXT-X-VERSION", "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE",
        "EXT-X-DISCONTINUITY-SEQUENCE", "EXT-X-ENDLIST", "EXT-X-INDEPENDENT-SEGMENTS",
        "EXT-X-START",
    }
)  # fmt: skip


def _attribute(value: str, name: str) -> str:
    found = re.search(rf'(?:^|,){name}="([^"]*)"', value)
    if found is None:
        raise ValueError(f"an attribute {name} is missing")
    return found[1]


def _decimal(value: str, name: str) -> float:
    found = re.search(rf"(?:^|,){name}=([0-9.]+)", value)
    if found is None:
        raise ValueError(f"an attribute {name} is missing")
    return float(found[1])
