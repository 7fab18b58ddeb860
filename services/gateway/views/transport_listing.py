"""A media playlist of MPEG-TS segments, for players that know no fragmented MP4."""

from libs.events import SegmentOutline
from services.gateway.views.listing import VERSION, Listing

PLAIN_VERSION = 3
"""EXTINF with fractions (RFC 8216, 7): what the oldest players know."""


class TransportListing(Listing):
    """Segments with all of their tracks. `folder`: where they lie, if not in their rendition's."""

    def __init__(self, *, to_stream: str = "", folder: str = "") -> None:
        super().__init__("video", to_stream=to_stream)
        self._only_folder = folder
        self._suffix = ".ts"

    @property
    def _version(self) -> int:
        return VERSION if self._gaps else PLAIN_VERSION

    def _config_of(self, row: SegmentOutline) -> str | None:
        return row.video or row.audio

    def _is_break(self, last: SegmentOutline, row: SegmentOutline) -> bool:
        """Also where the codec settings change: no init segment says so here."""
        configs, before = (row.video, row.audio), (last.video, last.audio)
        is_other = any(configs) and any(before) and configs != before
        return is_other or super()._is_break(last, row)

    def _folder_of(self, row: SegmentOutline) -> str:
        return f"{self._only_folder}/" if self._only_folder else super()._folder_of(row)

    def _map_of(self, config: str) -> str:  # noqa: ARG002
        return ""
