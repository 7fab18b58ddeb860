"""The session clock: publisher time to session time. Every timestamp fault is mended here, once.

Session time is in ms from 10 000, never wraps and never runs backwards within a track. A healthy
push is shifted by one constant and otherwise untouched.
"""

from typing import Literal

from libs.media.flv import TagType

START_MS = 10_000
"""Room below the first tag for tracks that begin a little earlier than the first one seen."""
NEAR_MS = 5_000
"""A tag this near to the session's time is on its timeline."""
BACK_MS = 250
"""A step back within a track that is jitter rather than a new timeline."""
PERSISTS = 3
"""Tags of one track that make a jump a new timeline rather than an outlier."""
STEP_MS = {TagType.AUDIO: 23, TagType.VIDEO: 40, TagType.SCRIPT: 0}
"""Distance of a re-stamped tag from its predecessor before the track's own is known."""

_WRAP_32 = 1 << 32
_HALF_32 = 1 << 31
_NEAR_WRAP_MS = 3_600_000

Discontinuity = Literal["reconnect", "timestamp_jump"]


class _TrackClock:
    """What the clock knows of one track."""

    __slots__ = ("last_ms", "outlier_raw", "outliers", "raw", "step_ms")

    def __init__(self, kind: TagType) -> None:
        self.raw: int | None = None
        """The last unwrapped publisher time on the session's timeline."""
        self.last_ms: int | None = None
        self.step_ms = STEP_MS[kind]
        self.outliers = 0
        self.outlier_raw = 0


class SessionClock:
    """Maps the media tags of a session, publish after publish."""

    def __init__(self) -> None:
        self.now_ms = START_MS
        """The latest session time that was given out."""
        self._offset: int | None = None
        self._rebase_ms = START_MS
        self._is_reconnect = False
        self._tracks: dict[TagType, _TrackClock] = {}

    def begin_publish(self, *, away_ms: int) -> None:
        """A new publish of the same session begins, `away_ms` of wall clock after the last tag."""
        if self._offset is not None:
            self._is_reconnect = True
            self._rebase_ms = self.now_ms + max(away_ms, 1)
        self._offset = None
        for track in self._tracks.values():
            track.raw = None
            track.outliers = 0

    def map(self, kind: TagType, timestamp: int) -> tuple[int, Discontinuity | None]:
        """Session time of a media tag, and the discontinuity that stands before it."""
        track = self._tracks.get(kind)
        if track is None:
            track = self._tracks[kind] = _TrackClock(kind)
        if self._offset is None:
            return self._begin_timeline(track, timestamp)
        raw = self._unwrap(track, timestamp)
        mapped = raw + self._offset
        last = track.last_ms
        is_far = abs(mapped - self.now_ms) > NEAR_MS
        is_back = last is not None and track.raw is not None and mapped < last - BACK_MS
        if is_far or is_back:
            return self._outlier(track, raw)
        track.outliers = 0
        track.raw = raw
        return self._give(track, mapped), None

    def _begin_timeline(
        self, track: _TrackClock, timestamp: int
    ) -> tuple[int, Discontinuity | None]:
        self._offset = self._rebase_ms - timestamp
        track.raw = timestamp
        cause: Discontinuity | None = "reconnect" if self._is_reconnect else None
        self._is_reconnect = False
        return self._give(track, self._rebase_ms), cause

    def _outlier(self, track: _TrackClock, raw: int) -> tuple[int, Discontinuity | None]:
        """Re-stamp a tag that is off; let a jump that persists become the timeline."""
        is_consistent = track.outliers > 0 and 0 <= raw - track.outlier_raw <= NEAR_MS
        track.outliers = track.outliers + 1 if is_consistent else 1
        track.outlier_raw = raw
        if track.outliers < PERSISTS:
            base = self.now_ms if track.last_ms is None else track.last_ms
            return self._give(track, base + track.step_ms), None
        mapped = self.now_ms + track.step_ms
        self._offset = mapped - raw
        for other in self._tracks.values():
            other.outliers = 0
            other.raw = None
        track.raw = raw
        return self._give(track, mapped), "timestamp_jump"

    def _give(self, track: _TrackClock, mapped: int) -> int:
        last = track.last_ms
        if last is not None:
            if mapped <= last:
                mapped = last + (1 if mapped < last else 0)
            elif mapped - last < 1000:  # noqa: PLR2004 - a pause is not the track's step
                track.step_ms = mapped - last
        track.last_ms = mapped
        self.now_ms = max(self.now_ms, mapped)
        return mapped

    def _unwrap(self, track: _TrackClock, timestamp: int) -> int:
        """Continue the track's time over the wraps at 2^31 (FFmpeg masks a bit) and 2^32 ms."""
        assert self._offset is not None
        # A track without history is measured against the session's time.
        near = track.raw if track.raw is not None else self.now_ms - self._offset
        delta = (timestamp - near + _HALF_32) % _WRAP_32 - _HALF_32
        if delta < _NEAR_WRAP_MS - _HALF_32:
            delta += _HALF_32
        return near + delta
