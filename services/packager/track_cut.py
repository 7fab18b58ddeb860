"""One track of one segment: its frames become parts, its parts one run of chunks."""

from libs.events import Track, TrackRange
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Sample, write_chunk
from services.packager.cuts import Part
from services.packager.frames import Frame

PART_MS = 200
PARTS_A_SEGMENT = 256
"""Room in the chunks' sequence numbers; a segment is at most some 30 s long."""


class TrackCut:
    """Takes the frames of a track in decode order and cuts them into parts by media time.

    A sample lasts until the next one's DTS. Where the track has a hole (`hole` ticks or more
    between two frames) the sample lasts `step` and the hole shows as a jump of `tfdt`.
    """

    def __init__(self, track: Track, msn: int, sequence: int, *, hole: int | None = None) -> None:
        self.track = track
        self.refs: list[list[int]] = []
        """Every frame, without data; see `Frame.ref`."""
        self.is_independent = False
        """Whether the first frame is a keyframe."""
        self.end: int | None = None
        """Where the last sample ends; known once the track is finished."""
        self._msn = msn
        self._sequence = sequence
        self._hole = hole
        self._part_ticks = track.timescale * PART_MS // 1000
        self._pending: list[Frame] = []
        self._chunks: list[bytes] = []
        self._duration = 0

    def add(self, frame: Frame, step: int) -> Part | None:
        """Take the next frame; returns the part that it completes, if any."""
        part = None
        if self._pending:
            last = self._pending[-1].dts
            if self._hole is not None and frame.dts - last >= self._hole:
                part = self._close_part(last + step)
            elif frame.dts - self._pending[0].dts >= self._part_ticks:
                part = self._close_part(frame.dts)
        elif not self.refs:
            self.is_independent = frame.is_key
        self._pending.append(frame)
        self.refs.append(frame.ref())
        return part

    def finish(self, end: int) -> Part | None:
        """No frame follows in this segment; the last sample ends at `end`."""
        if self.end is not None:
            return None
        self.end = end
        return self._close_part(end) if self._pending else None

    def data(self) -> bytes:
        return b"".join(self._chunks)

    def range(self, offset: int) -> TrackRange:
        """Where the finished track lies in an object, if it starts at `offset`."""
        return TrackRange(
            kind=self.track.kind,
            offset=offset,
            size_bytes=sum(map(len, self._chunks)),
            dts=self.refs[0][1],
            pts=min(ref[2] for ref in self.refs),
            duration=self._duration,
            timescale=self.track.timescale,
            samples=len(self.refs),
            config_id=self.track.config_id,
        )

    def _close_part(self, end: int) -> Part:
        frames, self._pending = self._pending, []
        ends = [frame.dts for frame in frames[1:]] + [end]
        samples = [
            Sample(stop - frame.dts, frame.pts - frame.dts, frame.is_key, frame.data)
            for frame, stop in zip(frames, ends, strict=True)
        ]
        index = len(self._chunks)
        track_id = VIDEO_TRACK_ID if self.track.kind == "video" else AUDIO_TRACK_ID
        data = write_chunk(track_id, self._sequence + index, frames[0].dts, samples)
        self._chunks.append(data)
        duration = end - frames[0].dts
        self._duration += duration
        return Part(
            msn=self._msn,
            kind=self.track.kind,
            index=index,
            data=data,
            duration_s=duration / self.track.timescale,
            is_independent=frames[0].is_key,
        )
