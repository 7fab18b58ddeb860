"""A segment with other pictures: as burned, at the very times of those that they stand for."""

import bisect
from collections.abc import Iterable, Sequence

from libs.errors import Unavailable
from libs.media.avc import parameter_sets, parse_avc_record
from libs.media.cmaf import VIDEO_TIMESCALE, VIDEO_TRACK_ID, Sample, write_chunk
from libs.media.cmaf_reader import Chunk
from libs.media.codec import VideoConfig
from libs.media.flv import FLVReader, PacketKind, TagType, parse_video
from libs.media.mpegts import Tracks

TICKS_A_MS = VIDEO_TIMESCALE // 1000
NEAR = 2 * TICKS_A_MS
"""FLV says milliseconds, rounded twice."""
_LENGTH_BYTES = 4
"""Of a NAL unit's length, as x264 writes it, and FFmpeg by way of FLV."""


class PicturesLost(Unavailable):
    code = "pictures_lost"


def remade(
    tracks: Tracks, chunks: Sequence[Chunk], flv: bytes, *, begins_at: int
) -> tuple[Tracks, list[Chunk]]:
    """The segment of `chunks` with the pictures of `flv`, whose zero is `begins_at`, in ticks.

    The encoder keeps the order in which pictures are shown. So the n-th has the n-th time of
    presentation, and, as nothing is reordered, the n-th decode time: the times of the segment are
    all the same as before. Raises `PicturesLost`.
    """
    own = [chunk for chunk in chunks if chunk.track_id == VIDEO_TRACK_ID]
    config, pictures = _read(flv)
    times = [time for chunk in own for time in _times(chunk)]
    shown = sorted(pts for _, pts, _ in times)
    samples = []
    found = [_nearest(shown, begins_at + at_ms * TICKS_A_MS) for at_ms, _, _ in pictures]
    # One that cannot be decoded is missing; no player would have shown it.
    placed = [pts for pts in found if pts is not None]
    if len(placed) != len(found) or sorted(set(placed)) != placed:
        raise PicturesLost("Pictures came back at times that are none of the segment's.")
    for (dts, _, duration), pts, (_, is_key, data) in zip(times, placed, pictures, strict=False):
        samples.append(Sample(duration, pts - dts, is_key, data))
    picture = Chunk(VIDEO_TRACK_ID, own[0].decode_time, samples)
    others = [chunk for chunk in chunks if chunk.track_id != VIDEO_TRACK_ID]
    return tracks._replace(video=config), [picture, *others]


def write_pictures(tracks: Tracks, chunks: Sequence[Chunk], *, sequence: int) -> bytes:
    """The pictures as CMAF, with their parameter sets among them: the init segment has the plain
    ones, and both must be known to whoever plays both.
    """
    assert tracks.video is not None
    sets = b"".join(
        len(each).to_bytes(_LENGTH_BYTES, "big") + each
        for each in parameter_sets(tracks.video.record)
    )
    return b"".join(
        write_chunk(
            VIDEO_TRACK_ID,
            sequence,
            chunk.decode_time,
            [
                sample._replace(data=sets + sample.data) if sample.is_sync else sample
                for sample in chunk.samples
            ],
        )
        for chunk in chunks
        if chunk.track_id == VIDEO_TRACK_ID
    )


def first_shown(chunks: Iterable[Chunk]) -> int:
    """When the first picture of them is shown, in ticks."""
    return min(pts for chunk in chunks for _, pts, _ in _times(chunk))


def _read(flv: bytes) -> tuple[VideoConfig, list[tuple[int, bool, bytes]]]:
    """Configuration, and of each picture time (ms), whether it is a keyframe, and data."""
    config: VideoConfig | None = None
    pictures = []
    for tag in FLVReader().feed(flv):
        if tag.type is not TagType.VIDEO:
            continue
        head = parse_video(tag.body)
        data = bytes(tag.body[head.data_offset :])
        if head.kind is PacketKind.SEQUENCE_HEADER:
            config = parse_avc_record(data)
        elif head.kind is PacketKind.FRAMES:
            pictures.append((tag.dts_ms + head.composition_ms, head.is_keyframe, data))
    if config is None or not pictures:
        raise PicturesLost("No picture came back.")
    return config, pictures


def _times(chunk: Chunk) -> list[tuple[int, int, int]]:
    """Of each sample decode time, presentation time and duration."""
    times, dts = [], chunk.decode_time
    for sample in chunk.samples:
        times.append((dts, dts + sample.composition, sample.duration))
        dts += sample.duration
    return times


def _nearest(times: Sequence[int], wanted: int) -> int | None:
    """The one of the sorted `times` that is meant; None if none is near."""
    at = bisect.bisect_left(times, wanted)
    near = min(times[max(0, at - 1) : at + 1], key=lambda time: abs(time - wanted))
    return near if abs(near - wanted) <= NEAR else None
