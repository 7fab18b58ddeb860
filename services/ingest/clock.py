"""The session clock: publisher time to session time. Every timestamp fault is mended here, once.

Session time is in ms from 10 000, never wraps and never runs backwards within a track. A healthy
push is shifted by one constant and otherwise untouched; no tag is ever dropped, made up or put
before another.

A tag that is off its track's timeline is *held*, with all that comes behind it, until the track's
next tags tell what it was:

- the next one is back in line: it was an outlier, and is stamped between its neighbours;
- `PERSISTS` tags agree: the timestamps jumped. A new timeline begins with the first of them, right
  behind the last tags of all tracks, and the other track follows when it jumps, too.
"""

import time
from collections.abc import Callable
from typing import Literal, NamedTuple

from libs.media.flv import Tag, TagType

START_MS = 10_000
"""Room below the first tag for a track that begins earlier than the first one seen."""
NEAR_MS = 3_000
"""A step forward that needs no reason. A longer one is a pause if it agrees with the wall clock
(it keeps its length, but nobody should show a frame that long: a new timeline begins), else a jump.
"""
PAUSE_STEPS = 4
"""Steps of a slow track (a picture every ten seconds) that are no pause yet."""
BACK_MS = 250
"""A step back within a track that is jitter rather than a jump."""
APART_MS = 10_000
"""Distance within which the tracks of a publish begin on one timeline."""
PERSISTS = 3
"""Tags of one track that make a jump a new timeline rather than an outlier."""
REJOIN_MS = 100
"""Least distance between two publishes: room for a track that begins before the other."""
MAX_HELD = 256
"""Tags that wait for the track of an outlier to go on; then it was one."""

_WRAP = 1 << 31
"""RTMP timestamps wrap at 2^32 ms, FFmpeg's at 2^31. Counting modulo the smaller covers both."""
_HALF_WRAP = _WRAP >> 1
_STEP_MS = {TagType.AUDIO: 23, TagType.VIDEO: 40, TagType.SCRIPT: 0}
"""Distance of a re-stamped tag from its predecessor until the track's own is known."""
_MAX_STEP_MS = 1000
"""The longest such distance: a pause is no step."""

Cause = Literal["reconnect", "pause", "timestamp_jump"]


class Stamped(NamedTuple):
    """A tag with its session time."""

    tag: Tag
    """As it was published."""
    session_ms: int
    is_timed: bool
    cause: Cause | None
    """Why a new timeline begins with this tag, if one does."""


class _Held(NamedTuple):
    tag: Tag
    is_timed: bool


class _Track:
    """What the clock knows of one track. Raw times are publisher times, unwrapped."""

    __slots__ = ("last_ms", "offset", "raw", "step_ms", "usual_ms")

    def __init__(self, kind: TagType) -> None:
        self.raw: int | None = None
        """Of its last tag that was in line, within this publish."""
        self.offset = 0
        """Session time less raw time."""
        self.last_ms: int | None = None
        self.step_ms = self.usual_ms = _STEP_MS[kind]
        """Its newest step forward, and the shorter of the newest two: one long step among short
        ones says nothing about the next."""


class SessionClock:
    """Stamps the tags of a session, publish after publish.

    `now_ms` is a clock that never steps back; it tells how long the publishers were away, and
    whether a long step is a pause.
    """

    def __init__(self, *, now_ms: Callable[[], float] = lambda: time.monotonic() * 1000) -> None:
        self.latest_ms = START_MS
        """The latest session time that was given out."""
        self._now_ms = now_ms
        self.given_at = now_ms()
        """When the newest timed tag came, by that clock."""
        self._tracks = {kind: _Track(kind) for kind in TagType}
        self._newest: _Track | None = None
        """The track of this publish's last tag."""
        self._has_begun = False
        self._held: list[_Held] = []
        self._suspect_raw = 0
        self._suspects = 0

    def begin_publish(self) -> None:
        """The next tags come from another publish: their times have nothing to do with the last."""
        assert not self._held, "flush before the next publish"
        self._newest = None
        for track in self._tracks.values():
            track.raw = None

    def stamp(self, tag: Tag, *, is_timed: bool = True) -> list[Stamped]:
        """Take a tag; answers with the tags that are certain now, in the order they came.

        A tag that is not timed (script, sequence header) goes with its neighbours.
        """
        if self._held:
            self._held.append(_Held(tag, is_timed))
            return self._settle(tag, is_timed=is_timed)
        if not is_timed:
            return [Stamped(tag, self.latest_ms, False, None)]
        track = self._tracks[tag.type]
        if self._newest is None:
            return [self._begin(track, tag)]
        raw = self._raw_in_line(track, tag.dts_ms)
        if raw is not None:
            is_pause = self._is_pause(track, raw + track.offset)
            stamped = self._give(track, tag, raw)
            return [stamped._replace(cause="pause") if is_pause else stamped]
        self._held.append(_Held(tag, is_timed))
        self._suspect_raw = unwrap(tag.dts_ms, self._near(track))
        self._suspects = 1
        return []

    def follow(self, tag: Tag) -> int | None:
        """The session time of a timed tag that simply goes on; None if only `stamp` can tell.

        It is the short way of `stamp` to the same end, and what most tags need.
        """
        track = self._tracks[tag.type]
        raw, last_ms = track.raw, track.last_ms
        if raw is None or last_ms is None or self._held:
            return None
        raw += (tag.dts_ms - raw) % _WRAP
        session_ms = raw + track.offset
        step = session_ms - last_ms
        if not 0 < step <= _MAX_STEP_MS:
            return None
        track.raw, track.last_ms = raw, session_ms
        track.usual_ms = min(track.step_ms, step)
        track.step_ms = step
        self._newest = track
        self.latest_ms = max(self.latest_ms, session_ms)
        self.given_at = self._now_ms()
        return session_ms

    def flush(self) -> list[Stamped]:
        """Give out what is held: nothing of this publish follows."""
        given: list[Stamped] = []
        while self._held:
            given += self._mend(ceiling_ms=None)
        return given

    # --- healthy tags -----------------------------------------------------------------------

    def _begin(self, track: _Track, tag: Tag) -> Stamped:
        """The first timed tag of a publish sets the offset of all tracks."""
        base = START_MS
        cause: Cause | None = None
        if self._has_begun:
            away_ms = int(self._now_ms() - self.given_at)
            base, cause = self.latest_ms + max(away_ms, REJOIN_MS), "reconnect"
        self._has_begun = True
        for each in self._tracks.values():
            each.offset = base - tag.dts_ms
        stamped = self._give(track, tag, tag.dts_ms)
        return stamped._replace(cause=cause)

    def _raw_in_line(self, track: _Track, timestamp: int) -> int | None:
        """The tag's raw time if it continues its track; None if it is off."""
        raw = unwrap(timestamp, self._near(track))
        if self._is_in_line(track, raw + track.offset):
            return raw
        for other in self._tracks.values():
            # The other track has jumped already, and this one follows.
            if other is not track and other.raw is not None and other.offset != track.offset:
                raw = unwrap(timestamp, other.raw)
                if self._is_in_line(track, raw + other.offset):
                    track.offset = other.offset
                    return raw
        return None

    def _is_in_line(self, track: _Track, mapped: int) -> bool:
        ahead_ms = mapped - self.latest_ms
        if track.raw is None or track.last_ms is None:
            return abs(ahead_ms) <= APART_MS
        if mapped < track.last_ms - BACK_MS:
            return False
        return ahead_ms <= NEAR_MS or ahead_ms <= NEAR_MS + self._now_ms() - self.given_at

    def _is_pause(self, track: _Track, mapped: int) -> bool:
        if mapped - self.latest_ms <= NEAR_MS or track.last_ms is None:
            return False
        return mapped - track.last_ms > PAUSE_STEPS * track.step_ms

    def _near(self, track: _Track) -> int:
        """The raw time about which the track's next one is expected."""
        return self.latest_ms - track.offset if track.raw is None else track.raw

    def _give(self, track: _Track, tag: Tag, raw: int) -> Stamped:
        track.raw = raw
        self._newest = track
        return self._put(track, tag, raw + track.offset)

    def _put(self, track: _Track, tag: Tag, mapped: int) -> Stamped:
        last = track.last_ms
        if last is not None:
            step = mapped - last
            if step < 0:
                mapped = last
            elif step:
                track.usual_ms = min(step, track.step_ms, _MAX_STEP_MS)
                track.step_ms = step
        track.last_ms = mapped
        self.latest_ms = max(self.latest_ms, mapped)
        self.given_at = self._now_ms()
        return Stamped(tag, mapped, True, None)

    # --- tags that are off ------------------------------------------------------------------

    def _settle(self, tag: Tag, *, is_timed: bool) -> list[Stamped]:
        """What the newest held tag tells about the oldest."""
        if not is_timed or tag.type is not self._held[0].tag.type:
            return self._mend(ceiling_ms=None) if len(self._held) > MAX_HELD else []
        track = self._tracks[tag.type]
        raw = self._raw_in_line(track, tag.dts_ms)
        if raw is not None:
            return self._mend(ceiling_ms=raw + track.offset)
        raw = unwrap(tag.dts_ms, self._suspect_raw)
        if not -BACK_MS <= raw - self._suspect_raw <= NEAR_MS:
            return self._mend(ceiling_ms=None)
        self._suspect_raw = raw
        self._suspects += 1
        return self._jump(track) if self._suspects >= PERSISTS else []

    def _mend(self, *, ceiling_ms: int | None) -> list[Stamped]:
        """The first suspect was an outlier: stamp it behind its track, take the rest again."""
        (first, _), *rest = self._held
        self._held = []
        track = self._tracks[first.type]
        given = [self._put(track, first, self._between(track, ceiling_ms))]
        for tag, is_timed in rest:
            given += self.stamp(tag, is_timed=is_timed)
        return given

    def _between(self, track: _Track, ceiling_ms: int | None) -> int:
        if track.last_ms is None:
            return self.latest_ms
        next_ms = track.last_ms + track.usual_ms
        return next_ms if ceiling_ms is None else min(next_ms, ceiling_ms)

    def _jump(self, track: _Track) -> list[Stamped]:
        """A new timeline begins with the first suspect, behind the last tags of all tracks."""
        held, self._held = self._held, []
        first_raw = unwrap(held[0].tag.dts_ms, self._suspect_raw)
        is_new_track = track.raw is None
        if is_new_track or track.last_ms is None:
            track.offset = self.latest_ms - first_raw
        else:
            next_ms = track.last_ms + track.usual_ms
            track.offset = max(next_ms, self.latest_ms) - first_raw
        track.raw = first_raw
        given: list[Stamped] = []
        for tag, is_timed in held:
            given += self.stamp(tag, is_timed=is_timed)
        if not is_new_track:
            given[0] = given[0]._replace(cause="timestamp_jump")
        return given


def unwrap(timestamp: int, near: int) -> int:
    """The time that is `timestamp` modulo 2^31 and nearest to `near`."""
    return near + (timestamp - near + _HALF_WRAP) % _WRAP - _HALF_WRAP
