"""Bit fields of codec configuration."""

import pytest

from libs.media.bits import BitReader, BitsExhausted, without_emulation_prevention


def test_fields_are_read_from_the_most_significant_bit() -> None:
    bits = BitReader(b"\xa5\x0f")
    assert [bits.read(4), bits.flag(), bits.read(3), bits.read(8)] == [10, False, 5, 15]
    assert bits.bits_left == 0


@pytest.mark.parametrize(
    ("code", "value"), [("1", 0), ("010", 1), ("011", 2), ("00100", 3), ("00111", 6)]
)
def test_exp_golomb_codes_are_those_of_the_table(code: str, value: int) -> None:
    assert BitReader(int(code.ljust(8, "0"), 2).to_bytes(1, "big")).exp_golomb() == value


def test_signed_codes_alternate() -> None:
    codes = BitReader(int("10100110010000101".ljust(24, "0"), 2).to_bytes(3, "big"))
    assert [codes.signed_exp_golomb() for _ in range(5)] == [0, 1, -1, 2, -2]


def test_reading_past_the_end_is_an_error() -> None:
    with pytest.raises(BitsExhausted):
        BitReader(b"\x00").exp_golomb()


def test_emulation_prevention_bytes_are_taken_out() -> None:
    escaped = bytes.fromhex("000003 01 000003 03 000003 000003")
    assert without_emulation_prevention(escaped) == bytes.fromhex("0000 01 0000 03 0000 0000")
