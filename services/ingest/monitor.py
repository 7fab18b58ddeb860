"""The monitor of a session: counts what a publisher sends while it is numbered.

`picture` and `sound` are on the hot path: a few additions and comparisons, no clock is asked. What
the counts say is worked out by `vitals` when somebody wants to know. `at_ms` is when a frame came,
by the clock that never steps back.
"""

from collections import deque
from math import inf
from typing import NamedTuple

from libs.vitals import WINDOW_S, ChangeCause

LATE_MS = 300
"""A frame that comes so much later than its timestamp says has waited on its way."""
SETTLING_MS = 5_000
"""A publish begins with what its encoder has saved up: nothing about clocks is learnt from that."""
DELAYS = 300
"""Seconds over which clocks are compared."""
SILENT_BYTES = 16
"""AAC needs no more for a frame of silence. Encoders of a constant rate fill it up, but then one
such frame is like the other. A single frame that is neither says nothing: FFmpeg's AAC has its
encoder's name in one of 256."""

_NEVER_MS = 1 << 62
"""Session time of a frame that there is not: no step from it leads forward."""


class Second:
    """What came in one second, or until the next frame after it."""

    __slots__ = ("at_ms", "delay_ms", "media_ms", "pictures", "size_bytes", "sounds", "steps")

    def __init__(self, at_ms: float) -> None:
        self.at_ms = at_ms
        self.pictures = self.sounds = 0
        self.size_bytes = 0
        self.media_ms = 0
        """By how much session time went on."""
        self.delay_ms = inf
        """The least delay of its frames: when they came, less session time."""
        self.steps: dict[int, int] = {}
        """How often two pictures were so many ms apart."""


class Late(NamedTuple):
    at_ms: float
    by_ms: float


class GOP(NamedTuple):
    at_ms: float
    """When its end came."""
    length_ms: int


class Changed(NamedTuple):
    at_ms: float
    cause: ChangeCause
    was: str
    now: str


class Track:
    """The newest frame of a track."""

    __slots__ = ("at_ms", "session_ms")

    def __init__(self) -> None:
        self.at_ms = -inf
        self.session_ms = _NEVER_MS

    @property
    def has_begun(self) -> bool:
        return self.at_ms > -inf

    @property
    def is_known(self) -> bool:
        """Whether it has had a frame since its timeline began."""
        return self.session_ms < _NEVER_MS


class Monitor:
    """One a session; `begin` begins anew with each publish."""

    def __init__(self) -> None:
        self.changes: deque[Changed] = deque(maxlen=32)
        self.begin()

    def begin(self) -> None:
        """What comes next belongs to another publish; what has changed stays known."""
        self.began_ms: float | None = None
        """When its first frame came."""
        self.first_ms = self.latest_ms = 0
        """Session time of the first frame, and of that which began the newest second."""
        self.video, self.audio = Track(), Track()
        self.heard_ms = -inf
        """When sound came that is not silence."""
        self.seconds: deque[Second] = deque(maxlen=WINDOW_S)
        """Those that are over, oldest first."""
        self.delays: deque[tuple[float, float]] = deque(maxlen=DELAYS)
        """When each second began, and its delay."""
        self.late: deque[Late] = deque(maxlen=64)
        self.gops: deque[GOP] = deque(maxlen=64)
        self.keyframe_ms: int | None = None
        self.reorder_ms = 0
        self.apart_ms: deque[int] = deque(maxlen=15)
        """By second, how far video was ahead of audio."""
        self._second = Second(0.0)
        self._turn_ms = -inf
        self._body = b""
        self._is_heard = False

    # --- the hot path -----------------------------------------------------------------------

    def picture(self, session_ms: int, at_ms: float, size_bytes: int) -> None:
        """A frame of video was numbered."""
        if at_ms >= self._turn_ms:
            self._turn(session_ms, at_ms)
        second, track = self._second, self.video
        second.pictures += 1
        second.size_bytes += size_bytes
        if at_ms - session_ms < second.delay_ms:  # noqa: PLR1730 - half the time of `min`
            second.delay_ms = at_ms - session_ms
        step = session_ms - track.session_ms
        if step > 0:
            second.steps[step] = second.steps.get(step, 0) + 1
            if at_ms - track.at_ms - step > LATE_MS:
                self.late.append(Late(at_ms, at_ms - track.at_ms - step))
        track.session_ms, track.at_ms = session_ms, at_ms

    def sound(self, session_ms: int, at_ms: float, body: bytes) -> None:
        """A frame of audio was numbered; `body` is its tag's."""
        if at_ms >= self._turn_ms:
            self._turn(session_ms, at_ms)
        second, track = self._second, self.audio
        second.sounds += 1
        second.size_bytes += len(body)
        is_heard = len(body) > SILENT_BYTES and body != self._body
        if is_heard and self._is_heard:
            self.heard_ms = at_ms
        self._is_heard = is_heard
        self._body = body
        if not second.pictures and not self.video.has_begun:
            self._alone(second, session_ms, at_ms)
        track.session_ms, track.at_ms = session_ms, at_ms

    # --- what is rarer ----------------------------------------------------------------------

    def keyframe(self, session_ms: int, at_ms: float, reorder_ms: int) -> None:
        """The picture that is numbered next is one."""
        if self.keyframe_ms is not None:
            self.gops.append(GOP(at_ms, session_ms - self.keyframe_ms))
        self.keyframe_ms = session_ms
        self.reorder_ms = reorder_ms

    def change(self, at_ms: float, cause: ChangeCause, was: str = "", now: str = "") -> None:
        """A new timeline or configuration begins: no step or GOP reaches over it."""
        self.changes.append(Changed(at_ms, cause, was, now))
        self.keyframe_ms = None
        self.video.session_ms = self.audio.session_ms = _NEVER_MS

    def _alone(self, second: Second, session_ms: int, at_ms: float) -> None:
        """Sound without pictures tells of the line itself."""
        track = self.audio
        second.delay_ms = min(second.delay_ms, at_ms - session_ms)
        late_ms = at_ms - track.at_ms - (session_ms - track.session_ms)
        if session_ms > track.session_ms and late_ms > LATE_MS:
            self.late.append(Late(at_ms, late_ms))

    def _turn(self, session_ms: int, at_ms: float) -> None:
        """A second is over, or the first begins."""
        if self.began_ms is None:
            self.began_ms = at_ms
            self.first_ms = session_ms
        else:
            self._close(session_ms, self._second)
        self.latest_ms = session_ms
        self._second = Second(at_ms)
        self._turn_ms = at_ms + 1000

    def _close(self, session_ms: int, second: Second) -> None:
        second.media_ms = session_ms - self.latest_ms
        self.seconds.append(second)
        age_ms = second.at_ms - (self.began_ms or 0.0)
        if age_ms >= SETTLING_MS and second.delay_ms < inf:
            self.delays.append((second.at_ms, second.delay_ms))
        if second.pictures and second.sounds and self.video.is_known and self.audio.is_known:
            self.apart_ms.append(self.video.session_ms - self.audio.session_ms)
