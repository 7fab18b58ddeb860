"""A segment that still takes frames."""

from dataclasses import dataclass

from libs.cutting.cuts import SegmentCut, SegmentOpened, State
from libs.cutting.frames import TICKS_A_MS
from libs.cutting.track_cut import TrackCut
from libs.tags.cues import ClockCue


@dataclass
class OpenSegment:
    msn: int
    start: int
    """Session time, 90 kHz."""
    clock: ClockCue
    """The cue that was in force when it opened."""
    generation: int
    discontinuity_sequence: int
    is_first: bool
    """Whether it is the first of its timeline: only there may a late track pull its start back."""
    starts_at_ms: int | None = None
    """Wall clock of its start, in Unix ms; stands once the segment has been told of."""
    is_lead_in: bool = False
    begins_timeline: bool = False
    """Whether DASH counts from here: the first of its timeline, or the first after the lead-in."""
    timeline: tuple[int, int] | None = None
    """Start and MSN of the timeline's first segment; stands with `starts_at_ms`."""
    picture_90k: int = 0
    """See `SegmentOpened`."""
    is_told: bool = False
    """Whether `SegmentOpened` went out."""
    video: TrackCut | None = None
    audio: TrackCut | None = None

    @property
    def is_independent(self) -> bool:
        return self.video is None or self.video.is_independent

    def by_its_clock_ms(self) -> int:
        """Its start by the cue that was in force."""
        return round(self.clock.wall_ms + self.start / TICKS_A_MS - self.clock.session_ms)

    def opened(self, *, target_s: int, part_target_ms: int, origin_ms: int) -> SegmentOpened:
        timeline_90k, timeline_msn = self.timeline or (self.start, self.msn)
        return SegmentOpened(
            msn=self.msn,
            start_90k=self.start,
            starts_at_ms=self.starts_at_ms or 0,
            discontinuity_sequence=self.discontinuity_sequence,
            target_s=target_s,
            part_target_ms=part_target_ms,
            timeline_90k=timeline_90k,
            timeline_msn=timeline_msn,
            origin_ms=origin_ms,
            is_lead_in=self.is_lead_in,
            picture_90k=self.picture_90k,
        )

    def cut(self, end: int, *, target_s: int, origin_ms: int) -> SegmentCut | None:
        """The finished segment, or None if it holds no frame."""
        tracks = [track for track in (self.video, self.audio) if track is not None]
        if not tracks:
            return None
        ranges, offset = [], 0
        for track in tracks:
            ranges.append(track.range(offset))
            offset += ranges[-1].size_bytes
        timeline_90k, timeline_msn = self.timeline or (self.start, self.msn)
        numbers = [ref[0] for track in tracks for ref in track.refs]
        return SegmentCut(
            msn=self.msn,
            data=b"".join(track.data() for track in tracks),
            tracks=tuple(ranges),
            start_90k=self.start,
            duration_90k=end - self.start,
            starts_at_ms=self.starts_at_ms or 0,
            is_independent=self.is_independent,
            discontinuity_sequence=self.discontinuity_sequence,
            generation=self.generation,
            first_tag=min(numbers),
            last_tag=max(numbers),
            target_s=target_s,
            timeline_90k=timeline_90k,
            timeline_msn=timeline_msn,
            origin_ms=origin_ms,
            is_lead_in=self.is_lead_in,
        )

    def state(self) -> State:
        """What a checkpoint needs to open it again; frames by reference."""
        return {
            "msn": self.msn,
            "start": self.start,
            "clock": [self.clock.session_ms, self.clock.wall_ms],
            "generation": self.generation,
            "discontinuity": self.discontinuity_sequence,
            "is_first": self.is_first,
            "is_lead_in": self.is_lead_in,
            "begins_timeline": self.begins_timeline,
            "starts_at_ms": self.starts_at_ms,
            "timeline": self.timeline,
            "picture": self.picture_90k,
            "video": list(self.video.refs) if self.video else [],
            "video_begin": self.video.begun() if self.video else None,
            "video_end": self.video.end if self.video else None,
            "video_until": self.video.until if self.video else None,
            "audio": list(self.audio.refs) if self.audio else [],
        }
