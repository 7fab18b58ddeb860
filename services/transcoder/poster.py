"""A poster's material: keyframes from all over a session, one of which is to stand for it."""

from collections import Counter
from collections.abc import Sequence

from libs.events import Segment
from services.transcoder.material import MaterialUnfit, track_of
from services.transcoder.storyboard import Keyframes

CANDIDATES = 16
"""Keyframes, evenly apart: the first of all is often a black one, or a title."""
WIDTH, HEIGHT = 1280, 720
"""Pixels into which it fits; nothing is enlarged."""


class Candidates(Keyframes):
    """Of the codec configuration that most of the rows have: all are of one size."""

    def __init__(self, rows: Sequence[Segment]) -> None:
        configs = Counter(
            track.config_id
            for row in rows
            if row.is_independent and (track := track_of(row, "video")) is not None
        )
        if not configs:
            raise MaterialUnfit("There is no picture in it.")
        ((most, _),) = configs.most_common(1)
        kept = [
            row
            for row in rows
            if (track := track_of(row, "video")) is not None and track.config_id == most
        ]
        super().__init__(kept, tiles=CANDIDATES)
