"""A device's clusters as the tags of a publish."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from libs.media.flv import TagType, parse_video
from services.gateway.api.kvs import fragment_reader
from services.gateway.api.kvs.fragment_reader import (
    Fragment,
    FragmentBegun,
    FragmentReader,
    FragmentRefused,
)


def make(path: Path, *options: str) -> bytes:
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25",
         "-f", "lavfi", "-i", "sine=r=48000", "-t", "4", "-g", "25", *options, "-c:a", "aac",
         "-f", "matroska", "-cluster_time_limit", "5000", "-cluster_size_limit", "5000000",
         "-live", "1", path],
        check=True, timeout=60,
    )  # fmt: skip
    return path.read_bytes()


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("device") / "in.mkv"
    return make(path, "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-x264-params",
                "bframes=2:b-adapt=0:scenecut=0")  # fmt: skip


def read(media: bytes, reader: FragmentReader | None = None) -> list[Any]:
    reader = reader or FragmentReader()
    return [*reader.feed(media), *reader.close()]


def test_decode_times_rise_and_none_is_after_its_picture(media: bytes) -> None:
    found = read(media)
    fragments = [each for each in found if isinstance(each, Fragment)]
    assert [type(each) for each in found] == [FragmentBegun, Fragment] * len(fragments)
    assert len(fragments) >= 3
    tags = [tag for each in fragments for tag in each.tags]
    assert [tag.body[1] for tag in tags[:2]] == [0, 0], "the sequence headers come first"
    frames = tags[2:]
    assert frames[0].dts_ms == 0
    pictures = [tag for tag in frames if tag.type is TagType.VIDEO]
    times = [tag.dts_ms for tag in pictures]
    assert times == sorted(set(times))
    offsets = [parse_video(tag.body).composition_ms for tag in pictures]
    assert min(offsets) == 0
    assert max(offsets) > 0, "there are reordered pictures"
    assert len(pictures) == 100
    assert sum(each.ends_ms - each.begins_ms for each in fragments) == 4000


@pytest.mark.parametrize(
    ("limit", "value", "error_id"),
    [("MAX_BYTES", 1000, 4001), ("MAX_SPAN_MS", 200, 4002), ("MAX_TRACKS", 1, 4012)],
)
def test_limits(
    media: bytes, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, error_id: int
) -> None:
    monkeypatch.setattr(fragment_reader, limit, value)
    with pytest.raises(FragmentRefused) as refused:
        read(media)
    assert refused.value.error_id == error_id


def test_the_same_times_again_are_out_of_order(media: bytes) -> None:
    reader = FragmentReader()
    read(media, reader)
    first = media.index(b"\x1f\x43\xb6\x75")
    with pytest.raises(FragmentRefused) as refused:
        read(media[first:], reader)
    assert refused.value.error_id == 4004


def test_what_breaks_off_is_no_fragment(media: bytes) -> None:
    last = media.rindex(b"\x1f\x43\xb6\x75")
    whole = len(read(media))
    assert len(read(media[: last + 200])) == whole - 1


def test_tracks_that_are_not_carried_are_refused(tmp_path: Path) -> None:
    media = make(tmp_path / "in.mkv", "-c:v", "mpeg4")
    found = read(media)  # its sound is
    assert {tag.type for each in found if isinstance(each, Fragment) for tag in each.tags} == {
        TagType.AUDIO
    }
    with pytest.raises(FragmentRefused) as refused:
        read(make(tmp_path / "two.mkv", "-c:v", "mpeg4", "-an"))
    assert refused.value.error_id == 4006
