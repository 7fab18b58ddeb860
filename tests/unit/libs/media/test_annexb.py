"""H.264 samples as a byte stream."""

import pytest

from libs.media.annexb import AnnexB
from libs.media.codec import CodecConfigurationInvalid

SPS, PPS = b"\x67\x64\x00\x1f\xac", b"\x68\xee\x3c"
RECORD = b"\x01\x64\x00\x1f\xff\xe1\x00\x05" + SPS + b"\x01\x00\x03" + PPS
DELIMITER = b"\0\0\0\1\x09\xf0"


def test_picture_begins_with_its_delimiter() -> None:
    sample = b"\x00\x00\x00\x02\x41\x9a\x00\x00\x00\x01\x41"
    assert AnnexB(RECORD).access_unit(sample, is_sync=False) == (
        DELIMITER + b"\0\0\0\1\x41\x9a" + b"\0\0\0\1\x41"
    )


def test_keyframe_has_its_parameter_sets_in_front() -> None:
    assert AnnexB(RECORD).access_unit(b"\x00\x00\x00\x01\x65", is_sync=True) == (
        DELIMITER + b"\0\0\0\1" + SPS + b"\0\0\0\1" + PPS + b"\0\0\0\1\x65"
    )


def test_delimiters_of_the_publisher_are_not_said_twice() -> None:
    sample = b"\x00\x00\x00\x02\x09\x10\x00\x00\x00\x01\x41"
    assert AnnexB(RECORD).access_unit(sample, is_sync=False) == DELIMITER + b"\0\0\0\1\x41"


@pytest.mark.parametrize("sample", [b"", b"\x00", b"\x00\x00\x00\x00", b"\x00\x00\xff\xff\x41"])
def test_broken_sample_is_passed_on_as_far_as_it_goes(sample: bytes) -> None:
    unit = AnnexB(RECORD).access_unit(sample, is_sync=False)
    assert unit in (DELIMITER, DELIMITER + b"\0\0\0\1\x41")


def test_lengths_of_two_bytes() -> None:
    record = RECORD[:4] + b"\xfd" + RECORD[5:]
    assert AnnexB(record).access_unit(b"\x00\x01\x41", is_sync=False).endswith(b"\0\0\0\1\x41")


def test_record_that_is_cut_short_is_refused() -> None:
    with pytest.raises(CodecConfigurationInvalid):
        AnnexB(b"\x01\x64")
