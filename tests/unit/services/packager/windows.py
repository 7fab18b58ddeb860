"""Live windows made of made-up segments, for tests of what is rendered from them."""

from libs.cutting.cuts import (
    Part,
    SegmentCut,
    SegmentOpened,
    SegmentsLost,
    SessionEnded,
    TrackConfigured,
)
from libs.events import Track, TrackKind, TrackRange
from services.packager.window import Window

SESSION = "655f1c00-0badcafe"
FIRST_MSN = 0x655F1C00
WALL_MS = 1_700_731_904_250
START_90K = 900_000

VIDEO = Track(
    kind="video", codec="avc1.64001f", config_id="aaaaaaaaaaaa", timescale=90_000,
    width=1280, height=720, frame_rate=25.0,
)  # fmt: skip
SMALL_VIDEO = VIDEO.model_copy(update={"config_id": "bbbbbbbbbbbb", "width": 640, "height": 360})
AUDIO = Track(
    kind="audio", codec="mp4a.40.2", config_id="cccccccccccc", timescale=48_000,
    sample_rate=48_000, channels=2,
)  # fmt: skip


class WindowMaker:
    """Appends segments of `duration_s` one after the other."""

    def __init__(
        self, playlist_segments: int = 6, *, video: bool = True, audio: bool = True
    ) -> None:
        self.window = Window(playlist_segments)
        self.msn = FIRST_MSN
        self.at = START_90K
        self.discontinuity = 0
        self.timeline = START_90K
        self.timeline_msn = FIRST_MSN
        self.video: Track | None = VIDEO if video else None
        self.audio: Track | None = AUDIO if audio else None
        for track in (VIDEO, SMALL_VIDEO, AUDIO):
            self.window.take(TrackConfigured(track, f"init {track.config_id}".encode()))

    def add(
        self,
        duration_s: float = 2.0,
        *,
        size: int = 100_000,
        is_independent: bool = True,
        is_lead_in: bool = False,
    ) -> SegmentCut:
        duration = round(duration_s * 90_000)
        ranges: list[TrackRange] = []
        for track in (self.video, self.audio):
            if track is not None:
                ranges.append(self._range(track, duration, len(ranges) * size, size))
        cut = SegmentCut(
            msn=self.msn,
            data=bytes(size * len(ranges)),
            tracks=tuple(ranges),
            start_90k=self.at,
            duration_90k=duration,
            starts_at_ms=self.wall_ms,
            is_independent=is_independent,
            discontinuity_sequence=self.discontinuity,
            generation=1,
            first_tag=0,
            last_tag=1,
            target_s=3,
            timeline_90k=self.timeline,
            timeline_msn=self.timeline_msn,
            origin_ms=WALL_MS - 10_000,
            is_lead_in=is_lead_in,
        )
        self.window.take(cut)
        self.msn += 1
        self.at += duration
        return cut

    def begin(self) -> None:
        """Open the next segment; its parts follow, then `add` ends it."""
        self.window.take(
            SegmentOpened(
                msn=self.msn,
                start_90k=self.at,
                starts_at_ms=self.wall_ms,
                discontinuity_sequence=self.discontinuity,
                target_s=3,
                part_target_ms=210,
                timeline_90k=self.timeline,
                timeline_msn=self.timeline_msn,
                origin_ms=WALL_MS - 10_000,
                is_lead_in=False,
            )
        )

    def part(
        self,
        index: int,
        kind: TrackKind = "video",
        *,
        duration_s: float = 0.2,
        ahead: int = 0,
        is_gap: bool = False,
        ends_segment: bool = False,
    ) -> Part:
        """Part `index` of the segment that `begin` opened (or of one `ahead` of it)."""
        track = self.video if kind == "video" else self.audio
        assert track is not None
        part = Part(
            msn=self.msn + ahead,
            kind=kind,
            index=index,
            data=b"" if is_gap else b"%d.%d.%s" % (self.msn + ahead, index, kind.encode()),
            duration_s=duration_s,
            is_independent=(kind == "audio" or index == 0) and not is_gap,
            config_id=track.config_id,
            ends_segment=ends_segment,
        )
        self.window.take(part)
        return part

    def add_in_parts(self, count: int = 10) -> SegmentCut:
        """A segment of `count` parts of 0.2 s."""
        self.begin()
        for index in range(count):
            for kind in ("video", "audio"):
                if (self.video if kind == "video" else self.audio) is not None:
                    self.part(index, kind)
        return self.add(0.2 * count, size=1000)

    @property
    def wall_ms(self) -> int:
        return WALL_MS + (self.at - START_90K) // 90

    def discontinue(self, gap_s: float = 5.0) -> None:
        self.at += round(gap_s * 90_000)
        self.timeline = self.at
        self.timeline_msn = self.msn
        self.discontinuity += 1

    def lose(self, count: int, duration_s: float) -> None:
        duration = round(duration_s * 90_000)
        self.window.take(
            SegmentsLost(
                self.msn, self.msn + count - 1, self.at, duration, self.wall_ms,
                self.discontinuity, 3, "replay_window_passed",
            )
        )  # fmt: skip
        self.msn += count
        self.at += duration

    def end(self) -> None:
        self.window.take(SessionEnded("publisher_ended", self.msn - 1))

    def _range(self, track: Track, duration: int, offset: int, size: int) -> TrackRange:
        at = self.at * track.timescale // 90_000
        end = (self.at + duration) * track.timescale // 90_000
        return TrackRange(
            kind=track.kind, offset=offset, size_bytes=size, dts=at, pts=at, duration=end - at,
            timescale=track.timescale, samples=duration // 3600, config_id=track.config_id,
        )  # fmt: skip
