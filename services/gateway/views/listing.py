"""A media playlist as a view over rows of the segment log (RFC 8216).

Rows only come at its end, so each row's lines are written once: a playlist of hours that grows by
a segment costs one segment.
"""

from bisect import bisect_left
from datetime import datetime, timedelta

from libs.events import Segment, SegmentOutline, TrackKind

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
        self._mapped = ("", "")
        """The session and the codec configuration that the last of them is of."""
        self._discontinuities: list[int] = []
        """How many stand before and at each entry."""
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
        last = self._last
        is_break = False
        if last is not None:
            if last.session == row.session and row.msn > last.msn + 1:
                self._add_gaps(last, row)
            is_break = self._is_break(last, row)
        config, init = self._config_of(row), ""
        if config is not None:
            self.has_track = True
            if (row.session, config) != self._mapped:
                self._mapped = (row.session, config)
                init = self._map_of(row, config)
            if self._kind == "video" and not row.is_independent:
                self._dependent += 1
        self._put(
            row, row.msn, row.starts_at, row.duration_s,
            init=init, is_break=is_break, is_gap=config is None,
        )  # fmt: skip
        self._last = row

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

    def _add_gaps(self, last: SegmentOutline, row: SegmentOutline) -> None:
        """What was lost is listed as lost, so that what follows keeps its place and time."""
        missing = row.msn - last.msn - 1
        ends_at = last.starts_at + timedelta(seconds=last.duration_s)
        hole_s = max(0.0, row.start_ms / 1000 - last.start_ms / 1000 - last.duration_s)
        each_s = hole_s / missing
        if each_s == 0:
            return
        for index in range(missing):
            at = ends_at + timedelta(seconds=index * each_s)
            self._put(row, last.msn + 1 + index, at, each_s, is_gap=True)

    def _put(
        self, of: SegmentOutline, msn: int, at: datetime, duration_s: float, *,
        init: str = "", is_break: bool = False, is_gap: bool = False,
    ) -> None:  # fmt: skip
        tags = ""
        if is_break or init or is_gap:
            tags = (
                ("#EXT-X-DISCONTINUITY\n" if is_break else "")
                # The first of all stands in the playlist's head.
                + (f"{init}\n" if init and self._maps else "")
                + ("#EXT-X-GAP\n" if is_gap else "")
            )
        # Clock times are UTC; of one without its zone ISO 8601 is made in half the time.
        clock = at.replace(tzinfo=None).isoformat(timespec="milliseconds")
        self._lines.append(
            f"{tags}#EXT-X-PROGRAM-DATE-TIME:{clock}Z\n#EXTINF:{duration_s:.6f},\n"
            f"{self._to_stream}{self._uri_of(of, msn)}\n"
        )
        self._gaps += is_gap
        self._starts.append(at)
        self._maps.append(init or (self._maps[-1] if self._maps else ""))
        before = self._discontinuities[-1] if self._discontinuities else 0
        self._discontinuities.append(before + is_break)
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

    def _uri_of(self, of: SegmentOutline, msn: int) -> str:
        """From the stream's folder on."""
        return f"{of.session}/{of.rendition}/{msn}.{self._kind}.m4s"

    def _map_of(self, row: SegmentOutline, config: str) -> str:
        folder = f"{self._to_stream}{row.session}/{row.rendition}"
        return f'#EXT-X-MAP:URI="{folder}/init-{config}.mp4"'


def outline_of(segment: Segment) -> SegmentOutline:
    configs = {track.kind: track.config_id for track in segment.tracks}
    return SegmentOutline(
        session=segment.session,
        rendition=segment.rendition,
        msn=segment.msn,
        start_ms=segment.start_ms,
        duration_s=segment.duration_s,
        starts_at=segment.starts_at,
        is_independent=segment.is_independent,
        discontinuity_sequence=segment.discontinuity_sequence,
        video=configs.get("video"),
        audio=configs.get("audio"),
    )
