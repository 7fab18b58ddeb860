"""H.264 configuration records."""

import pytest

from libs.media.avc import free_set_id, parameter_sets, parse_avc_record, with_sets_in_band
from libs.media.cmaf import write_init
from libs.media.cmaf_reader import split_boxes
from libs.media.codec import CodecConfigurationInvalid

RECORD_90P = bytes.fromhex(
    "0164000bffe1001767640 00bacb4146fc9080000030008000003019078a15501000468ef0fcbfdf8f800".replace(
        " ", ""
    )
)
"""x264, 160x90 (cropped from 96 lines), 25 frames a second, High profile, level 1.1."""


def record_of(sps: bytes) -> bytes:
    return b"\x01" + sps[1:4] + b"\xff\xe1" + len(sps).to_bytes(2, "big") + sps + b"\x01\x00\x00"


def test_record_gives_codec_string_size_and_rate() -> None:
    config = parse_avc_record(RECORD_90P)
    assert (config.codec, config.width, config.height) == ("avc1.64000b", 160, 90)
    assert config.frame_rate == 25.0
    assert config.record == RECORD_90P


def test_rate_of_29_97_keeps_its_fraction() -> None:
    sps = bytes.fromhex("6764000bacd9428df921000003 03e90000ea600f142996".replace(" ", ""))
    assert parse_avc_record(record_of(sps)).frame_rate == pytest.approx(30000 / 1001)


def test_baseline_without_vui_has_no_rate() -> None:
    # profile 66, level 3.0; all exp-golomb fields 0 but 11 x 9 macroblocks (176x144).
    bits = "1" + "1" + "1" + "1" + "1" + "0" + "0001011" + "0001001" + "1" + "1" + "0" + "0" + "1"
    payload = int(bits.ljust(40, "0"), 2).to_bytes(5, "big")
    config = parse_avc_record(record_of(b"\x67\x42\xc0\x1e" + payload))
    assert (config.codec, config.width, config.height) == ("avc1.42c01e", 176, 144)
    assert config.frame_rate is None


@pytest.mark.parametrize(
    ("said", "matrix", "is_full_range"),
    [
        ("101 0 1" + "00000001" + "00000001" + "00000001", 1, False),
        ("101 1 1" + "00000010" + "00000010" + "00000110", 6, True),
        ("101 0 1" + "00000001" + "00000001" + "00000010", None, False),
        ("101 1 0", None, True),
    ],
)
def test_matrix_and_range_are_read(said: str, matrix: int | None, is_full_range: bool) -> None:
    # The one of baseline above with a VUI: no aspect, no overscan, these colours, no timing.
    fields = "1" + "1" + "1" + "1" + "1" + "0" + "0001011" + "0001001" + "1" + "1" + "0"
    bits = fields + "1" + "0" + "0" + "1" + said.replace(" ", "") + "0" + "0"
    payload = int(bits.ljust(88, "1"), 2).to_bytes(11, "big")
    config = parse_avc_record(record_of(b"\x67\x42\xc0\x1e" + payload))
    assert (config.matrix, config.is_full_range) == (matrix, is_full_range)
    assert (config.width, config.frame_rate) == (176, None)


def test_what_says_no_colours_has_no_matrix() -> None:
    assert parse_avc_record(RECORD_90P).matrix is None


@pytest.mark.parametrize(
    "record",
    [b"", b"\x01", b"\x00\x00\x00\x01" + bytes(20), RECORD_90P[:12], RECORD_90P[:20], bytes(40)],
)
def test_record_that_cannot_be_read_is_refused(record: bytes) -> None:
    with pytest.raises(CodecConfigurationInvalid):
        parse_avc_record(record)


def test_sps_cut_short_is_refused() -> None:
    with pytest.raises(CodecConfigurationInvalid):
        parse_avc_record(record_of(bytes.fromhex("6764000bacb4")))


def test_free_id_is_one_that_no_parameter_set_has() -> None:
    assert free_set_id(RECORD_90P) == 1
    sps, pps = parameter_sets(RECORD_90P)
    # ue(1) is 010: the picture parameter set's id is in front, and it refers to sequence set 0.
    other = bytes((pps[0], 0b01010000, *pps[1:]))
    sets = b"".join(len(each).to_bytes(2, "big") + each for each in (pps, other))
    record = RECORD_90P[:5] + b"\xe1" + len(sps).to_bytes(2, "big") + sps + b"\x02" + sets
    assert list(parameter_sets(record)) == [sps, pps, other]
    assert free_set_id(record) == 2


def test_track_with_sets_in_band_says_so_and_has_lengths_of_four() -> None:
    short = RECORD_90P[:4] + b"\xfd" + RECORD_90P[5:]
    config = with_sets_in_band(parse_avc_record(short))
    assert (config.codec, config.record[4]) == ("avc3.64000b", 0xFF)
    assert list(parameter_sets(config.record)) == list(parameter_sets(RECORD_90P))
    init = write_init(config)
    assert b"avc3" in init
    assert b"avc1" not in init
    assert split_boxes(init).keys() == {b"ftyp", b"moov"}
