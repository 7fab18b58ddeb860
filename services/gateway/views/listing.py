"""A media playlist as a view over rows of the segment log (RFC 8216).

Rows only come at its end, so each row's lines are written once: a playlist of hours that grows by
a segment costs one segment.
"""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

from libs.events import Segment, TrackKind, TrackRange

VERSION = 8
"""EXT-X-GAP needs it."""
_HALF_S = 0.5


class Listing:
    """One track of one rendition. `to_stream` leads from the playlist to the stream's folder."""

    def __init__(self, kind: TrackKind, *, to_stream: str) -> None:
        self._kind = kind
        self._to_stream = to_stream
        self._lines: list[str] = []
        """One entry a listed segment or gap: all of its lines."""
        self._starts: list[datetime] = []
        self._maps: list[str] = []
        """EXT-X-MAP in force at each entry; "" before any."""
        self._discontinuities: list[int] = []
        """How many stand before and at each entry."""
        self._dependent = 0
        self._last: Segment | None = None
        self._longest_s = 0.0
        self.has_track = False
        self._gaps = 0

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def target_s(self) -> int:
        """EXT-X-TARGETDURATION that all segments so far need."""
        return max(1, int(self._longest_s + _HALF_S))

    def add(self, segment: Segment) -> None:
        """List the row behind those before it; rows that their session lacks become gaps."""
        last = self._last
        if last is not None and last.session == segment.session:
            self._add_gaps(last, segment)
        track = self._track_of(segment)
        tags = []
        if last is not None and self._is_break(last, segment):
            tags.append("#EXT-X-DISCONTINUITY")
        init = self._map_of(segment, track)
        if self._maps and init and init != self._maps[-1]:
            tags.append(init)
        if track is None:
            tags.append("#EXT-X-GAP")
        elif self._kind == "video" and not segment.is_independent:
            self._dependent += 1
        self.has_track = self.has_track or track is not None
        self._put(tags, segment.msn, segment.starts_at, segment.duration_s, segment, init)
        self._last = segment

    def render(
        self, *, target_s: int, kind: str = "", since: datetime | None = None, is_ended: bool
    ) -> bytes:
        """The playlist, or its tail from `since` on. `kind` is its EXT-X-PLAYLIST-TYPE."""
        first = 0 if since is None else min(bisect_left(self._starts, since), len(self) - 1)
        before = self._discontinuities[first - 1] if first else 0
        head = [
            "#EXTM3U",
            f"#EXT-X-VERSION:{self._version}",
            f"#EXT-X-TARGETDURATION:{target_s}",
            f"#EXT-X-MEDIA-SEQUENCE:{first}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{before}",
        ]
        if kind:
            head.append(f"#EXT-X-PLAYLIST-TYPE:{kind}")
        if not self._dependent:
            head.append("#EXT-X-INDEPENDENT-SEGMENTS")
        opening = next((each for each in self._maps[first:] if each), "")
        if opening:
            head.append(opening)
        end = "#EXT-X-ENDLIST\n" if is_ended else ""
        return "".join(["\n".join(head), "\n", *self._lines[first:], end]).encode("ascii")

    def _add_gaps(self, last: Segment, segment: Segment) -> None:
        """What was lost is listed as lost, so that what follows keeps its place and time."""
        missing = segment.msn - last.msn - 1
        if missing <= 0:
            return
        ends_at = last.starts_at + timedelta(seconds=last.duration_s)
        hole_s = max(0.0, segment.start_ms / 1000 - last.start_ms / 1000 - last.duration_s)
        each_s = hole_s / missing
        if each_s == 0:
            return
        for index in range(missing):
            at = ends_at + timedelta(seconds=index * each_s)
            self._put(["#EXT-X-GAP"], last.msn + 1 + index, at, each_s, segment, "")

    def _put(
        self, tags: list[str], msn: int, at: datetime, duration_s: float, of: Segment, init: str
    ) -> None:
        uri = self._to_stream + self._uri_of(of, msn)
        is_break = "#EXT-X-DISCONTINUITY" in tags
        self._gaps += "#EXT-X-GAP" in tags
        lines = [*tags, f"#EXT-X-PROGRAM-DATE-TIME:{_wall_clock(at)}", f"#EXTINF:{duration_s:.6f},"]
        self._lines.append("\n".join([*lines, uri, ""]))
        self._starts.append(at)
        self._maps.append(init or (self._maps[-1] if self._maps else ""))
        before = self._discontinuities[-1] if self._discontinuities else 0
        self._discontinuities.append(before + is_break)
        self._longest_s = max(self._longest_s, duration_s)

    # --- what a container may do in its own way ---------------------------------------

    @property
    def _version(self) -> int:
        return VERSION

    def _track_of(self, segment: Segment) -> TrackRange | None:
        """What makes the segment one that can be played here."""
        return next((each for each in segment.tracks if each.kind == self._kind), None)

    def _is_break(self, last: Segment, segment: Segment) -> bool:
        """Whether the segment's timestamps do not go on where the last one's ended."""
        return (last.session, last.discontinuity_sequence) != (
            segment.session,
            segment.discontinuity_sequence,
        )

    def _uri_of(self, of: Segment, msn: int) -> str:
        """From the stream's folder on."""
        return f"{of.session}/{of.rendition}/{msn}.{self._kind}.m4s"

    def _map_of(self, segment: Segment, track: TrackRange | None) -> str:
        if track is None:
            return ""
        folder = f"{self._to_stream}{segment.session}/{segment.rendition}"
        return f'#EXT-X-MAP:URI="{folder}/init-{track.config_id}.mp4"'


def _wall_clock(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
