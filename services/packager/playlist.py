"""HLS media playlists as views over the live window (RFC 8216bis).

Who knows nothing of parts sees an ordinary live playlist: the segment in the making stands at its
end as parts only, and the tags about parts are comments to such a player.
"""

from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

from libs.cutting.cuts import Part
from libs.events import TrackKind
from services.packager.entries import Entry, OpenEntry, PartEntry, Position
from services.packager.window import LISTED_TARGETS, Window

VERSION = 7
VERSION_WITH_GAPS = 8
_KINDS: tuple[TrackKind, ...] = ("video", "audio")
HOLD_BACK_PARTS = 3
"""PART-HOLD-BACK in part targets: the least that RFC 8216bis allows (4.4.3.8)."""
HOLD_BACK_TARGETS = 3
"""Behind the end of a playlist without parts players stay so many target durations (6.3.3)."""
SKIP_TARGETS = 6
"""CAN-SKIP-UNTIL in target durations, likewise."""


START_ROOM_US = 100_000
"""So far behind its keyframe EXT-X-START points, lest rounding makes it the segment before."""


class Skip(NamedTuple):
    """What a delta update replaces by EXT-X-SKIP: these bytes, which hold `segments`."""

    start: int
    end: int
    segments: int


class MediaPlaylist(NamedTuple):
    """A rendered media playlist."""

    body: bytes
    position: Position
    """What it lacks next."""
    target_s: int
    skip: Skip | None = None
    """None if nothing in it is old enough."""


class Neighbour(NamedTuple):
    """Another rendition of the session, whose playlists players may switch to."""

    name: str
    window: Window


class Surroundings(NamedTuple):
    """What a playlist tells of the session's other renditions."""

    neighbours: tuple[Neighbour, ...] = ()
    hold_back_s: float = 0.0
    """Players must stay this far behind to be able to switch to any of them."""


class _Line(NamedTuple):
    """One track of one whole segment."""

    msn: int
    duration_us: int
    starts_at_ms: int
    discontinuity: int
    is_independent: bool
    config_id: str | None
    """None for a gap."""
    parts: tuple[PartEntry, ...]


def render_media(
    window: Window,
    kind: TrackKind,
    *,
    session: str,
    rendition: str,
    surroundings: Surroundings = Surroundings(),  # noqa: B008 - a frozen value
) -> MediaPlaylist:
    """The media playlist of one track; it stands at `<rendition>/<kind>.m3u8`."""
    lines = _lines(window, kind)
    opened = None if window.is_ended else window.open_entry(kind)
    folder = f"../{session}/{rendition}"
    config_ids = [line.config_id for line in lines if line.config_id]
    writer = _Writer(kind, folder, config_ids[0] if config_ids else None)
    head = _head(window, kind, lines, opened, surroundings)
    if kind == "video" and window.is_sparse and not window.is_ended:
        head += _start(window, lines, opened)
    # Older parts are not listed (RFC 8216bis, 6.2.2).
    parts_us = (LISTED_TARGETS if window.part_target_ms else 0) * window.target_s * 1_000_000
    end_us = sum(line.duration_us for line in lines) + _duration_us(opened, kind)
    skipped, skipped_bytes, at_us = 0, 0, 0
    body: list[str] = []
    writer.discontinuity = lines[0].discontinuity
    for line in lines:
        body += writer.segment(line, with_parts=end_us - at_us <= parts_us)
        at_us += line.duration_us
        if end_us - at_us >= SKIP_TARGETS * window.target_s * 1_000_000:
            skipped, skipped_bytes = skipped + 1, len(body)
    if opened is not None:
        body += writer.open_segment(opened)
    body += _tail(window, kind, surroundings.neighbours)
    begun = _joined(head)
    return MediaPlaylist(
        body=f"{begun}{_joined([*writer.first_map, *body])}".encode("ascii"),
        position=window.position(kind),
        target_s=window.target_s,
        skip=_skip(begun, [*writer.first_map, *body[:skipped_bytes]], skipped),
    )


def hold_back_s(window: Window, surroundings: Surroundings) -> float:
    """PART-HOLD-BACK of a window with parts."""
    return max(HOLD_BACK_PARTS * window.part_target_ms / 1000, surroundings.hold_back_s)


def _lines(window: Window, kind: TrackKind) -> list[_Line]:
    """Every whole segment that is listed, oldest first."""
    lines = [_line(entry, kind) for entry in window.listed]
    if kind == "video":
        for entry, after in pairwise(window.open_entries):
            lines.append(_waiting_line(entry, after))
    return lines


def _line(entry: Entry, kind: TrackKind) -> _Line:
    track = entry.tracks.get(kind)
    return _Line(
        entry.msn,
        entry.duration_us,
        entry.starts_at_ms,
        entry.discontinuity_sequence,
        entry.is_independent or kind == "audio",
        track.config_id if track else None,
        entry.parts.get(kind, ()),
    )


def _waiting_line(entry: OpenEntry, after: OpenEntry) -> _Line:
    """A segment whose video is whole while its audio is not."""
    opened, first = entry.opened, entry.first("video")
    duration_90k = after.opened.start_90k - opened.start_90k
    return _Line(
        opened.msn,
        (duration_90k * 100 + 4) // 9,
        opened.starts_at_ms,
        opened.discontinuity_sequence,
        first.is_independent if first else True,
        first.config_id if first else None,
        entry.entries("video"),
    )


def _duration_us(opened: OpenEntry | None, kind: TrackKind) -> int:
    parts = opened.parts.get(kind, []) if opened else []
    return round(sum(part.duration_s for part in parts) * 1_000_000)


def _head(
    window: Window,
    kind: TrackKind,
    lines: list[_Line],
    opened: OpenEntry | None,
    surroundings: Surroundings,
) -> list[str]:
    has_gaps = any(line.config_id is None for line in lines)
    tags = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION_WITH_GAPS if has_gaps else VERSION}",
        f"#EXT-X-TARGETDURATION:{window.target_s}",
    ]
    if window.part_target_ms:
        target_s = window.part_target_ms / 1000
        tags += [
            (
                f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
                f"PART-HOLD-BACK={_decimal(hold_back_s(window, surroundings))},"
                f"CAN-SKIP-UNTIL={SKIP_TARGETS * window.target_s}.0"
            ),
            f"#EXT-X-PART-INF:PART-TARGET={_decimal(target_s)}",
        ]
    tags += [
        f"#EXT-X-MEDIA-SEQUENCE:{lines[0].msn}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{lines[0].discontinuity}",
    ]
    first = opened.first(kind) if opened else None
    if all(line.is_independent for line in lines) and (not first or first.is_independent):
        tags.append("#EXT-X-INDEPENDENT-SEGMENTS")
    return tags


def _start(window: Window, lines: list[_Line], opened: OpenEntry | None) -> list[str]:
    """EXT-X-START at the newest keyframe that is a target duration old (RFC 8216bis, 4.4.2.2).

    A player that begins elsewhere has no picture up to the next keyframe, and some (hls.js) lose
    that one by reading what stands before it over and over.
    """
    left_us = _duration_us(opened, "video") - START_ROOM_US
    for line in reversed(lines):
        left_us += line.duration_us
        if line.is_independent and line.config_id and left_us >= window.target_s * 1_000_000:
            return [f"#EXT-X-START:TIME-OFFSET=-{_decimal(left_us / 1_000_000)}"]
    return []


class _Writer:
    """Writes segments one after the other, with the tags that a change between them needs."""

    def __init__(self, kind: TrackKind, folder: str, config_id: str | None) -> None:
        """`config_id` is None if there are only gaps: they need none."""
        self._kind = kind
        self._folder = folder
        self._config_id = config_id
        self.discontinuity = 0
        self.first_map = [] if config_id is None else [self._map(config_id)]

    def segment(self, line: _Line, *, with_parts: bool) -> list[str]:
        tags = self._changes(line.discontinuity, line.config_id)
        tags.append(f"#EXT-X-PROGRAM-DATE-TIME:{_wall_clock(line.starts_at_ms)}")
        if with_parts:
            for index, part in enumerate(line.parts):
                tags.append(self._part(line.msn, index, part))
        tags.append(f"#EXTINF:{line.duration_us / 1_000_000:.6f},")
        if line.config_id is None:
            tags.append("#EXT-X-GAP")
        tags.append(f"{self._folder}/{line.msn}.{self._kind}.m4s")
        return tags

    def open_segment(self, entry: OpenEntry) -> list[str]:
        """The parts there are, and a hint at the next."""
        opened, parts = entry.opened, entry.parts.get(self._kind, [])
        if not parts and opened.discontinuity_sequence != self.discontinuity:
            return []  # under which codec configuration they will come is not known yet
        tags = []
        if parts:
            tags = self._changes(opened.discontinuity_sequence, parts[0].config_id)
            tags.append(f"#EXT-X-PROGRAM-DATE-TIME:{_wall_clock(opened.starts_at_ms)}")
        for part in parts:
            tags.append(self._part(opened.msn, part.index, part))
        is_next = bool(parts) and parts[-1].ends_segment
        uri = self._part_uri(opened.msn + is_next, 0 if is_next else len(parts))
        return [*tags, f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{uri}"']

    def _changes(self, discontinuity: int, config_id: str | None) -> list[str]:
        # One tag for each discontinuity: a timeline may have had no segment at all.
        tags = ["#EXT-X-DISCONTINUITY"] * (discontinuity - self.discontinuity)
        self.discontinuity = discontinuity
        if config_id is not None and config_id != self._config_id:
            self._config_id = config_id
            tags.append(self._map(config_id))
        return tags

    def _map(self, config_id: str) -> str:
        return f'#EXT-X-MAP:URI="{self._folder}/init-{config_id}.mp4"'

    def _part(self, msn: int, index: int, part: Part | PartEntry) -> str:
        flags = ",INDEPENDENT=YES" * part.is_independent + ",GAP=YES" * part.is_gap
        uri = self._part_uri(msn, index)
        return f'#EXT-X-PART:DURATION={part.duration_s:.6f},URI="{uri}"{flags}'

    def _part_uri(self, msn: int, index: int) -> str:
        return f"{self._folder}/{msn}.{index}.{self._kind}.m4s"


def _tail(window: Window, kind: TrackKind, neighbours: tuple[Neighbour, ...]) -> list[str]:
    if window.is_ended:
        return ["#EXT-X-ENDLIST"]
    if not window.part_target_ms:
        return []
    other: TrackKind = "audio" if kind == "video" else "video"
    reports = _report(window, other, f"{other}.m3u8")
    for name, neighbour in neighbours:
        for each in _KINDS:
            reports += _report(neighbour, each, f"../{name}/{each}.m3u8")
    return reports


def _report(window: Window, kind: TrackKind, uri: str) -> list[str]:
    """Where another playlist stands (RFC 8216bis, 4.4.5.4).

    While its newest part is its segment's first, the one before stands here, as a cache might have
    it: hls.js takes LAST-PART=0 for none, asks for the part that it has reached in the playlist it
    comes from, and waits up to a whole segment for that, longer than it has to play.
    """
    if window.is_behind or not window.has_track(kind):
        return []
    msn, part = window.position(kind)
    if part <= 1:
        before = len(next((line.parts for line in reversed(_lines(window, kind))), ()))
        if part == 0 or before > 1:
            msn, part = msn - 1, before
    report = f'#EXT-X-RENDITION-REPORT:URI="{uri}",LAST-MSN={msn}'
    return [f"{report},LAST-PART={part - 1}" if part else report]


def _skip(head: str, skipped: list[str], count: int) -> Skip | None:
    if count == 0:
        return None
    return Skip(len(head), len(head) + len(_joined(skipped)), count)


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n" if lines else ""


def _decimal(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def _wall_clock(unix_ms: int) -> str:
    whole = datetime.fromtimestamp(unix_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{unix_ms % 1000:03d}Z"
