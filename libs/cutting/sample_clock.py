"""Audio time by counting samples: millisecond stamps only say where counting starts.

Stamps are whole milliseconds and a frame is not, so times made from stamps would drift and
jitter. Counting never does; the stamps watch over it:

- within `TOLERANCE_MS` of the count, a stamp changes nothing;
- beyond it (two clocks that drift apart), each frame is moved by half a frame towards its stamp;
- a stamp `GAP_MS` or more ahead means that samples are missing, and counting starts anew there.

Time never runs backwards: stamps far behind the count are approached in half frames as well.
"""

TOLERANCE_MS = 60
"""Below what an eye notices between lips and voice, above the jitter of encoders' stamps."""

GAP_MS = 160


class SampleClock:
    """Gives each audio frame of one timeline its PTS in samples."""

    def __init__(self, rate: int, frame_samples: int, next_pts: int | None = None) -> None:
        self._rate = rate
        self._frame_samples = frame_samples
        self.next_pts = next_pts
        """Where the next frame falls by the count; None before the first."""

    def place(self, dts_ms: int) -> int:
        """The PTS of the frame that is stamped `dts_ms`."""
        stamp = (dts_ms * self._rate + 500) // 1000
        pts = stamp if self.next_pts is None else self._adjust(self.next_pts, stamp)
        self.next_pts = pts + self._frame_samples
        return pts

    def _adjust(self, counted: int, stamp: int) -> int:
        drift_ms = (stamp - counted) * 1000 / self._rate
        if drift_ms >= GAP_MS:
            return stamp
        if drift_ms > TOLERANCE_MS:
            return counted + self._frame_samples // 2
        if drift_ms < -TOLERANCE_MS:
            return counted - self._frame_samples // 2
        return counted
