"""How long a part may last: PART-TARGET of a session (RFC 8216bis, 4.4.3.7 and 4.4.4.9).

A part never exceeds PART-TARGET, and no video part but a segment's last (and those that start
with a keyframe) is shorter than 85 % of it. Frames are whole, so the usual target of 210 ms holds
200 ms of 25, 30, 50 or 60 frames a second and 208 ms of 24; a rate of which no number of frames
falls between 85 and 100 % of that gets a longer target.
"""

import math

USUAL_MS = 210
LEAST_SHARE = 0.85
_ROOM = 1.05
"""Stamps are whole milliseconds and cameras are not exact."""
_SLOWEST_RATE = 0.5
"""Frames a second; what claims to be slower is not believed."""


def part_target_ms(frame_rate: float | None) -> int:
    """PART-TARGET for a video of this many frames a second (None or 0: not known)."""
    if not frame_rate or frame_rate < _SLOWEST_RATE:
        return USUAL_MS
    frame_ms = 1000 / frame_rate
    count = math.floor(USUAL_MS / frame_ms)
    if count * frame_ms >= LEAST_SHARE * USUAL_MS:
        return USUAL_MS
    return math.ceil((count + 1) * frame_ms * _ROOM)
