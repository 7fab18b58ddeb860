"""One track of one segment: its frames become parts, its parts one run of chunks."""

from libs.events import Track, TrackRange
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Sample, write_chunk
from services.packager.cuts import Part
from services.packager.frames import Frame
from services.packager.part_rule import USUAL_MS

PARTS_A_SEGMENT = 512
"""Room in the chunks' sequence numbers; a segment is at most some 50 s long."""


class TrackCut:
    """Takes the frames of a track in decode order and cuts them into parts by media time.

    A sample lasts until the next one's DTS. Frames of a fixed length (`frame_ticks`, audio) that
    are two or more lengths apart have a hole between them, which shows as a jump of `tfdt`.
    """

    def __init__(
        self,
        track: Track,
        msn: int,
        sequence: int,
        *,
        part_ms: int = USUAL_MS,
        frame_ticks: int | None = None,
    ) -> None:
        self.track = track
        self.refs: list[list[int]] = []
        """Every frame, without data; see `Frame.ref`."""
        self.is_independent = False
        """Whether the first frame is a keyframe."""
        self.end: int | None = None
        """Where the last sample ends; known once the track is finished."""
        self._msn = msn
        self._sequence = sequence
        self._frame_ticks = frame_ticks
        self._part_ticks = track.timescale * part_ms // 1000
        self._pending: list[Frame] = []
        self._chunks: list[bytes] = []
        self._duration = 0

    def add(self, frame: Frame) -> list[Part]:
        """Take the next frame; returns the parts that it completes.

        A part is closed when another frame as long as the one before would make it too long.
        """
        parts = []
        if self._pending:
            last = self._pending[-1].dts
            length = self._frame_ticks
            if length is not None and frame.dts - last >= 2 * length:
                parts.append(self._close_part(last + length))
            else:
                if frame.dts - self._pending[0].dts > self._part_ticks and len(self._pending) > 1:
                    # It came later than the frames before it led to expect.
                    parts.append(self._close_part(last, keep=1))
                next_dts = frame.dts + (length or frame.dts - last)
                if next_dts - self._pending[0].dts > self._part_ticks:
                    parts.append(self._close_part(frame.dts))
        elif not self.refs:
            self.is_independent = frame.is_key
        self._pending.append(frame)
        self.refs.append(frame.ref())
        return parts

    def finish(self, end: int) -> list[Part]:
        """No frame follows in this segment; the last sample ends at `end`."""
        if self.end is not None:
            return []
        self.end = end
        if not self._pending:
            return []
        parts = []
        if end - self._pending[0].dts > self._part_ticks and len(self._pending) > 1:
            parts.append(self._close_part(self._pending[-1].dts, keep=1))
        return [*parts, self._close_part(end)]

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

    def _close_part(self, end: int, *, keep: int = 0) -> Part:
        """Make a part of what is pending, less the last `keep` frames; it ends at `end`."""
        count = len(self._pending) - keep
        frames, self._pending = self._pending[:count], self._pending[count:]
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
            config_id=self.track.config_id,
        )
