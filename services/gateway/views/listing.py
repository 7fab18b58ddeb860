"""A media playlist as a view over rows of the segment log (RFC 8216).

Rows only come at its end, so each row's lines are written once: a playlist of hours that grows by
a segment costs one segment.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta
from operator import itemgetter

from libs.events import Segment, SegmentOutline, TrackKind

VERSION = 8
"""EXT-X-GAP needs it."""
_HALF_S = 0.5
_S, _MS = len("YYYY-MM-DDThh:mm:ss"), len("YYYY-MM-DDThh:mm:ss.sss")


class Listing:
    """One track of one rendition. `to_stream` leads from the playlist to the stream's folder."""

    def __init__(self, kind: TrackKind, *, to_stream: str) -> None:
        self._kind = kind
        self._to_stream = to_stream
        self._lines: list[str] = []
        """One entry a listed segment or gap: all of its lines."""
        self._starts: list[str] = []
        self._maps: list[tuple[int, str]] = []
        """Each EXT-X-MAP, and the entry from which on it is in force."""
        self._breaks: list[int] = []
        """The entries before which an EXT-X-DISCONTINUITY stands."""
        self._mapped = ("", "")
        """The session and the codec configuration that the last EXT-X-MAP is of."""
        self._like: tuple[object, ...] = ()
        """What the last row has in common with those that need no tags before them."""
        self._folder = ""
        """Of the last row, from the playlist on."""
        self._suffix = f".{kind}.m4s"
        self._dependent = 0
        self._last: SegmentOutline | None = None
        self._longest_s = 0.0
        self.has_track = False
        self._gaps = 0

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def target_s(self) -> int:
        """EXT-X-TARGETDURATION that all segments so far need."""
        return max(1, int(self._longest_s + _HALF_S))

    def add(self, row: SegmentOutline) -> None:
        """List the row behind those before it; rows that their session lacks become gaps."""
        session, _, msn, _, duration_s, is_independent, sequence, starts_at, video, audio = row
        last = self._last
        like = (session, sequence, video, audio)
        tags = ""
        if like != self._like or last is None or msn != last.msn + 1:
            self._like = like
            tags = self._turn(last, row)
        if not is_independent:
            self._dependent += self._kind == "video" and self._config_of(row) is not None
        self._put(msn, starts_at, duration_s, tags)
        self._last = row

    def render(
        self, *, target_s: int, kind: str = "", since: datetime | None = None, is_ended: bool
    ) -> bytes:
        """The playlist, or its tail from `since` on. `kind` is its EXT-X-PLAYLIST-TYPE."""
        first = 0 if since is None else self._entry_of(since)
        before = bisect_left(self._breaks, first)
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
        if self._maps:
            in_force = max(0, bisect_right(self._maps, first, key=itemgetter(0)) - 1)
            head.append(self._maps[in_force][1])
        end = "#EXT-X-ENDLIST\n" if is_ended else ""
        return "".join(["\n".join(head), "\n", *self._lines[first:], end]).encode("ascii")

    def _entry_of(self, since: datetime) -> int:
        first = bisect_left(self._starts, since, key=datetime.fromisoformat)
        return min(first, len(self) - 1)

    def _turn(self, last: SegmentOutline | None, row: SegmentOutline) -> str:
        """The tags of a row that does not just go on after the last one; lists what it lacks."""
        self._folder = self._to_stream + self._folder_of(row)
        is_break = False
        if last is not None:
            if last.session == row.session and row.msn > last.msn + 1:
                self._add_gaps(last, row)
            is_break = self._is_break(last, row)
        config = self._config_of(row)
        tags = ""
        if is_break:
            self._breaks.append(len(self))
            tags = "#EXT-X-DISCONTINUITY\n"
        if config is None:
            self._gaps += 1
            self._like = ()  # the next one is a gap likewise
            return f"{tags}#EXT-X-GAP\n"
        self.has_track = True
        if (row.session, config) != self._mapped:
            self._mapped = (row.session, config)
            tags += self._add_map(self._map_of(config))
        return tags

    def _add_map(self, init: str) -> str:
        if not init:
            return ""
        self._maps.append((len(self), init))
        # The first of all stands in the playlist's head.
        return f"{init}\n" if self._lines else ""

    def _add_gaps(self, last: SegmentOutline, row: SegmentOutline) -> None:
        """What was lost is listed as lost, so that what follows keeps its place and time."""
        missing = row.msn - last.msn - 1
        ends_at = datetime.fromisoformat(last.starts_at) + timedelta(seconds=last.duration_s)
        hole_s = max(0.0, row.start_ms / 1000 - last.start_ms / 1000 - last.duration_s)
        each_s = hole_s / missing
        if each_s == 0:
            return
        for index in range(missing):
            at = ends_at + timedelta(seconds=index * each_s)
            self._put(last.msn + 1 + index, at.isoformat(), each_s, "#EXT-X-GAP\n")
        self._gaps += missing

    def _put(self, msn: int, starts_at: str, duration_s: float, tags: str) -> None:
        clock = starts_at[:_MS] if starts_at[_S] == "." else f"{starts_at[:_S]}.000"
        self._lines.append(
            f"{tags}#EXT-X-PROGRAM-DATE-TIME:{clock}Z\n#EXTINF:{duration_s:.6f},\n"
            f"{self._folder}{msn}{self._suffix}\n"
        )
        self._starts.append(starts_at)
        self._longest_s = max(self._longest_s, duration_s)

    # --- what a container may do in its own way ---------------------------------------

    @property
    def _version(self) -> int:
        return VERSION

    def _config_of(self, row: SegmentOutline) -> str | None:
        """Of what makes the segment one that can be played here."""
        return row.video if self._kind == "video" else row.audio

    def _is_break(self, last: SegmentOutline, row: SegmentOutline) -> bool:
        """Whether the segment's timestamps do not go on where the last one's ended."""
        return (
            last.session != row.session or last.discontinuity_sequence != row.discontinuity_sequence
        )

    def _folder_of(self, row: SegmentOutline) -> str:
        """Where its segments lie, from the stream's folder on."""
        return f"{row.session}/{row.rendition}/"

    def _map_of(self, config: str) -> str:
        return f'#EXT-X-MAP:URI="{self._folder}init-{config}.mp4"'


def outline_of(segment: Segment) -> SegmentOutline:
    configs = {track.kind: track.config_id for track in segment.tracks}
    return SegmentOutline(
        session=segment.session,
        rendition=segment.rendition,
        msn=segment.msn,
        start_ms=segment.start_ms,
        duration_s=segment.duration_s,
        starts_at=segment.starts_at.astimezone(UTC).isoformat(),
        is_independent=segment.is_independent,
        discontinuity_sequence=segment.discontinuity_sequence,
        video=configs.get("video"),
        audio=configs.get("audio"),
    )
