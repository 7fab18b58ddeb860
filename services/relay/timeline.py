"""What the far end gets: one time line over all our connections to it.

Each connection begins with metadata and codec configuration, then a keyframe. Its time is session
time moved to begin near zero, so every connection, of this worker or the next, has the same; and it
never goes back: what an earlier connection has sent is not sent again.
"""

from collections.abc import Iterable

from libs.media.flv import Tag, TagType
from services.relay.frames import is_frame, is_join

SESSION_START_MS = 10_000
"""Where ingest lets session time begin."""


class Timeline:
    def __init__(self) -> None:
        self.skipped_frames = 0
        """Frames before a connection's first keyframe."""
        self._config: list[Tag] = []
        self._is_joined = False
        self._join_ms = 0
        self._sent_ms = -1
        """Of the newest frame that any connection had."""

    def begin(self, configuration: Iterable[Tag]) -> None:
        """A connection begins; `configuration` is in force before the next tag."""
        self._config = list(configuration)
        self._is_joined = False

    def place(self, tag: Tag, *, has_video: bool) -> list[Tag]:
        """What to send for the next tag: nothing, the tag in the far end's time, or the beginning
        of a connection and the tag.
        """
        dts_ms = max(0, tag.dts_ms - SESSION_START_MS)
        placed = tag._replace(dts_ms=dts_ms)
        if not is_frame(tag):
            return self._place_configuration(placed)
        can_join = is_join(tag) if has_video else True
        if not self._is_joined and can_join and dts_ms > self._sent_ms:
            self._is_joined = True
            self._join_ms = self._sent_ms = dts_ms
            return [*(each._replace(dts_ms=dts_ms) for each in self._config), placed]
        # Sound that belongs before the first picture would come before the beginning.
        if not self._is_joined or dts_ms < self._join_ms:
            self.skipped_frames += 1
            return []
        self._sent_ms = max(self._sent_ms, dts_ms)
        return [placed]

    def _place_configuration(self, placed: Tag) -> list[Tag]:
        if self._is_joined:
            return [placed]
        self._config = [each for each in self._config if not _is_same_kind(each, placed)]
        self._config.append(placed)
        return []


def _is_same_kind(one: Tag, other: Tag) -> bool:
    """Whether `other` replaces `one`: a track's configuration, or metadata of the same name."""
    return one.type is other.type and (
        one.type is not TagType.SCRIPT or one.body[:16] == other.body[:16]
    )
