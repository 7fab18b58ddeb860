"""Target durations of streams, as their packagers say them."""

from collections import OrderedDict

KEPT = 4096
USUAL_S = 4.0
"""Where no playlist has been asked for yet."""


class Targets:
    def __init__(self) -> None:
        self._targets: OrderedDict[str, float] = OrderedDict()

    def of(self, stream: str) -> float:
        """In seconds (RFC 8216 section 4.3.3.1)."""
        return self._targets.get(stream, USUAL_S)

    def note(self, stream: str, target_s: float) -> None:
        """What came with a playlist of the stream; 0 says nothing."""
        if not target_s:
            return
        self._targets[stream] = target_s
        self._targets.move_to_end(stream)
        if len(self._targets) > KEPT:
            self._targets.popitem(last=False)
