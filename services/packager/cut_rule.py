"""Where a segment may end: the numbers behind the cutter's decisions.

A segment is meant to last about `segment_s` and to start with a keyframe.

- It ends at the first keyframe that comes `EARLY` of `segment_s` after its start, or later. With
  keyframes never further apart than `segment_s`, no segment then exceeds (1 + `EARLY`) times it.
- TARGETDURATION is fixed when the session's first segment ends: the whole number of seconds that
  such segments round to, or what the first segment rounds to if its GOP is longer. The first
  segment may last up to `first_max_s`, so usual GOPs set the target and stay whole.
- A GOP that is longer than the target is cut at the last frame that keeps EXTINF, rounded, within
  TARGETDURATION (RFC 8216, 4.3.3.1); the next segment is not independent and ends early, at the
  next keyframe.
- Such early ends never let the count of segments overtake the session's seconds: media sequence
  numbers start at the session's Unix second and must stay behind the next session's first.
"""

from libs.media.cmaf import VIDEO_TIMESCALE

EARLY = 0.75
FIRST_MAX_S = 6

_HALF = VIDEO_TIMESCALE // 2


def rounded_s(ticks: int) -> int:
    """90 kHz ticks in whole seconds, half a second rounded up."""
    return (ticks + _HALF) // VIDEO_TIMESCALE


class CutRule:
    """Every time here is in 90 kHz ticks."""

    def __init__(self, segment_s: float, target_s: int | None = None) -> None:
        self.wanted = round(segment_s * VIDEO_TIMESCALE)
        self.early = round(segment_s * EARLY * VIDEO_TIMESCALE)
        self.target_s = target_s
        """EXT-X-TARGETDURATION; None until the first segment ends."""
        longest = self.wanted + self.early
        # Segments are *shorter* than `longest`, so one that would just round up does not count.
        self._least_target_s = max(1, rounded_s(longest - 1))
        self._first_max_s = max(FIRST_MAX_S, 2 * rounded_s(self.wanted))

    @property
    def longest_s(self) -> int:
        """The whole seconds that a segment may round to."""
        return self.target_s or self._first_max_s

    def fits(self, duration: int) -> bool:
        """Whether a segment may last this long."""
        return rounded_s(duration) <= self.longest_s

    def fix_target(self, duration: int) -> int:
        """The session's first segment lasts `duration`."""
        if self.target_s is None:
            self.target_s = max(self._least_target_s, rounded_s(duration))
        return self.target_s
