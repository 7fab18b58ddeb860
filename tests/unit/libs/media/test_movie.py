"""Stored segments as one file, read back by PyAV."""

import io
import struct

import av
import pytest

from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, split_tracks, write_chunk, write_init
from libs.media.codec import CodecConfigurationInvalid
from libs.media.movie import MAX_PIECES, Piece, move_chunks, write_head
from tests.unit.libs.media.test_cmaf import (
    AUDIO_CONFIG,
    VIDEO_CONFIG,
    audio_samples,
    video_samples,
)

INITS = [write_init(VIDEO_CONFIG), write_init(AUDIO_CONFIG)]
AUDIO_SAMPLES = audio_samples()[:93]
"""Those that begin within two seconds, less one: none overlaps what follows."""
TIMESCALES = {VIDEO_TRACK_ID: 90_000, AUDIO_TRACK_ID: AUDIO_CONFIG.timescale}


def segment(at_s: int) -> bytes:
    """Two seconds of both tracks that begin at `at_s`."""
    video = write_chunk(VIDEO_TRACK_ID, 1, at_s * 90_000, video_samples())
    return video + write_chunk(AUDIO_TRACK_ID, 1, at_s * AUDIO_CONFIG.timescale, AUDIO_SAMPLES)


def movie(*segments: bytes) -> bytes:
    head = write_head(INITS, [Piece(len(each), 2.0, is_independent=True) for each in segments])
    return head + b"".join(segments)


def test_segments_of_two_sessions_run_on_from_zero() -> None:
    first, second = segment(10), segment(1000)
    joined = movie(
        bytes(move_chunks(first, -10.0, TIMESCALES)), bytes(move_chunks(second, -998.0, TIMESCALES))
    )
    times: dict[str, list[int]] = {"video": [], "audio": []}
    with av.open(io.BytesIO(joined), "r") as container:
        assert container.duration == pytest.approx(4 * av.time_base, abs=0.1 * av.time_base)
        for packet in container.demux():
            if packet.dts is not None:
                times[packet.stream.type].append(packet.dts)
    assert len(times["video"]) == 2 * len(video_samples())
    assert len(times["audio"]) == 2 * len(AUDIO_SAMPLES)
    for track in times.values():
        assert track[0] == 0
        assert track == sorted(set(track))


def test_only_decode_times_are_changed() -> None:
    data = segment(10)
    moved = move_chunks(data, -10.0, TIMESCALES)
    assert len(moved) == len(data)
    assert sum(a != b for a, b in zip(data, moved, strict=True)) <= 2 * 8
    assert split_tracks(bytes(moved)) == split_tracks(data)
    assert move_chunks(bytes(moved), 10.0, TIMESCALES) == data


def test_index_says_where_each_segment_lies() -> None:
    head = write_head(
        INITS, [Piece(1000, 2.0, is_independent=True), Piece(500, 1.5, is_independent=False)]
    )
    at = head.index(b"sidx") + 34
    found = struct.unpack_from(">HIIIIII", head, at)
    assert found == (2, 1000, 180_000, 0x90000000, 500, 135_000, 0)


def test_what_is_none_of_ours_is_refused() -> None:
    with pytest.raises(CodecConfigurationInvalid):
        write_head([b"nonsense"], [])
    with pytest.raises(CodecConfigurationInvalid):
        move_chunks(bytes(200), 1.0, TIMESCALES)
    with pytest.raises(ValueError, match="at most"):
        write_head(INITS, [Piece(1, 1.0, is_independent=True)] * (MAX_PIECES + 1))
