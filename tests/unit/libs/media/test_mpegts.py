"""Segments as MPEG-TS: read back by PyAV, and packet by packet."""

import io
from dataclasses import dataclass

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Sample
from libs.media.cmaf_reader import Chunk
from libs.media.mpegts import PACKET_BYTES, Tracks, write_segment
from tests.oracles.frame_ledger import compare, input_frames
from tests.oracles.transport_lint import lint, read_packets
from tests.unit.libs.media.test_cmaf import (
    AUDIO_CONFIG,
    VIDEO_CONFIG,
    audio_samples,
    video_samples,
)
from tests.unit.libs.media.test_movie import movie, segment

BOTH = Tracks(VIDEO_CONFIG, AUDIO_CONFIG)
VIDEO = video_samples()
AUDIO = audio_samples()[:93]


def chunks(at_s: int = 10, video: list[Sample] = VIDEO, audio: list[Sample] = AUDIO) -> list[Chunk]:
    return [
        Chunk(VIDEO_TRACK_ID, at_s * 90_000, video),
        Chunk(AUDIO_TRACK_ID, at_s * AUDIO_CONFIG.timescale, audio),
    ]


@dataclass
class Read:
    """What PyAV reads of a track."""

    times: list[tuple[int | None, int | None]]
    keys: list[bool]


def read(data: bytes) -> dict[str, Read]:
    found: dict[str, Read] = {}
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        for packet in container.demux():
            if packet.size:
                track = found.setdefault(packet.stream.type, Read([], []))
                track.times.append((packet.pts, packet.dts))
                track.keys.append(packet.is_keyframe)
    return found


def times_of(samples: list[Sample], begin: int) -> list[tuple[int, int]]:
    found, dts = [], begin
    for sample in samples:
        found.append((dts + sample.composition, dts))
        dts += sample.duration
    return found


def test_frames_and_their_times_are_the_same() -> None:
    data = write_segment(BOTH, chunks())
    assert lint(data) == []
    found = read(data)
    assert found["video"].times == times_of(VIDEO, 900_000)
    assert found["video"].keys == [sample.is_sync for sample in VIDEO]
    at = [(480_000 + 1024 * n) * 90_000 / 48_000 for n in range(len(AUDIO))]
    assert [pts for pts, _ in found["audio"].times] == at
    assert compare(input_frames(movie(segment(10))), input_frames(data)).is_balanced


def test_frames_decode() -> None:
    with av.open(io.BytesIO(write_segment(BOTH, chunks())), "r") as container:
        pictures = list(container.decode(video=0))
    assert len(pictures) == len(VIDEO)
    assert not any(picture.is_corrupt for picture in pictures)


def test_segments_follow_each_other_whichever_come() -> None:
    """Each has a multiple of 16 packets with payload on each PID."""
    data = b"".join(write_segment(BOTH, chunks(at_s)) for at_s in (10, 12, 14))
    assert lint(data) == []
    assert len(read(data)["video"].times) == 3 * len(VIDEO)
    counts: dict[int, int] = {}
    for packet in read_packets(write_segment(BOTH, chunks())):
        counts[packet.pid] = counts.get(packet.pid, 0) + (packet.payload is not None)
    assert {count % 16 for count in counts.values()} == {0}


def test_one_track_alone() -> None:
    video, audio = chunks()
    picture, sound = write_segment(Tracks(VIDEO_CONFIG), [video]), write_segment(
        Tracks(audio=AUDIO_CONFIG), [audio]
    )  # fmt: skip
    assert (lint(picture), lint(sound)) == ([], [])
    assert set(read(picture)) == {"video"}
    assert len(read(sound)["audio"].times) == len(AUDIO)


def test_tables_that_differ_have_different_versions() -> None:
    versions = set()
    for tracks in (BOTH, Tracks(VIDEO_CONFIG), Tracks(audio=AUDIO_CONFIG)):
        table = next(each for each in read_packets(write_segment(tracks, chunks()))
                     if each.pid == 0x1000)  # fmt: skip
        assert table.payload is not None
        versions.add(table.payload[6] >> 1 & 31)
    assert len(versions) == 3


def test_clock_is_said_where_pictures_are_far_apart_and_never_goes_back() -> None:
    """A picture a second that is shown two seconds after it is decoded."""
    slow = [Sample(90_000, 180_000, n == 0, VIDEO[0].data) for n in range(2)]
    segments = (
        [chunks(at_s, slow)[0], chunks(at_s + 2)[1]]  # sound is shown with its pictures
        for at_s in (10, 12)
    )
    assert lint(b"".join(write_segment(BOTH, each) for each in segments)) == []


def test_long_segment_says_its_tables_often_enough() -> None:
    long = [Sample(36_000, 0, True, VIDEO[0].data) for _ in range(50)]
    assert lint(write_segment(Tracks(VIDEO_CONFIG), [Chunk(VIDEO_TRACK_ID, 0, long)])) == []


def test_day_and_two_hours_later_times_begin_anew() -> None:
    at_s = (1 << 33) // 90_000 - 1
    found = read(write_segment(BOTH, chunks(at_s)))
    assert len(found["video"].times) == len(VIDEO)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(5, 3000), min_size=1, max_size=12),
    sounds=st.lists(st.integers(1, 800), max_size=40),
    duration=st.integers(1, 30_000),
)
def test_whatever_samples_measure_packets_are_right(
    sizes: list[int], sounds: list[int], duration: int
) -> None:
    video = [
        Sample(duration, 0, True, (size - 4).to_bytes(4, "big") + b"\x65" + bytes(size - 5))
        for size in sizes
    ]
    audio = [Sample(1024, 0, True, b"\x21" * size) for size in sounds]
    data = write_segment(BOTH, chunks(10, video, audio)) if sounds else write_segment(
        Tracks(VIDEO_CONFIG), chunks(10, video, audio)
    )  # fmt: skip
    assert lint(data) == []
    assert len(data) % PACKET_BYTES == 0


@pytest.mark.parametrize(
    ("at", "byte", "what"),
    [(0, 0, "no packet"), (188 * 2 + 3, 0x55, "counts"), (20, 0xFF, "checksum")],
)
def test_lint_finds_what_is_wrong(at: int, byte: int, what: str) -> None:
    data = bytearray(write_segment(BOTH, chunks()))
    data[at] = byte
    assert any(what in finding for finding in lint(bytes(data)))


def test_lint_finds_a_lost_packet_and_a_clock_that_stands_still() -> None:
    data = write_segment(BOTH, chunks())
    lost = data[: 188 * 40] + data[188 * 41 :]
    assert any("counts" in finding for finding in lint(lost))
    backwards = write_segment(BOTH, chunks(12)) + write_segment(BOTH, chunks(10))
    assert any("clock" in finding for finding in lint(backwards))
