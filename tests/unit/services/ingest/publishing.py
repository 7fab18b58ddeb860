"""A publisher in numbers: frames that come to a monitor as its settings say."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from libs.vitals import Vitals
from services.ingest.clock import START_MS
from services.ingest.monitor import Monitor
from services.ingest.vitals import read_vitals

SOUND_MS = 21
HEADERS: dict[str, bytes] = {}


@dataclass
class Publisher:
    """Healthy, unless told otherwise: 25 frames a second, a GOP of two seconds, 2 Mbit/s."""

    step_ms: int = 40
    gop_ms: int = 2000
    has_picture: bool = True
    has_sound: bool = True
    reorder_ms: int = 0
    speed: float = 1.0
    """Of its clock."""
    size_of: Callable[[int], int] = lambda _: 10_000
    """Bytes of the picture at so many ms."""
    sound_of: Callable[[int], bytes] = lambda at: bytes([at % 251]) * 200
    late_of: Callable[[float], float] = lambda _: 0.0
    """By how many ms what is sent at a time comes late."""
    is_left_out: Callable[[int], bool] = lambda _: False
    """Which pictures never come."""
    ahead_ms: int = 0
    """By how much its pictures are ahead of its sound."""
    monitor: Monitor = field(default_factory=Monitor)

    def push(self, seconds: float, *, from_s: float = 0.0) -> "Publisher":
        came_ms = 0.0
        for at, is_picture in sorted(self._frames(int(from_s * 1000), int(seconds * 1000))):
            came_ms = max(came_ms, at / self.speed + self.late_of(at / self.speed))
            if is_picture:
                self._picture(START_MS + at + self.ahead_ms, came_ms, at)
            else:
                self.monitor.sound(START_MS + at, came_ms, self.sound_of(at))
        return self

    def vitals(self, at_s: float) -> Vitals:
        found = read_vitals(self.monitor, at_s * 1000, HEADERS, sound_codec="mp4a")
        assert found is not None
        return found

    def _frames(self, from_ms: int, until_ms: int) -> Iterable[tuple[int, bool]]:
        if self.has_sound:
            yield from ((at, False) for at in range(from_ms, until_ms, SOUND_MS))
        if self.has_picture:
            yield from ((at, True) for at in range(from_ms, until_ms, self.step_ms))

    def _picture(self, session_ms: int, came_ms: float, at: int) -> None:
        if self.is_left_out(at):
            return
        if at % self.gop_ms == 0:
            self.monitor.keyframe(session_ms, came_ms, self.reorder_ms)
        self.monitor.picture(session_ms, came_ms, self.size_of(at))
