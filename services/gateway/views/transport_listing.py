"""A media playlist of MPEG-TS segments, for players that know no fragmented MP4."""

from libs.events import Segment, TrackRange
from services.gateway.views.listing import VERSION, Listing

PLAIN_VERSION = 3
"""EXTINF with fractions (RFC 8216, 7): what the oldest players know."""


class TransportListing(Listing):
    """Segments with all of their tracks. `folder`: where they lie, if not in their rendition's."""

    def __init__(self, *, to_stream: str = "", folder: str = "") -> None:
        super().__init__("video", to_stream=to_stream)
        self._folder = folder

    @property
    def _version(self) -> int:
        return VERSION if self._gaps else PLAIN_VERSION

    def _track_of(self, segment: Segment) -> TrackRange | None:
        return next(iter(segment.tracks), None)

    def _is_break(self, last: Segment, segment: Segment) -> bool:
        """Also where the codec settings change: no init segment says so here."""
        is_other = bool(last.tracks and segment.tracks) and _configs(last) != _configs(segment)
        return is_other or super()._is_break(last, segment)

    def _uri_of(self, of: Segment, msn: int) -> str:
        return f"{self._folder or f'{of.session}/{of.rendition}'}/{msn}.ts"

    def _map_of(self, segment: Segment, track: TrackRange | None) -> str:  # noqa: ARG002
        return ""


def _configs(row: Segment) -> set[tuple[str, str]]:
    return {(track.kind, track.config_id) for track in row.tracks}
