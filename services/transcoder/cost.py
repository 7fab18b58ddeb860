"""What work costs, in cores, and whether there is room for it.

Measured with `veryfast` on one x86 core: 47 million pixels a second of rungs beside the decoding of
1080p30 (62 million) keep it two thirds busy. An estimate is enough: a worker that took too much
sheds rungs, and says so.
"""

from collections.abc import Callable

from libs.events import TranscodePlan

USUAL_FPS = 30
DECODED_PIXELS_A_CORE = 400e6
ENCODED_PIXELS_A_CORE = 95e6
HEVC_FACTOR = 4.0
"""What H.265 costs of the same pixels: 1.7 s beside 0.4 s of a core for 4 s of 360p, each with its
`veryfast`.
"""
USUAL_SOURCE_PIXELS = 1920 * 1080
SOUND_CORES = 0.02
"""To make a session's sound AAC."""


def cost_of(plan: TranscodePlan) -> float:
    """Cores that are busy with it, for the usual source; that is not known before it is pulled."""
    rungs = plan.ladder.rungs if plan.ladder is not None else ()
    pixels: float = sum(rung.width * rung.height for rung in rungs)
    if plan.ladder is not None and plan.ladder.codec == "libx265":
        pixels *= HEVC_FACTOR
    encoded = (pixels + bool(plan.marks) * USUAL_SOURCE_PIXELS) * USUAL_FPS
    decoded = USUAL_SOURCE_PIXELS * USUAL_FPS if encoded else 0
    pictures = encoded / ENCODED_PIXELS_A_CORE + decoded / DECODED_PIXELS_A_CORE
    return pictures + plan.makes_sound * SOUND_CORES


class Slots:
    """Room for jobs. Live ones are let in as if there were no others, and the others make way.
    Before finite jobs go brief ones, for which a viewer waits.

    One is let in however large it is: better some rungs than none.
    """

    def __init__(self, size: float) -> None:
        self.size = size
        self._live: dict[str, float] = {}
        self._brief: dict[str, float] = {}
        self._finite: dict[str, float] = {}
        self.on_change: list[Callable[[], None]] = []

    @property
    def taken(self) -> float:
        """By live jobs."""
        return sum(self._live.values())

    @property
    def taken_before_finite(self) -> float:
        """By what finite jobs make way for."""
        return self.taken + sum(self._brief.values())

    @property
    def taken_by_finite(self) -> float:
        return sum(self._finite.values())

    def enter(self, job: str, cost: float) -> bool:
        """A live job."""
        if self._live and self.taken + cost > self.size:
            return False
        self._live[job] = cost
        self._tell()
        return True

    def leave(self, job: str) -> None:
        if self._live.pop(job, None) is not None:
            self._tell()

    def enter_brief(self, job: str, cost: float) -> bool:
        taken = self.taken_before_finite
        if taken and taken + cost > self.size:
            return False
        self._brief[job] = cost
        self._tell()
        return True

    def leave_brief(self, job: str) -> None:
        if self._brief.pop(job, None) is not None:
            self._tell()

    def enter_finite(self, job: str, cost: float) -> bool:
        taken = self.taken_before_finite + self.taken_by_finite
        if taken and taken + cost > self.size:
            return False
        self._finite[job] = cost
        return True

    def leave_finite(self, job: str) -> None:
        if self._finite.pop(job, None) is not None:
            self._tell()

    def _tell(self) -> None:
        for hear in self.on_change:
            hear()
