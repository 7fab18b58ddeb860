"""New pictures take the places of the old ones."""

import pytest

from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, Sample
from libs.media.cmaf_reader import Chunk
from libs.media.flv import Tag, TagType, write_tag
from libs.media.mpegts import Tracks
from services.gateway.burning.remade import PicturesLost, first_shown, remade
from tests.unit.libs.media.test_cmaf import VIDEO_CONFIG

FLV = b"FLV\x01\x01\x00\x00\x00\x09\x00\x00\x00\x00"
BEGIN = 900_000
COMPOSITIONS = (7200, 18000, 7200, 0, 3600)
"""I P B B P, as they are decoded."""
SOUND = Chunk(AUDIO_TRACK_ID, 480_000, [Sample(1024, 0, True, b"sound")])


def segment() -> list[Chunk]:
    samples = [Sample(3600, each, index == 0, b"old") for index, each in enumerate(COMPOSITIONS)]
    return [Chunk(VIDEO_TRACK_ID, BEGIN, samples), SOUND]


def flv(*times_ms: int) -> bytes:
    header = Tag(TagType.VIDEO, 0, b"\x17\0\0\0\0" + VIDEO_CONFIG.record)
    frames = [
        Tag(TagType.VIDEO, at, (b"\x27", b"\x17")[at == times_ms[0]] + b"\1\0\0\0new%d" % at)
        for at in times_ms
    ]
    return FLV + b"".join(write_tag(tag) for tag in (header, *frames))


def times(chunk: Chunk) -> tuple[list[int], list[int]]:
    dts = [chunk.decode_time + 3600 * index for index in range(len(chunk.samples))]
    return dts, [at + each.composition for at, each in zip(dts, chunk.samples, strict=True)]


def test_times_are_the_same_in_the_order_in_which_pictures_are_shown() -> None:
    chunks = segment()
    base = first_shown(chunks[:1])
    shown_ms = [round((pts - base) / 90) for pts in sorted(times(chunks[0])[1])]
    tracks, (picture, sound) = remade(
        Tracks(VIDEO_CONFIG), chunks, flv(*shown_ms), begins_at=base
    )  # fmt: skip
    assert times(picture) == (times(chunks[0])[0], sorted(times(chunks[0])[1]))
    assert [each.data for each in picture.samples] == [b"new%d" % at for at in shown_ms]
    assert [each.is_sync for each in picture.samples] == [True, *[False] * 4]
    assert sound is SOUND
    assert tracks.video is not None


def test_picture_that_cannot_be_decoded_is_left_out() -> None:
    chunks = segment()
    _, (picture, _) = remade(
        Tracks(VIDEO_CONFIG), chunks, flv(0, 40, 160), begins_at=first_shown(chunks[:1])
    )
    dts, pts = times(picture)
    assert len(pts) == 3
    assert all(decoded <= shown for decoded, shown in zip(dts, pts, strict=True))


@pytest.mark.parametrize("times_ms", [(0, 40, 40), (0, 55), (40, 0)])
def test_pictures_at_other_times_are_refused(times_ms: tuple[int, ...]) -> None:
    chunks = segment()
    with pytest.raises(PicturesLost):
        remade(Tracks(VIDEO_CONFIG), chunks, flv(*times_ms), begins_at=first_shown(chunks[:1]))


def test_nothing_that_came_back_is_refused() -> None:
    with pytest.raises(PicturesLost):
        remade(Tracks(VIDEO_CONFIG), segment(), FLV, begins_at=BEGIN)
