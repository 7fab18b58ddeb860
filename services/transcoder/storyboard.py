"""A storyboard's material: of the rows that it shows one keyframe each, nothing else of them."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from libs.events import Segment, TrackRange
from libs.media.cmaf import VIDEO_TIMESCALE, VIDEO_TRACK_ID, write_chunk
from libs.media.cmaf_reader import read_chunks
from services.transcoder.material import (
    Material,
    MaterialUnfit,
    Part,
    Store,
    init_of,
    range_of,
    track_of,
)

COLUMNS = 10
TILE_WIDTH, TILE_HEIGHT = 160, 90
"""Pixels; what has another shape stands in the middle."""
MAX_CONFIGS = 8
"""Each needs a decoder of its own. Of a session that changes its codec settings more often, the
rarest are left out."""


class Keyframes(Material):
    """Of `tiles` rows at most, evenly apart. Each codec configuration is an input of its own."""

    def __init__(self, rows: Sequence[Segment], *, tiles: int) -> None:
        shown = _shown(rows)
        if not shown:
            raise MaterialUnfit("The range has no keyframe.")
        count = min(tiles, len(shown))
        self._chosen = [shown[index * len(shown) // count] for index in range(count)]
        super().__init__([row for row, _ in self._chosen])
        self.kinds = ["video" for _ in {track.config_id for _, track in self._chosen}]
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

    def feeds(self, store: Store) -> list[list[Part]]:
        """Of each configuration that, then a chunk of one keyframe for each of its tiles. The time
        of each is its tile's number, so that all can be put in order again.
        """
        feeds: dict[str, list[Part]] = {}
        for number, (row, track) in enumerate(self._chosen):
            feed = feeds.setdefault(track.config_id, [init_of(row, track, store)])
            feed.append(_keyframe(range_of(row, track, store), number))
        return list(feeds.values())


def _shown(rows: Sequence[Segment]) -> list[tuple[Segment, TrackRange]]:
    """Those that begin with a keyframe, each with its picture."""
    found = [
        (row, track)
        for row in rows
        if row.is_independent and (track := track_of(row, "video")) is not None
    ]
    counts = Counter(track.config_id for _, track in found)
    kept = {config for config, _ in counts.most_common(MAX_CONFIGS)}
    return [(row, track) for row, track in found if track.config_id in kept]


def _keyframe(part: Part, number: int) -> Part:
    async def cut() -> bytes:
        first = next(iter(read_chunks(await part())))
        sample = first.samples[0]._replace(duration=VIDEO_TIMESCALE, composition=0)
        return write_chunk(VIDEO_TRACK_ID, number, number * VIDEO_TIMESCALE, [sample])

    return cut
