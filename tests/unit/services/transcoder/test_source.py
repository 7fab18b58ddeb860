"""What of a pull is decoded."""

import pytest

from libs.media import amf0
from libs.media.flv import FLVReader, Tag, TagType
from libs.tags import PositionCue, Prologue
from services.transcoder.errors import SourceUnsupported
from services.transcoder.source import Changed, Ended, Picture, Sound, Source
from tests.oracles.flv_source import make_flv

TAGS = FLVReader().feed(make_flv(seconds=1))
RECORD = next(tag for tag in TAGS if tag.body[:2] == b"\x17\x00")
AUDIO = next(tag for tag in TAGS if tag.body[:2] == b"\xaf\x00")
KEY = Tag(TagType.VIDEO, 10_000, b"\x17\x01\x00\x00\x28\x00")
INTER = Tag(TagType.VIDEO, 10_040, b"\x27\x01\x00\x00\x00\x00")
SOUND = Tag(TagType.AUDIO, 10_010, b"\xaf\x01\x00")


def cue(name: str, **fields: object) -> Tag:
    return Tag(TagType.SCRIPT, 10_000, amf0.encode(f"weir.{name}", dict(fields)))


CLOCK, END = cue("clock", wall_ms=1.0), cue("end", cause="idle")


def source(*headers: Tag, next_tag: int = 5) -> Source:
    position = PositionCue(next_tag=next_tag, generation=1, discontinuities=0)
    return Source(Prologue(position, list(headers)))


def test_it_begins_at_a_keyframe_and_names_the_mark_before_it() -> None:
    reading = source(RECORD, AUDIO)
    found = [reading.read(tag) for tag in (INTER, SOUND, CLOCK, KEY, INTER, SOUND, END)]
    assert found == [
        None, None, None, Picture(KEY, 10_040, is_keyframe=True),
        Picture(INTER, 10_040, is_keyframe=False), Sound(SOUND), Ended(),
    ]  # fmt: skip
    assert (reading.from_tag, reading.next_tag) == (7, 12)
    assert reading.sound_header == AUDIO


def test_marks_behind_the_beginning_do_not_move_it() -> None:
    reading = source(RECORD)
    for tag in (CLOCK, KEY, CLOCK, KEY):
        reading.read(tag)
    assert reading.from_tag == 5


def test_configuration_may_come_before_the_keyframe_and_be_repeated() -> None:
    reading = source()
    assert [reading.read(tag) for tag in (KEY, RECORD)] == [None, None]
    assert isinstance(reading.read(KEY), Picture)
    assert reading.read(RECORD) is None, "the same again is no change"
    other = RECORD._replace(body=RECORD.body + b"\x00")
    assert reading.read(other) == Changed(9)


def test_codec_that_cannot_be_decoded_is_refused_with_its_name() -> None:
    with pytest.raises(SourceUnsupported, match="hvc1"):
        source(Tag(TagType.VIDEO, 0, b"\x90hvc1\x01"))
    with pytest.raises(SourceUnsupported):
        source(Tag(TagType.VIDEO, 0, b"\x17\x00\x00\x00\x00\x01\x02"))


def test_extended_headers_become_classic_ones() -> None:
    reading = source(RECORD._replace(body=b"\x90avc1" + RECORD.body[5:]))
    extended = Tag(TagType.VIDEO, 10_000, b"\x91avc1\x00\x00\x28\xaa")
    found = reading.read(extended)
    assert isinstance(found, Picture)
    assert found == Picture(KEY._replace(body=KEY.body[:5] + b"\xaa"), 10_040, is_keyframe=True)
    assert RECORD.body in reading.head(30.0)


def test_tag_that_is_cut_short_is_left_out() -> None:
    reading = source(RECORD)
    reading.read(KEY)
    assert reading.read(Tag(TagType.VIDEO, 0, b"\x27\x01")) is None
    assert reading.read(cue("discontinuity", cause="jump", generation=1)) is None


def test_sound_that_is_not_aac_is_left_out_and_known() -> None:
    mp3 = SOUND._replace(body=b"\x2fmp3")
    reading = source(RECORD)
    assert [reading.read(tag) for tag in (mp3, KEY)] == [
        None,
        Picture(KEY, 10_040, is_keyframe=True),
    ]
    assert reading.has_foreign_sound
    assert reading.read(mp3) is None
    assert reading.sound_header is None
    assert [reading.read(tag) for tag in (AUDIO, SOUND)] == [Sound(AUDIO), Sound(SOUND)]
    assert not reading.has_foreign_sound
    opus = source(RECORD, SOUND._replace(body=b"\x90OpusOpusHead"))
    assert (opus.has_foreign_sound, opus.sound_header) == (True, None)
