"""One track of one segment: its frames become parts, its parts one run of chunks.

A part is closed by its own last frame: what comes next would not fit, if it comes when the frames
before it lead to expect (`cadence`). Waiting for it would make every part a frame later. Where it
comes at another time after all, time is mended without touching what has been given out:

- A part begins where the one before ended; a video frame that begins it is *decoded* then, and
  shown when its publisher says (composition time). So decode times have no hole and no overlap,
  parts add up, and an error never outlives one part.
- Frames of video that come late therefore last longer in decode time, up to a whole part each,
  until decode time has caught up. A picture that stands still costs no part above PART-TARGET.
- Where sound or the beginning or end of a track is missing for `HOLE_MS` or more, there are parts
  that say so (GAP=YES; RFC 8216bis, 6.2.1).
"""

from collections.abc import Sequence

from libs.cutting.cadence import Cadence
from libs.cutting.cuts import Part, State
from libs.cutting.frames import Frame
from libs.cutting.part_rule import LEAST_SHARE, USUAL_MS
from libs.events import Track, TrackRange
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Sample, write_chunk

PARTS_A_SEGMENT = 512
"""Room in the chunks' sequence numbers; a segment is at most some 50 s long."""
HOLE_MS = 100
"""Less than this is no hole: tracks begin and end some frames apart."""


class TrackCut:
    """Takes the frames of a track in decode order and cuts them into parts by media time.

    `start` is where its first part begins, if not with its first frame. `goes_on`: frames of the
    same track end there. `frame_ticks` is the length of frames that all have the same (audio);
    for others `intervals` are the last ones between the frames before.
    """

    def __init__(
        self,
        track: Track,
        msn: int,
        sequence: int,
        *,
        start: int | None = None,
        goes_on: bool = False,
        part_ms: int = USUAL_MS,
        frame_ticks: int | None = None,
        intervals: Sequence[int] = (),
    ) -> None:
        self.track = track
        self.refs: list[list[int]] = []
        """Every frame, without data, as it came; see `Frame.ref`."""
        self.is_independent = False
        """Whether the first frame is a keyframe."""
        self.end: int | None = None
        """Where the last sample ends; known once the track is finished."""
        self.until: int | None = None
        """Up to where a hole behind it is filled, if it is."""
        self._goes_on = goes_on
        self._begun: State = {"start": start, "goes_on": goes_on, "intervals": list(intervals)}
        self._msn = msn
        self._sequence = sequence
        self._cadence = Cadence(frame_ticks, intervals)
        self._is_sound = frame_ticks is not None
        self._part_ticks = track.timescale * part_ms // 1000
        self._least_ticks = 0 if self._is_sound else round(self._part_ticks * LEAST_SHARE)
        self._hole_ticks = track.timescale * HOLE_MS // 1000
        self._begin = start
        """Where the part in the making begins, or the next one will."""
        self._pending: list[Frame] = []
        self._chunks: list[bytes] = []
        self._count = 0
        self._duration = 0
        self._first_dts = 0
        self._first_pts = 0

    def begun(self) -> State:
        """What it was made with, as a checkpoint keeps it."""
        return self._begun

    @property
    def next_dts(self) -> int | None:
        """Where the next part begins, if nothing is in the making."""
        return None if self._pending else self._begin

    def add(self, frame: Frame) -> list[Part]:
        """Take the next frame; returns the parts that are closed before it, or by it."""
        if self.refs:
            self._cadence.note(frame.dts - self.refs[-1][1])
        else:
            self.is_independent = frame.is_key
        parts = self._make_room(frame) if self._pending else []
        if not self._pending:
            parts += self._begin_part(frame)
        self._take(frame)
        parts += self._close_early()
        return parts

    def begin_earlier(self, start: int) -> list[Part]:
        """The segment begins at `start` after all, and nothing of the track has been given out:
        what it lacks there is listed.
        """
        first = self._begin
        if first is None or first - start < self._hole_ticks:
            return []
        self._begun = {**self._begun, "start": start}
        self._begin = start
        return self._gap(first)

    def finish(self, end: int) -> list[Part]:
        """No frame follows in this segment; the last sample ends at `end`, if that is still open
        and not more than a part away.
        """
        if self.end is not None:
            return []
        assert self._begin is not None
        if not self._pending:
            self.end = self._begin
            return []
        self.end = min(max(end, self._pending[-1].dts + 1), self._begin + self._part_ticks)
        return [self._close_part(self.end)]

    def fill(self, until: int) -> list[Part]:
        """Behind a finished track, the segment goes on to `until` without it."""
        if self._begin is None or until - self._begin < self._hole_ticks:
            return []
        self.until = until
        return self._gap(until)

    def data(self) -> bytes:
        return b"".join(self._chunks)

    def range(self, offset: int) -> TrackRange:
        """Where the finished track lies in an object, if it starts at `offset`."""
        return TrackRange(
            kind=self.track.kind,
            offset=offset,
            size_bytes=sum(map(len, self._chunks)),
            dts=self._first_dts,
            pts=self._first_pts,
            duration=self._duration,
            timescale=self.track.timescale,
            samples=len(self.refs),
            config_id=self.track.config_id,
        )

    # --- where parts begin and end ----------------------------------------------------------------

    def _make_room(self, frame: Frame) -> list[Part]:
        """Close what is pending if `frame` does not belong to it."""
        assert self._begin is not None
        if self._is_sound:
            end = self._pending[-1].dts + self._cadence.step
            if frame.dts - end >= self._hole_ticks:
                return [self._close_part(end)]
        if frame.dts - self._begin >= self._part_ticks:
            return [self._close_part(self._begin + self._part_ticks)]
        return []

    def _begin_part(self, frame: Frame) -> list[Part]:
        """Parts that say what is missing before `frame`."""
        is_near = self._begin is not None and frame.dts - self._begin < self._hole_ticks
        if self._begin is None or (is_near and not self.refs and not self._goes_on):
            self._begin = frame.dts
        is_stretched = not self._is_sound and (self._goes_on or bool(self.refs))
        if is_stretched or is_near:
            return []
        return self._gap(frame.dts)

    def _take(self, frame: Frame) -> None:
        assert self._begin is not None
        self.refs.append(frame.ref())
        if self._pending:
            dts = max(frame.dts, self._pending[-1].dts + 1)
        else:
            dts = max(frame.dts, self._begin) if self._is_sound else self._begin
        if dts != frame.dts:
            frame = frame._replace(dts=dts, pts=dts if self._is_sound else frame.pts)
        if len(self.refs) == 1:
            self._first_dts, self._first_pts = dts, frame.pts
        self._first_pts = min(self._first_pts, frame.pts)
        self._pending.append(frame)

    def _close_early(self) -> list[Part]:
        """Close the part if the frame after the newest would make it too long."""
        step = self._cadence.step
        if step > self._part_ticks:
            return []  # too slow to foretell
        assert self._begin is not None
        end = self._pending[-1].dts + step
        length = end - self._begin
        if length >= self._part_ticks:
            return [self._close_part(self._begin + self._part_ticks)]
        if length >= self._least_ticks and length + step > self._part_ticks:
            return [self._close_part(end)]
        return []

    # --- parts ------------------------------------------------------------------------------------

    def _close_part(self, end: int) -> Part:
        """Make a part of all that is pending; it ends at `end`, and the next begins there."""
        frames, self._pending = self._pending, []
        ends = [frame.dts for frame in frames[1:]] + [end]
        samples = [
            Sample(stop - frame.dts, frame.pts - frame.dts, frame.is_key, frame.data)
            for frame, stop in zip(frames, ends, strict=True)
        ]
        track_id = AUDIO_TRACK_ID if self._is_sound else VIDEO_TRACK_ID
        data = write_chunk(track_id, self._sequence + self._count, frames[0].dts, samples)
        self._chunks.append(data)
        return self._part(end, data, is_independent=frames[0].is_key)

    def _gap(self, until: int) -> list[Part]:
        """Parts without media up to `until`, as equal as can be."""
        begin = self._begin
        assert begin is not None
        count = -(-(until - begin) // self._part_ticks)
        ends = [begin + (until - begin) * number // count for number in range(1, count + 1)]
        return [self._part(end, b"", is_independent=False) for end in ends]

    def _part(self, end: int, data: bytes, *, is_independent: bool) -> Part:
        assert self._begin is not None
        duration = end - self._begin
        part = Part(
            msn=self._msn,
            kind=self.track.kind,
            index=self._count,
            data=data,
            duration_s=duration / self.track.timescale,
            is_independent=is_independent,
            config_id=self.track.config_id,
        )
        self._duration += duration if data else 0
        self._count += 1
        self._begin = end
        return part
