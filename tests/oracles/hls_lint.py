"""A linter of live HLS: it is fed with successive fetches of media playlists and says what is
unlawful (RFC 8216, sections 4.3 and 6.2.2, and the house's own promises).

    lint = HLSLint()
    lint.see("source/video.m3u8", text, at=clock())     # as often as a player would
    await lint.fetch_listed(fetch, at=clock())          # what must be fetchable now
    assert not lint.findings
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from posixpath import join, normpath
from typing import NamedTuple

from tests.oracles.media_playlist import Part, Playlist, Report, Segment, parse

WINDOW_TARGETS = 3
PDT_TOLERANCE_S = 1.0
"""Between PROGRAM-DATE-TIME and the sum of durations: wall clocks are adjusted now and then."""
DURATION_TOLERANCE_S = 0.1
HOLD_BACK_PARTS = 3
"""What the house promises: the least that a player may be told (RFC 8216bis, 4.4.3.8)."""
"""Between the renditions' durations of one segment: a few frames."""
PARTS_TOLERANCE_S = 0.15
"""Between a segment and the sum of its parts: tracks begin and end some frames apart."""
OVERLAP_S = 2.0
"""So much longer may the parts be where a timeline begins: sound whose time is counted by samples
may reach past the publisher's stamps, into the timeline behind a discontinuity, whose segment then
begins in the session where that sound ended.
"""
LEAST_PART_SHARE = 0.85
"""Of PART-TARGET (RFC 8216bis, 4.4.4.9)."""
SKIP_TARGETS = 6
"""Least CAN-SKIP-UNTIL in target durations (4.4.3.8)."""


class Finding(NamedTuple):
    rule: str
    uri: str
    """Of the media playlist."""
    detail: str


@dataclass
class _Track:
    """What is known of one media playlist from earlier fetches."""

    last: Playlist
    text: str
    changed_at: float
    first_seen_at: float = 0.0
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
        self._reported: dict[str, list[tuple[float, Report]]] = {}
        """When other playlists reported what of each, by its URI."""
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
            track = self._tracks[uri] = _Track(playlist, text, at, at)
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
        timeline = playlist.discontinuity
        known = self._tracks.get(uri)
        first_seen = min(known.seen, default=playlist.first_msn) if known else playlist.first_msn
        for segment in playlist.segments:
            sum_s = sum(part.duration_s for part in segment.parts)
            is_first = segment.msn == min(first_seen, playlist.first_msn)
            begins = segment.discontinuity > timeline or is_first
            timeline = segment.discontinuity
            most_s = segment.duration_s + PARTS_TOLERANCE_S + (OVERLAP_S if begins else 0.0)
            least_s = segment.duration_s - PARTS_TOLERANCE_S
            if segment.parts and not least_s <= sum_s <= most_s:
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
            self._reported.setdefault(other_uri, []).append((at, report))
            if report.part is None and self._has_parts(other_uri, report.msn):
                self._find("rendition_report", uri, f"no LAST-PART of {other_uri}")
        # A cache may show one playlist a moment older than the other, and both while there is no
        # origin: a copy from before the report need not have what was reported.
        changed_at = self._tracks[uri].changed_at
        is_excused = at - changed_at <= (self._max_stale_s or 0)
        until = min(at - playlist.target_s, changed_at if is_excused else at)
        known = self._reported.get(uri, [])
        old = [report for told_at, report in known if told_at <= until]
        self._reported[uri] = known[len(old) :]
        told = max(old, default=playlist.newest)
        if told > playlist.newest and not playlist.is_ended:
            detail = f"{told} was reported, but {playlist.newest} is the newest"
            self._find("rendition_report", uri, detail)
        for other_uri, other in self._tracks.items():
            is_now = at - other.seen_at <= playlist.target_s and not other.last.is_ended
            if other_uri == uri or playlist.is_ended or not (is_now and other.last.part_target_s):
                continue
            if other_uri not in reports and (
                other.seen_at == at or at - other.first_seen_at >= playlist.target_s
            ):
                self._find("rendition_report_missing", uri, f"nothing is said of {other_uri}")
            elif other.seen_at == at and reports.get(other_uri) not in other.last.reported:
                detail = f"{reports[other_uri]} of {other_uri}, which is at {other.last.newest}"
                self._find("rendition_report", uri, detail)

    def _has_parts(self, uri: str, msn: int) -> bool:
        """Whether the playlist has shown parts of the segment: one without sound has none."""
        track = self._tracks.get(uri)
        return track is None or any(known == msn for known, _ in track.parts)

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
