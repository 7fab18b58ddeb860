"""EXT-X-TARGETDURATION of a live session, fixed before a segment ends (RFC 8216, 4.3.3.1)."""

EARLY = 0.75
"""A segment may end at a keyframe that comes this part of the wanted length after its start."""
_TICKS = 90_000


def target_duration_s(segment_s: float) -> int:
    """What the longest segment rounds to, in whole seconds.

    With keyframes never further apart than `segment_s`, a segment stays *shorter* than
    (1 + `EARLY`) times that: what would just round up does not count.
    """
    longest = round(segment_s * _TICKS) + round(segment_s * EARLY * _TICKS) - 1
    return max(1, (longest + _TICKS // 2) // _TICKS)
