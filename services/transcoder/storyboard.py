"""A storyboard's material: of the rows that it shows one keyframe each, nothing else of them."""

import math
from collections.abc import Sequence
from typing import Any

from libs.events import Segment, TrackRange
from libs.media.cmaf import VIDEO_TIMESCALE, VIDEO_TRACK_ID, write_chunk
from libs.media.cmaf_reader import read_chunks
from services.transcoder.material import Material, MaterialUnfit, Part, Store

COLUMNS = 10
TILE_WIDTH, TILE_HEIGHT = 160, 90
"""Pixels; what has another shape stands in the middle."""


class Keyframes(Material):
    """Of `tiles` rows at most, evenly apart."""

    def __init__(self, rows: Sequence[Segment], *, tiles: int) -> None:
        shown = [row for row in rows if row.is_independent and _video(row) is not None]
        if not shown:
            raise MaterialUnfit("The range has no keyframe.")
        count = min(tiles, len(shown))
        chosen = [shown[index * len(shown) // count] for index in range(count)]
        super().__init__(chosen)
        self.kinds = ["video"]
        self.frames = 1
        """All tiles are one picture."""

    @property
    def columns(self) -> int:
        return min(COLUMNS, len(self.rows))

    @property
    def lines(self) -> int:
        return math.ceil(len(self.rows) / self.columns)

    @property
    def told(self) -> dict[str, Any]:
        """What the job's result says of the sheet."""
        return {
            "columns": self.columns,
            "tile_width": TILE_WIDTH,
            "tile_height": TILE_HEIGHT,
            "tiles_ms": [row.start_ms for row in self.rows],
        }

    def parts(self, kind: str, store: Store) -> list[Part]:
        """The configuration, then a chunk of one keyframe for each tile."""
        init, *parts = super().parts(kind, store)
        return [init, *(_keyframe(part, number) for number, part in enumerate(parts))]


def _keyframe(part: Part, number: int) -> Part:
    async def cut() -> bytes:
        first = next(iter(read_chunks(await part())))
        sample = first.samples[0]._replace(duration=VIDEO_TIMESCALE, composition=0)
        return write_chunk(VIDEO_TRACK_ID, number, number * VIDEO_TIMESCALE, [sample])

    return cut


def _video(row: Segment) -> TrackRange | None:
    return next((track for track in row.tracks if track.kind == "video"), None)
