"""Where a segment may end: the numbers behind the cutter's decisions.

A segment is meant to last about `segment_s` and to start with a keyframe.

- It ends at the first keyframe that comes `EARLY` of `segment_s` after its start, or later. With
  keyframes never further apart than `segment_s`, no segment then exceeds (1 + `EARLY`) times it.
- A live session's first segment is a lead-in: it ends at the first frame after `lead_in`, so that
  there is something to list half a second after the publish. What follows up to the next keyframe
  is not independent.
- TARGETDURATION is what such segments round to. It stands from the session's first moment, because
  playlists list the first parts long before the first segment ends.
- A GOP that is longer than the target is cut into segments that are not independent. It is taken
  to be as long as the one before: they all last equally long, about `segment_s`, so that the
  cadence is steady. The first such GOP is cut at the last frame that keeps EXTINF, rounded, within
  TARGETDURATION (RFC 8216, 4.3.3.1), and its last segment ends early, at the next keyframe.
- Such early ends never let the count of segments overtake the session's seconds: media sequence
  numbers start at the session's Unix second and must stay behind the next session's first.
"""

from libs.media.cmaf import VIDEO_TIMESCALE
from libs.target_duration import EARLY, target_duration_s

LEAD_IN = 0.2
"""Of `segment_s`; with `EARLY` it leaves the rest of a GOP of `segment_s` long enough to be cut."""
LEAD_IN_MAX_S = 0.5

_HALF = VIDEO_TIMESCALE // 2


def rounded_s(ticks: int) -> int:
    """90 kHz ticks in whole seconds, half a second rounded up."""
    return (ticks + _HALF) // VIDEO_TIMESCALE


class CutRule:
    """Every time here is in 90 kHz ticks."""

    def __init__(
        self, segment_s: float, target_s: int | None = None, *, has_lead_in: bool = False
    ) -> None:
        self.has_lead_in = has_lead_in
        self.wanted = round(segment_s * VIDEO_TIMESCALE)
        self.early = round(segment_s * EARLY * VIDEO_TIMESCALE)
        self.lead_in = round(min(segment_s * LEAD_IN, LEAD_IN_MAX_S) * VIDEO_TIMESCALE)
        self.target_s = target_s or target_duration_s(segment_s)
        """EXT-X-TARGETDURATION."""

    @property
    def longest(self) -> int:
        """What still rounds to TARGETDURATION."""
        return self.target_s * VIDEO_TIMESCALE + _HALF - 1

    def portions(self, gop: int) -> int:
        """How many segments of equal length a GOP of this duration is cut into."""
        if self.fits(gop):
            return 1
        # Stamps are whole milliseconds: a GOP of 8 s may seem to last a little less.
        wanted = (gop + self.wanted // 16) // self.wanted
        return max(wanted, -(-gop // self.longest))

    def fits(self, duration: int) -> bool:
        """Whether a segment may last this long."""
        return rounded_s(duration) <= self.target_s
