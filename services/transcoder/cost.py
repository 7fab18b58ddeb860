"""What a ladder costs, in cores, and whether there is room for it.

Measured with `veryfast` on one x86 core: 47 million pixels a second of rungs beside the decoding of
1080p30 (62 million) keep it two thirds busy. An estimate is enough: a worker that took too much
sheds rungs, and says so.
"""

from libs.events import TranscodePlan

USUAL_FPS = 30
DECODED_PIXELS_A_CORE = 400e6
ENCODED_PIXELS_A_CORE = 95e6
USUAL_SOURCE_PIXELS = 1920 * 1080


def cost_of(plan: TranscodePlan) -> float:
    """Cores that are busy with it, for the usual source; that is not known before it is pulled."""
    rungs = plan.ladder.rungs if plan.ladder is not None else ()
    pixels = sum(rung.width * rung.height for rung in rungs)
    encoded = (pixels + bool(plan.marks) * USUAL_SOURCE_PIXELS) * USUAL_FPS
    decoded = USUAL_SOURCE_PIXELS * USUAL_FPS
    return encoded / ENCODED_PIXELS_A_CORE + decoded / DECODED_PIXELS_A_CORE


class Slots:
    """Room for jobs. One is let in however large it is: better some rungs than none."""

    def __init__(self, size: float) -> None:
        self._size = size
        self._taken: dict[str, float] = {}

    @property
    def taken(self) -> float:
        return sum(self._taken.values())

    def enter(self, job: str, cost: float) -> bool:
        if self._taken and self.taken + cost > self._size:
            return False
        self._taken[job] = cost
        return True

    def leave(self, job: str) -> None:
        self._taken.pop(job, None)
