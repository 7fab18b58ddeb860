"""Matroska as it comes."""

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.media.matroska import (
    ClusterBegun,
    ClusterEnded,
    Event,
    MatroskaFrame,
    MatroskaInvalid,
    MatroskaReader,
    Tracks,
)


@pytest.fixture(scope="module", params=["sized", "live"])
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Three seconds of H.264 and AAC, a cluster a second; with sizes, or as it is streamed."""
    path = tmp_path_factory.mktemp("matroska") / "in.mkv"
    live = ["-live", "1"] if request.param == "live" else []
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25",
         "-f", "lavfi", "-i", "sine=r=48000", "-t", "3", "-c:v", "libx264", "-preset", "ultrafast",
         "-g", "25", "-c:a", "aac", "-f", "matroska", "-cluster_time_limit", "5000", *live, path],
        check=True, timeout=60,
    )  # fmt: skip
    return path.read_bytes()


def read(data: bytes, *, pieces: int) -> list[Event]:
    reader, events = MatroskaReader(), list[Event]()
    for at in range(0, len(data), pieces):
        events += reader.feed(data[at : at + pieces])
    return events + reader.close()


def test_every_frame_is_read_in_its_cluster(file: bytes, tmp_path: Path) -> None:
    (tmp_path / "in.mkv").write_bytes(file)
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "packet=stream_index,pts_time,size,flags",
         "-of", "csv=p=0", tmp_path / "in.mkv"],
        check=True, capture_output=True, text=True, timeout=60,
    ).stdout.splitlines()  # fmt: skip
    packets = [line.split(",") for line in said]
    expected = [
        (int(stream) + 1, round(float(pts) * 1000), int(size), flags.startswith("K"))
        for stream, pts, size, flags in packets
    ]
    events = read(file, pieces=1000)
    found = [each for each in events if isinstance(each, MatroskaFrame)]
    assert [(each.track, each.pts_ms, len(each.data), each.is_keyframe) for each in found] == (
        expected
    )
    (tracks,) = (each.tracks for each in events if isinstance(each, Tracks))
    assert [(each.kind, each.codec) for each in tracks] == [
        (1, "V_MPEG4/ISO/AVC"),
        (2, "A_AAC"),
    ]
    assert tracks[0].private[:1] == b"\x01"
    borders = [each for each in events if isinstance(each, ClusterBegun | ClusterEnded)]
    assert len(borders) >= 6
    assert all(type(one) is not type(other) for one, other in pairwise(borders))
    assert isinstance(borders[-1], ClusterEnded)


@pytest.mark.parametrize("pieces", [1, 7, 4096])
def test_how_the_bytes_come_does_not_matter(file: bytes, pieces: int) -> None:
    data = file[: 40_000 if pieces == 1 else None]
    assert read(data, pieces=pieces) == read(data, pieces=len(data))


def test_a_cluster_that_breaks_off_does_not_end(file: bytes) -> None:
    events = read(file[:-100], pieces=len(file))
    begun = sum(isinstance(each, ClusterBegun) for each in events)
    ended = sum(isinstance(each, ClusterEnded) for each in events)
    assert ended in (begun, begun - 1)
    if ended == begun:  # what broke off is behind the last cluster
        assert isinstance(events[-1], ClusterEnded)


HEAD = bytes.fromhex("1a45dfa380 18538067ff")
CLUSTER = bytes.fromhex("1f43b675ff")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"FLV\x01\x05\x00\x00\x00\x09", "does not begin"),
        (b"\x00" * 16, "no Matroska"),
        (HEAD + b"\xec\xff", "no size"),
        (HEAD + bytes.fromhex("1654ae6b 0100000010000000"), "too large"),
        (HEAD + CLUSTER + bytes.fromhex("a384 81000080"), "before its cluster"),
        (HEAD + CLUSTER + bytes.fromhex("e78100 a385 8100000200"), "several frames"),
        (HEAD + bytes.fromhex("1654ae6b83 ae8501"), "does not fit"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(MatroskaInvalid, match=reason):
        read(data, pieces=len(data))


@given(data=st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(data: bytes) -> None:
    reader = MatroskaReader()
    try:
        list(reader.feed(HEAD + CLUSTER + data))
        reader.close()
    except MatroskaInvalid:
        return
