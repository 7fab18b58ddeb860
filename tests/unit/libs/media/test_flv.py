"""FLV tags in and out, and the headers of audio and video bodies."""

import pytest

from libs.media.flv import (
    FLV_HEADER,
    FLVInvalid,
    FLVReader,
    Run,
    Tag,
    TagType,
    is_keyframe,
    is_sequence_header,
    parse_audio,
    parse_video,
    write_tag,
)

TAGS = [
    Tag(TagType.SCRIPT, 0, b"\x02\x00\x0aonMetaData"),
    Tag(TagType.VIDEO, 10_000, b"\x17\x00\x00\x00\x00\x01"),
    Tag(TagType.AUDIO, 0x1234567, b"\xaf\x01\x21"),
    Tag(TagType.VIDEO, 0x1234567, b""),
]


def test_tag_is_written_as_the_specification_lays_it_out() -> None:
    written = write_tag(Tag(TagType.AUDIO, 0x12345678, b"abc"))
    assert written == bytes.fromhex("08 000003 345678 12 000000 616263 0000000e")


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_reader_returns_every_tag_whatever_the_pieces(step: int) -> None:
    data = FLV_HEADER + b"".join(map(write_tag, TAGS))
    reader = FLVReader()
    read = [tag for at in range(0, len(data), step) for tag in reader.feed(data[at : at + step])]
    assert read == TAGS


def test_reader_unwraps_timestamps_past_32_bits() -> None:
    stamps = [2**32 - 40, 2**32 - 20, 2**32, 2**32 + 20]
    reader = FLVReader(near_ms=2**32 - 1000)
    data = FLV_HEADER + b"".join(write_tag(Tag(TagType.AUDIO, ms, b"\xaf\x01")) for ms in stamps)
    assert [tag.dts_ms for tag in reader.feed(data)] == stamps


def wire(*tags: Tag) -> bytes:
    return b"".join(map(write_tag, tags))


DELTA, SOUND = b"\x27\x01\x00\x00\x00frame", b"\xaf\x01sound"
RUN = [
    Tag(TagType.VIDEO, 2**32 - 40, DELTA),
    Tag(TagType.AUDIO, 2**32 - 50, SOUND),
    Tag(TagType.VIDEO, 2**32, DELTA),
    Tag(TagType.AUDIO, 2**32 - 27, SOUND),
]


def skimmer() -> FLVReader:
    reader = FLVReader(near_ms=2**32 - 100)
    reader.feed(FLV_HEADER)
    return reader


def test_run_of_ordinary_frames_is_skimmed() -> None:
    reader = skimmer()
    assert reader.skim(wire(*RUN)) == Run(4, 2**32 - 40, 2**32)
    after = Tag(TagType.AUDIO, 2**32 + 10, SOUND)
    assert reader.feed(wire(after)) == [after], "the time goes on past 32 bits"


@pytest.mark.parametrize(
    "other",
    [
        Tag(TagType.VIDEO, 0, b"\x17\x01\x00\x00\x00keyframe"),
        Tag(TagType.VIDEO, 0, b"\x17\x00\x00\x00\x00configuration"),
        Tag(TagType.AUDIO, 0, b"\xaf\x00\x12\x10"),
        Tag(TagType.VIDEO, 0, b"\x90hvc1"),
        Tag(TagType.VIDEO, 0, b""),
        Tag(TagType.VIDEO, 0, SOUND),
        Tag(TagType.AUDIO, 0, DELTA),
        Tag(TagType.SCRIPT, 0, DELTA),
    ],
)
@pytest.mark.parametrize("at", [0, 2, 4])
def test_run_that_holds_anything_else_must_be_fed(other: Tag, at: int) -> None:
    reader = skimmer()
    tags = [*RUN[:at], other, *RUN[at:]]
    assert reader.skim(wire(*tags)) is None
    assert [tag.body for tag in reader.feed(wire(*tags))] == [tag.body for tag in tags]


def test_pieces_of_tags_must_be_fed() -> None:
    data = wire(*RUN)
    for cut in range(1, len(data)):
        reader = skimmer()
        whole = reader.skim(data[:cut])
        assert (whole is not None) == (cut in _ends(RUN))
        if whole is None:
            read = reader.feed(data[:cut])
            assert reader.skim(data[cut:]) is None or cut in _ends(RUN)
            assert read + reader.feed(data[cut:]) == RUN


def _ends(tags: list[Tag]) -> list[int]:
    return [len(wire(*tags[:n])) for n in range(1, len(tags) + 1)]


def test_nothing_is_skimmed_before_the_file_header() -> None:
    reader = FLVReader()
    assert reader.skim(FLV_HEADER + wire(*RUN)) is None
    assert FLVReader().skim(wire(*RUN)) is None
    assert len(reader.feed(FLV_HEADER + wire(*RUN))) == 4


def test_reader_skips_tag_types_it_does_not_know() -> None:
    strange = b"\x0f" + write_tag(TAGS[1])[1:]
    assert FLVReader().feed(FLV_HEADER + strange + write_tag(TAGS[1])) == [TAGS[1]]


@pytest.mark.parametrize("data", [b"GET ", b"FLV\x02", b"FLV\x01\x05\x00\x00\x00\x0d\0\0\0\0"])
def test_reader_refuses_what_is_no_flv(data: bytes) -> None:
    with pytest.raises(FLVInvalid):
        FLVReader().feed(data)


def test_reader_refuses_a_tag_over_its_limit() -> None:
    with pytest.raises(FLVInvalid):
        FLVReader(max_tag_bytes=2).feed(FLV_HEADER + write_tag(TAGS[2]))


def test_tag_longer_than_24_bits_is_refused() -> None:
    with pytest.raises(FLVInvalid):
        write_tag(Tag(TagType.VIDEO, 0, bytes(0x1000000)))


VIDEO = {
    "classic header": ("17 00 000000 01", ("avc1", 0, False, 0, 0, 5)),
    "classic keyframe": ("17 01 000028 aa", ("avc1", 1, True, 40, 0, 5)),
    "classic frame, negative composition": ("27 01 fffff6 aa", ("avc1", 1, False, -10, 0, 5)),
    "classic end": ("17 02 000000", ("avc1", 2, False, 0, 0, 5)),
    "classic command": ("57 00", ("avc1", 3, False, 0, 0, 1)),
    "classic hevc": ("1c 01 000000 aa", ("hvc1", 1, True, 0, 0, 5)),
    "sorenson": ("12 84", ("flv2", 1, True, 0, 0, 1)),
    "extended header": ("90 68766331 01", ("hvc1", 0, False, 0, 0, 5)),
    "extended frames": ("91 68766331 fffffe aa", ("hvc1", 1, True, -2, 0, 8)),
    "extended frames x": ("a3 61766331 aa", ("avc1", 1, False, 0, 0, 5)),
    "extended av1 frames": ("91 61763031 aa", ("av01", 1, True, 0, 0, 5)),
    "extended end": ("92 68766331", ("hvc1", 2, False, 0, 0, 5)),
    "extended metadata": ("94 68766331 02", ("hvc1", 3, False, 0, 0, 5)),
    "one track": ("96 01 61766331 03 000001 aa", ("avc1", 1, True, 1, 3, 10)),
    "many tracks": ("96 11 61766331 00 000004", ("avc1", 1, True, 0, -1, 2)),
    "modex": ("97 02 000001 01 68766331 000005 aa", ("hvc1", 1, True, 5, 0, 13)),
}


@pytest.mark.parametrize("case", VIDEO)
def test_video_header_is_read(case: str) -> None:
    data, expected = VIDEO[case]
    assert tuple(parse_video(bytes.fromhex(data))) == expected


AUDIO = {
    "aac header": ("af 00 1190", ("mp4a", 0, 0, 2)),
    "aac frame": ("af 01 21", ("mp4a", 1, 0, 2)),
    "mp3": ("2f ff", (".mp3", 1, 0, 1)),
    "speex": ("b2 00", ("flv11", 1, 0, 1)),
    "extended header": ("90 4f707573 01", ("Opus", 0, 0, 5)),
    "extended frames": ("91 6d703461 aa", ("mp4a", 1, 0, 5)),
    "extended end": ("92 6d703461", ("mp4a", 2, 0, 5)),
    "channel layout": ("94 6d703461 00", ("mp4a", 3, 0, 5)),
    "one track": ("95 01 6d703461 02 aa", ("mp4a", 1, 2, 7)),
}


@pytest.mark.parametrize("case", AUDIO)
def test_audio_header_is_read(case: str) -> None:
    data, expected = AUDIO[case]
    assert tuple(parse_audio(bytes.fromhex(data))) == expected


@pytest.mark.parametrize("data", ["", "17", "1701", "90", "906876", "96", "97ff", "9700"])
def test_video_cut_short_is_refused(data: str) -> None:
    with pytest.raises(FLVInvalid):
        parse_video(bytes.fromhex(data))


@pytest.mark.parametrize("data", ["", "af", "90", "904f", "95"])
def test_audio_cut_short_is_refused(data: str) -> None:
    with pytest.raises(FLVInvalid):
        parse_audio(bytes.fromhex(data))


def test_keyframe_and_sequence_header_are_told_apart() -> None:
    header = Tag(TagType.VIDEO, 0, bytes.fromhex("17 00 000000 01"))
    keyframe = Tag(TagType.VIDEO, 0, bytes.fromhex("17 01 000000 01"))
    frame = Tag(TagType.VIDEO, 0, bytes.fromhex("27 01 000000 01"))
    audio = Tag(TagType.AUDIO, 0, bytes.fromhex("af 00 1190"))
    script = Tag(TagType.SCRIPT, 0, b"\x17\x01\x00\x00\x00")
    tags = [header, keyframe, frame, audio, script]
    assert [is_keyframe(tag) for tag in tags] == [False, True, False, False, False]
    assert [is_sequence_header(tag) for tag in tags] == [True, False, False, True, False]
