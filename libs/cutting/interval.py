"""An interval of the session's timeline in which a rung's segment is cut."""

from dataclasses import dataclass, field

from libs.cutting.cuts import SegmentOpened
from libs.cutting.track_cut import TrackCut


@dataclass
class Interval:
    """Times are session times, 90 kHz."""

    opened: SegmentOpened
    """As the source opened it."""
    end: int | None = None
    """Where the next one begins, once the source has come there."""
    generation: int = 0
    track: TrackCut | None = None
    first_pts: int = 0
    """Of its frames."""
    is_told: bool = False
    is_passed: bool = False
    """Whether frames of later intervals have come: it gets no more."""
    lost: str | None = None
    """Why it will not have all its frames; the cause that came first."""
    is_quiet: bool = field(default=False, kw_only=True)
    """Whether its loss is no news: the rung was not yet asked for."""

    @property
    def msn(self) -> int:
        return self.opened.msn

    @property
    def start(self) -> int:
        return self.opened.start_90k

    def lose(self, cause: str) -> None:
        self.lost = self.lost or cause

    @property
    def begins_timeline(self) -> bool:
        return self.opened.msn == self.opened.timeline_msn or self.opened.is_lead_in
