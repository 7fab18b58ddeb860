"""Cutting by a list that was settled before: of a file all keyframes are known.

Video frames come in the order of decoding, sound in the order of time, in whatever mix. A segment
ends at the keyframe that is shown from the next one's start on; it holds the sound whose PTS lies
in it. As with live sessions the same frames give the same bytes; there is one chunk a track.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from libs.cutting.cuts import SegmentCut
from libs.cutting.frames import Frame, to_90k
from libs.events import Track, TrackKind, TrackRange
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Sample, write_chunk

_IDS: dict[TrackKind, int] = {"video": VIDEO_TRACK_ID, "audio": AUDIO_TRACK_ID}


class Listed(NamedTuple):
    """A segment of the list. Times are session times, 90 kHz."""

    msn: int
    start: int
    end: int


class Origin(NamedTuple):
    """Of the session: what its segments' times count from."""

    msn: int
    start_90k: int
    starts_at_ms: int
    """Wall clock of the first segment."""


class ListedCutter:
    """Of one rendition. Feed it with `add`, then `finish`; segments come as they are whole."""

    def __init__(
        self,
        listing: Sequence[Listed],
        kinds: Iterable[TrackKind],
        origin: Origin,
        *,
        target_s: int,
    ) -> None:
        self._listing = listing
        self._origin = origin
        self._target_s = target_s
        self._tracks = {kind: _Track(kind, listing) for kind in kinds}
        self._given = 0
        """Segments that were given out."""

    def configure(self, track: Track, *, frame_ticks: int = 0) -> None:
        """Before its first frame. `frame_ticks`: of sound, how long a frame lasts."""
        self._tracks[track.kind].configure(track, frame_ticks)

    def add(self, kind: TrackKind, frame: Frame) -> list[SegmentCut]:
        self._tracks[kind].add(frame)
        return self._take()

    def finish(self) -> list[SegmentCut]:
        """No frame follows."""
        for track in self._tracks.values():
            track.finish()
        return self._take()

    def _take(self) -> list[SegmentCut]:
        cuts = []
        while self._given < len(self._listing) and all(
            track.passed > self._given for track in self._tracks.values()
        ):
            cut = self._cut(self._listing[self._given])
            self._given += 1
            if cut is not None:
                cuts.append(cut)
        return cuts

    def _cut(self, listed: Listed) -> SegmentCut | None:
        """None if there is nothing in it."""
        sequence = listed.msn - self._origin.msn
        data, ranges, numbers = b"", [], list[int]()
        for track in self._tracks.values():
            run = track.runs.popleft()
            if not run.samples:
                continue
            chunk = write_chunk(_IDS[track.kind], sequence, run.dts, run.samples)
            ranges.append(track.range(run, offset=len(data), size_bytes=len(chunk)))
            data += chunk
            numbers += [run.first_number, run.last_number]
        if not ranges:
            return None
        origin = self._origin
        since_90k = listed.start - origin.start_90k
        return SegmentCut(
            msn=listed.msn,
            data=data,
            tracks=tuple(ranges),
            start_90k=listed.start,
            duration_90k=listed.end - listed.start,
            starts_at_ms=origin.starts_at_ms + round(since_90k / 90),
            is_independent=True,
            discontinuity_sequence=0,
            generation=0,
            first_tag=min(numbers),
            last_tag=max(numbers),
            target_s=self._target_s,
            timeline_90k=origin.start_90k,
            timeline_msn=origin.msn,
            origin_ms=origin.starts_at_ms - origin.start_90k // 90,
        )


class _Run(NamedTuple):
    """A track's frames of one segment."""

    dts: int
    pts: int
    samples: list[Sample]
    first_number: int
    last_number: int


class _Track:
    def __init__(self, kind: TrackKind, listing: Sequence[Listed]) -> None:
        self.kind = kind
        self.runs: deque[_Run] = deque()
        self.passed = 0
        """Segments that get no more of it."""
        self._listing = listing
        self._frames: list[Frame] = []
        self._track: Track | None = None
        self._frame_ticks = 0

    def configure(self, track: Track, frame_ticks: int) -> None:
        self._track, self._frame_ticks = track, frame_ticks

    def add(self, frame: Frame) -> None:
        while self._is_of_later(frame):
            self._pass(frame)
        self._frames.append(frame)

    def finish(self) -> None:
        while self.passed < len(self._listing):
            self._pass(None)

    def range(self, run: _Run, *, offset: int, size_bytes: int) -> TrackRange:
        assert self._track is not None
        return TrackRange(
            kind=self.kind,
            offset=offset,
            size_bytes=size_bytes,
            dts=run.dts,
            pts=run.pts,
            duration=sum(sample.duration for sample in run.samples),
            timescale=self._track.timescale,
            samples=len(run.samples),
            config_id=self._track.config_id,
        )

    def _is_of_later(self, frame: Frame) -> bool:
        if self.passed + 1 >= len(self._listing):
            return False
        assert self._track is not None
        return frame.is_key and to_90k(frame.pts, self._track.timescale) >= (
            self._listing[self.passed].end
        )

    def _pass(self, following: Frame | None) -> None:
        """The segment has all of its frames; `following` comes behind them."""
        frames, self._frames = self._frames, []
        listed = self._listing[self.passed]
        self.passed += 1
        if not frames:
            self.runs.append(_Run(0, 0, [], 0, 0))
            return
        ends = [frame.dts for frame in frames[1:]]
        ends.append(self._end(frames, listed, following))
        samples = [
            Sample(max(end - frame.dts, 1), frame.pts - frame.dts, frame.is_key, frame.data)
            for frame, end in zip(frames, ends, strict=True)
        ]
        first_pts = min(frame.pts for frame in frames)
        self.runs.append(
            _Run(frames[0].dts, first_pts, samples, frames[0].number, frames[-1].number)
        )

    def _end(self, frames: list[Frame], listed: Listed, following: Frame | None) -> int:
        """DTS at which the last of them ends."""
        last = frames[-1]
        if self.kind == "audio":
            is_next = following is not None and following.dts - last.dts < 2 * self._frame_ticks
            return following.dts if following and is_next else last.dts + self._frame_ticks
        if following is not None and following.dts > last.dts:
            return following.dts
        # The first of the next segment is decoded as long before it is shown as the first of this.
        return max(listed.end + frames[0].dts - frames[0].pts, last.dts + 1)
