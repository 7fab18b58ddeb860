"""A linter of live HLS: it is fed with successive fetches of media playlists and says what is
unlawful (RFC 8216, sections 4.3 and 6.2.2, and the house's own promises).

    lint = HLSLint()
    lint.see("source/video.m3u8", text, at=clock())     # as often as a player would
    await lint.fetch_listed(fetch, at=clock())          # what must be fetchable now
    assert not lint.findings

It reads playlists with its own few lines, so that it shares no mistake with a player's parser.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from posixpath import join, normpath
from typing import NamedTuple

WINDOW_TARGETS = 3
PDT_TOLERANCE_S = 1.0
"""Between PROGRAM-DATE-TIME and the sum of durations: wall clocks are adjusted now and then."""
DURATION_TOLERANCE_S = 0.1
HOLD_BACK_PARTS = 3
"""What the house promises: the least that a player may be told (RFC 8216bis, 4.4.3.8)."""
"""Between the renditions' durations of one segment: a few frames."""
PARTS_TOLERANCE_S = 0.15
"""Between a segment and the sum of its parts: tracks begin and end some frames apart."""
LEAST_PART_SHARE = 0.85
"""Of PART-TARGET (RFC 8216bis, 4.4.4.9)."""
SKIP_TARGETS = 6
"""Least CAN-SKIP-UNTIL in target durations (4.4.3.8)."""


class Finding(NamedTuple):
    rule: str
    uri: str
    """Of the media playlist."""
    detail: str


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


@dataclass
class _Track:
    """What is known of one media playlist from earlier fetches."""

    last: Playlist
    text: str
    changed_at: float
    seen_at: float = 0.0
    longest_s: float = 0.0
    seen: dict[int, Segment] = field(default_factory=dict)
    parts: dict[tuple[int, int], Part] = field(default_factory=dict)
    position: tuple[int, int] = (0, 0)
    removed_at: dict[int, float] = field(default_factory=dict)


Fetch = Callable[[str], Awaitable[bytes | None]]


class HLSLint:
    """Collects `findings`. `max_stale_s`: how long a live playlist may stay unchanged, if said."""

    def __init__(self, *, max_stale_s: float | None = None) -> None:
        self.findings: list[Finding] = []
        self.hints = 0
        """Hints at parts that came, or were withdrawn."""
        self.broken_hints = 0
        """Those that were withdrawn, which is lawful (RFC 8216bis, 6.2.6)."""
        self._max_stale_s = max_stale_s
        self._reported: dict[str, Report] = {}
        """The newest report of each playlist, by its URI."""
        self._tracks: dict[str, _Track] = {}

    def see(self, uri: str, text: str, *, at: float) -> None:
        """One fetch of the media playlist `uri` at `at` seconds of any steady clock."""
        try:
            playlist = parse(text)
        except ValueError as error:
            self._find("format", uri, str(error))
            return
        self._check_alone(uri, playlist)
        track = self._tracks.get(uri)
        if track is None:
            track = self._tracks[uri] = _Track(playlist, text, at)
        else:
            self._check_after(uri, track, playlist, text, at)
        for segment in playlist.segments:
            track.seen.setdefault(segment.msn, segment)
        track.parts.update(playlist.parts())
        track.position = max(track.position, playlist.position)
        track.longest_s = max(track.longest_s, playlist.duration_s)
        track.seen_at = at
        self._check_siblings(uri, playlist)
        self._check_reports(uri, playlist, at)

    async def fetch_listed(self, fetch: Fetch, *, at: float) -> int:
        """Fetch every segment and init segment that must be there at `at`; returns how many.

        A segment stays for its duration plus that of the longest playlist that listed it, counted
        from its removal. `fetch` gets the URI from the playlists' folder; None means it failed.
        """
        count = 0
        for uri, track in self._tracks.items():
            due: set[str] = set()
            for msn, segment in track.seen.items():
                removed_at = track.removed_at.get(msn)
                kept_s = segment.duration_s + track.longest_s
                if segment.is_gap or (removed_at is not None and at > removed_at + kept_s):
                    continue
                due.add(segment.uri)
                if segment.init is not None:
                    due.add(segment.init)
            for each in sorted(due):
                count += 1
                if not await fetch(normpath(join(uri.rpartition("/")[0], each))):
                    self._find("unfetchable", uri, f"{each} cannot be fetched")
        return count

    # --- one playlist -----------------------------------------------------------------------------

    def _check_alone(self, uri: str, playlist: Playlist) -> None:
        for segment in playlist.segments:
            if int(segment.duration_s + 0.5) > playlist.target_s:
                detail = f"{segment.msn} lasts {segment.duration_s} s of {playlist.target_s}"
                self._find("target_duration", uri, detail)
            if segment.init is None and segment.uri.endswith((".m4s", ".mp4")):
                self._find("map_missing", uri, f"{segment.msn} has no EXT-X-MAP")
            for each in (segment.uri, segment.init or ""):
                if each.startswith("/") or "://" in each:
                    self._find("absolute_uri", uri, each)
        if any(segment.init for segment in playlist.segments):
            self._need_version(uri, playlist, 6, "EXT-X-MAP")
        if any(segment.is_gap for segment in playlist.segments):
            self._need_version(uri, playlist, 8, "EXT-X-GAP")
        self._check_wall_clock(uri, playlist.segments)
        self._check_parts(uri, playlist)

    def _check_parts(self, uri: str, playlist: Playlist) -> None:
        """RFC 8216bis, 4.4.3.7, 4.4.3.8, 4.4.4.9, 4.4.5.2 and 4.4.5.3."""
        parts = playlist.parts()
        if parts and not playlist.part_target_s:
            self._find("part_inf_missing", uri, "there are parts without EXT-X-PART-INF")
            return
        for (msn, index), part in parts.items():
            if part.duration_s > playlist.part_target_s + 1e-6:
                detail = f"{msn}.{index} lasts {part.duration_s} s of {playlist.part_target_s}"
                self._find("part_target", uri, detail)
        if playlist.part_target_s:
            if playlist.part_hold_back_s < HOLD_BACK_PARTS * playlist.part_target_s - 1e-6:
                detail = f"PART-HOLD-BACK is {playlist.part_hold_back_s} s"
                self._find("part_hold_back", uri, detail)
            if not playlist.can_block:
                self._find("cannot_block", uri, "parts are listed without CAN-BLOCK-RELOAD=YES")
        for segment in playlist.segments:
            self._check_shortest(uri, playlist, segment.msn, segment.parts)
        # What follows the newest part is not known yet.
        self._check_shortest(uri, playlist, playlist.position[0], playlist.open_parts)
        self._check_sums_and_hint(uri, playlist)
        self._check_skip(uri, playlist)

    def _check_shortest(
        self, uri: str, playlist: Playlist, msn: int, parts: Sequence[Part]
    ) -> None:
        least_s = LEAST_PART_SHARE * playlist.part_target_s - 1e-6
        for index, (part, after) in enumerate(pairwise(parts)):
            is_excused = part.is_independent or part.is_gap or after.is_gap
            if part.duration_s < least_s and not is_excused:
                detail = f"{msn}.{index} lasts {part.duration_s} s of {playlist.part_target_s}"
                self._find("part_short", uri, detail)

    def _check_skip(self, uri: str, playlist: Playlist) -> None:
        until_s = playlist.skip_until_s
        if until_s is not None and until_s < SKIP_TARGETS * playlist.target_s:
            self._find("can_skip_until", uri, f"CAN-SKIP-UNTIL is {until_s} s")
        if not playlist.skipped:
            return
        self._need_version(uri, playlist, 9, "EXT-X-SKIP")
        if until_s is None:
            self._find("can_skip_until", uri, "EXT-X-SKIP without CAN-SKIP-UNTIL")
        if playlist.is_ended:
            self._find("skip_after_end", uri, "EXT-X-SKIP in a playlist that has ended")

    def _check_sums_and_hint(self, uri: str, playlist: Playlist) -> None:
        for segment in playlist.segments:
            sum_s = sum(part.duration_s for part in segment.parts)
            if segment.parts and abs(sum_s - segment.duration_s) > PARTS_TOLERANCE_S:
                detail = f"{segment.msn} lasts {segment.duration_s} s, its parts {sum_s} s"
                self._find("part_sum", uri, detail)
        if playlist.hint is not None and playlist.hint in {
            part.uri for part in playlist.parts().values()
        }:
            self._find("hint_listed", uri, f"{playlist.hint} is listed and hinted at")
        if playlist.hint is not None and playlist.is_ended:
            self._find("hint_after_end", uri, f"{playlist.hint} will never come")

    def _need_version(self, uri: str, playlist: Playlist, version: int, tag: str) -> None:
        if playlist.version < version:
            self._find("version", uri, f"{tag} needs version {version}, not {playlist.version}")

    def _check_wall_clock(self, uri: str, segments: Sequence[Segment]) -> None:
        """Each has its PROGRAM-DATE-TIME, and they go on as the durations do."""
        for segment in segments:
            if segment.at is None:
                self._find("pdt_missing", uri, f"{segment.msn} has no EXT-X-PROGRAM-DATE-TIME")
        for before, after in pairwise(segments):
            if before.at is None or after.at is None:
                continue
            step_s = (after.at - before.at).total_seconds()
            if step_s <= 0:
                self._find("pdt_backwards", uri, f"{after.msn} is {-step_s} s before {before.msn}")
            elif (
                after.msn == before.msn + 1
                and before.discontinuity == after.discontinuity
                and abs(step_s - before.duration_s) > PDT_TOLERANCE_S
            ):
                detail = f"{after.msn} comes {step_s} s after {before.msn} of {before.duration_s} s"
                self._find("pdt_jump", uri, detail)

    # --- against the fetches before ---------------------------------------------------------------

    def _check_after(
        self, uri: str, track: _Track, playlist: Playlist, text: str, at: float
    ) -> None:
        before = track.last
        if text == track.text:
            self._check_stale(uri, track, at)
            return
        if before.is_ended:
            self._find("changed_after_end", uri, "the playlist changed after EXT-X-ENDLIST")
        if playlist.target_s != before.target_s:
            detail = f"TARGETDURATION was {before.target_s}, is {playlist.target_s}"
            self._find("target_duration_changed", uri, detail)
        if before.part_target_s and playlist.part_target_s not in (0, before.part_target_s):
            detail = f"PART-TARGET was {before.part_target_s}, is {playlist.part_target_s}"
            self._find("part_target_changed", uri, detail)
        if playlist.first_msn < before.first_msn:
            detail = f"MEDIA-SEQUENCE fell from {before.first_msn} to {playlist.first_msn}"
            self._find("media_sequence_fell", uri, detail)
        self._check_seam(uri, track, playlist)
        self._check_same_segments(uri, track, playlist)
        self._check_same_parts(uri, track, playlist)
        self._count_hint(before, playlist)
        self._check_removed(uri, track, playlist, at)
        track.last, track.text, track.changed_at = playlist, text, at

    def _check_stale(self, uri: str, track: _Track, at: float) -> None:
        age_s = at - track.changed_at
        if not track.last.is_ended and self._max_stale_s is not None and age_s > self._max_stale_s:
            self._find("stale", uri, f"unchanged for {age_s} s")

    def _check_seam(self, uri: str, track: _Track, playlist: Playlist) -> None:
        """The wall clock goes on where two fetches share no segment, as after a takeover."""
        last = track.seen[max(track.seen)] if track.seen else None
        if last is not None and playlist.segments and playlist.first_msn > last.msn:
            self._check_wall_clock(uri, (last, playlist.segments[0]))

    def _check_same_segments(self, uri: str, track: _Track, playlist: Playlist) -> None:
        for segment in playlist.segments:
            known = track.seen.get(segment.msn)
            if known is None:
                continue
            if known.uri != segment.uri:
                self._find("renumbered", uri, f"{segment.msn} was {known.uri}, is {segment.uri}")
            elif known.discontinuity != segment.discontinuity:
                detail = f"{segment.msn}: {known.discontinuity}, then {segment.discontinuity}"
                self._find("discontinuity_sequence", uri, detail)
            elif (known.duration_s, known.at) != (segment.duration_s, segment.at):
                self._find("segment_changed", uri, f"{segment.msn} changed its time or duration")
        newest = max(track.seen, default=-1)
        last = playlist.segments[-1].msn if playlist.segments else newest
        if last < newest:
            self._find("newest_removed", uri, f"{last} is the last, but {newest} was listed")

    def _check_same_parts(self, uri: str, track: _Track, playlist: Playlist) -> None:
        for (msn, index), part in playlist.parts().items():
            if track.parts.get((msn, index), part) != part:
                self._find("part_changed", uri, f"{msn}.{index} is not what it was")
        if playlist.position[0] == track.position[0] and playlist.position < track.position:
            detail = f"{playlist.position} comes next, it was {track.position} before"
            self._find("part_removed", uri, detail)

    def _check_removed(self, uri: str, track: _Track, playlist: Playlist, at: float) -> None:
        removed = [msn for msn in track.seen if msn < playlist.first_msn]
        is_news = False
        for msn in removed:
            if msn not in track.removed_at:
                track.removed_at[msn] = at
                is_news = True
        least_s = WINDOW_TARGETS * playlist.target_s
        if is_news and not playlist.is_ended and playlist.duration_s < least_s:
            detail = f"{playlist.duration_s} s are left of {least_s} s"
            self._find("window_short", uri, detail)

    def _check_siblings(self, uri: str, playlist: Playlist) -> None:
        """All renditions have the same segments: number, discontinuity, duration, wall clock."""
        for other_uri, other in self._tracks.items():
            if other_uri == uri:
                continue
            for segment in playlist.segments:
                twin = other.seen.get(segment.msn)
                if twin is not None and (
                    twin.discontinuity != segment.discontinuity
                    or abs(twin.duration_s - segment.duration_s) > DURATION_TOLERANCE_S
                ):
                    self._find("renditions_differ", uri, f"{segment.msn} differs in {other_uri}")

    def _check_reports(self, uri: str, playlist: Playlist, at: float) -> None:
        """RFC 8216bis, 4.4.5.4 and B.1: of every other playlist, and none is told to be ahead."""
        folder = uri.rpartition("/")[0]
        reports = {normpath(join(folder, key)): value for key, value in playlist.reports.items()}
        for other_uri, report in reports.items():
            self._reported[other_uri] = max(report, self._reported.get(other_uri, report))
            if report.part is None:
                self._find("rendition_report", uri, f"no LAST-PART of {other_uri}")
        told = self._reported.get(uri)
        if told is not None and told > playlist.newest and not playlist.is_ended:
            detail = f"{told} was reported, but {playlist.newest} is the newest"
            self._find("rendition_report", uri, detail)
        for other_uri, other in self._tracks.items():
            is_now = at - other.seen_at <= playlist.target_s and not other.last.is_ended
            if other_uri == uri or playlist.is_ended or not (is_now and other.last.part_target_s):
                continue
            if other_uri not in reports:
                self._find("rendition_report_missing", uri, f"nothing is said of {other_uri}")
            elif other.seen_at == at and reports[other_uri] != other.last.newest:
                detail = f"{reports[other_uri]} of {other_uri}, which is at {other.last.newest}"
                self._find("rendition_report", uri, detail)

    def _count_hint(self, before: Playlist, playlist: Playlist) -> None:
        if before.hint is None or before.hint == playlist.hint:
            return
        self.hints += 1
        listed = playlist.parts().values()
        self.broken_hints += before.hint not in {part.uri for part in listed if not part.is_gap}

    def _find(self, rule: str, uri: str, detail: str) -> None:
        finding = Finding(rule, uri, detail)
        if finding not in self.findings:
            self.findings.append(finding)


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
