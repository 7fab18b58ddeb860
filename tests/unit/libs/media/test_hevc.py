"""H.265 configuration records."""

import io

import av
import pytest

from libs.media.annexb import AnnexB
from libs.media.cmaf import VIDEO_TRACK_ID, Sample, write_chunk, write_init
from libs.media.cmaf_reader import Chunk, read_configuration
from libs.media.codec import CodecConfigurationInvalid
from libs.media.hevc import codec_string, complete_record, parse_hevc_record
from libs.media.mpegts import Tracks, write_segment
from tests.oracles.hevc_source import make_hevc
from tests.oracles.transport_lint import lint

HEAD = bytes.fromhex("0101600000009000000000003cf000fcfdf8f800000f")
VPS = bytes.fromhex("40010c01ffff01600000030090000003000003003cba0240")
SPS = bytes.fromhex(
    "42010101600000030090000003000003003ca028831f596eae4caf0169c2000007d00000ea6010"
)
PPS = bytes.fromhex("4401c173d189")
SEI = b"\x4e\x01\x05\x01\xff\x80"
"""x265, 80x46 (cropped from 80x48), Main profile, level 2."""


def array(kind: int, unit: bytes) -> bytes:
    return bytes((kind,)) + b"\0\1" + len(unit).to_bytes(2, "big") + unit


RECORD = HEAD + b"\4" + array(32, VPS) + array(33, SPS) + array(34, PPS) + array(39, SEI)


def test_record_gives_codec_string_and_size() -> None:
    config = parse_hevc_record(RECORD)
    assert (config.codec, config.width, config.height) == ("hvc1.1.6.L60.90", 80, 46)
    assert (config.sample_entry, config.record) == ("hvc1", RECORD)
    assert config.is_hevc


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        # Examples of 14496-15, annex E.3, and of what is in the field.
        ("01 01 60000000 b00000000000 5d", "hvc1.1.6.L93.B0"),
        ("01 21 60000000 b02300000000 96", "hvc1.1.6.H150.B0.23"),
        ("01 42 20000000 000000000000 78", "hvc1.A2.4.L120"),
        ("01 02 20000000 900000000001 99", "hvc1.2.4.L153.90.0.0.0.0.1"),
    ],
)
def test_codec_string(head: str, codec: str) -> None:
    assert codec_string(bytes.fromhex(head)) == codec


def test_completed_record_has_the_parameter_sets_alone_and_says_that_they_are_all() -> None:
    done = HEAD + b"\3" + array(0x80 | 32, VPS) + array(0x80 | 33, SPS) + array(0x80 | 34, PPS)
    assert complete_record(RECORD) == done
    assert complete_record(done) == done
    assert parse_hevc_record(done).codec == "hvc1.1.6.L60.90"


@pytest.mark.parametrize(
    "record",
    [b"", b"\0" + RECORD[1:], HEAD, HEAD + b"\0", RECORD[:-20], HEAD + b"\1" + array(33, SPS[:9])],
)
def test_record_that_cannot_be_read_is_refused(record: bytes) -> None:
    with pytest.raises(CodecConfigurationInvalid):
        parse_hevc_record(record)


@pytest.mark.parametrize("size", [(160, 90), (426, 240), (1920, 1080)])
def test_size_is_that_of_the_picture(size: tuple[int, int]) -> None:
    config = parse_hevc_record(make_hevc(seconds=0.04, size=size).record)
    assert (config.width, config.height) == size


def test_samples_read_back_from_our_boxes_and_from_our_transport_stream() -> None:
    made = make_hevc()
    config = parse_hevc_record(complete_record(made.record))
    samples = [Sample(3600, 0, each.is_keyframe, each.data) for each in made.frames]
    init = write_init(config)
    assert read_configuration(init) == config
    boxes = init + write_chunk(VIDEO_TRACK_ID, 1, 900_000, samples)
    packets = write_segment(Tracks(video=config), [Chunk(VIDEO_TRACK_ID, 900_000, samples)])
    assert lint(packets) == []
    for data, kind in ((boxes, "mp4"), (packets, "mpegts")):
        with av.open(io.BytesIO(data), "r", format=kind) as container:
            stream = container.streams.video[0]
            assert stream.codec_context.name == "hevc"
            frames = list(container.decode(stream))
            assert [frame.pts for frame in frames] == [900_000 + 3600 * at for at in range(50)]
            assert {(frame.width, frame.height) for frame in frames} == {(160, 90)}


def test_byte_stream_has_delimiters_and_parameter_sets_of_its_own_kind() -> None:
    stream = AnnexB(RECORD, is_hevc=True)
    start = b"\0\0\0\1"
    key, inter = b"\x28\x01\xaf", b"\x02\x01\xd0"
    delimiter = b"\x46\x01\x50"
    sample = b"\0\0\0\3\x46\x01\x10" + b"\0\0\0\3" + key
    assert stream.access_unit(sample, is_sync=True) == b"".join(
        start + each for each in (delimiter, VPS, SPS, PPS, key)
    )
    assert stream.access_unit(b"\0\0\0\3" + inter, is_sync=False) == (
        start + delimiter + start + inter
    )
