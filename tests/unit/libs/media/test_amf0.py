"""AMF0: the bytes of the specification, values there and back, and what is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.media.amf0 import MAX_DEPTH, MAX_KEYS, AMFInvalid, Object, decode, encode

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (1.5, "003ff8000000000000"),
        (True, "0101"),
        (False, "0100"),
        ("live", "0200046c697665"),
        (None, "05"),
        (Object(a=1.0), "03000161003ff0000000000000000009"),
        ({"a": 1.0}, "0800000001000161003ff0000000000000000009"),
        ([1.0, None], "0a00000002003ff000000000000005"),
    ],
)
def test_each_type_has_the_bytes_of_the_specification(value: Any, wire: str) -> None:
    assert encode(value).hex() == wire
    assert decode(bytes.fromhex(wire)) == [value]


def test_an_integer_is_written_as_a_number() -> None:
    assert encode(1) == encode(1.0)


def test_undefined_is_read_as_null() -> None:
    assert decode(b"\x06") == [None]


def test_a_date_is_read_as_its_time_in_ms() -> None:
    wire = b"\x0b" + encode(1_700_000_000_000.0)[1:] + b"\0\0"
    assert decode(wire) == [1_700_000_000_000.0]


def test_the_announced_length_of_an_ecma_array_is_only_a_hint() -> None:
    wire = bytearray(encode({"a": 1.0, "b": 2.0}))
    wire[1:5] = bytes(4)
    assert decode(bytes(wire)) == [{"a": 1.0, "b": 2.0}]


def test_a_long_text_becomes_a_long_string() -> None:
    text = "x" * 70_000
    assert encode(text)[0] == 12
    assert decode(encode(text)) == [text]


def test_text_in_another_charset_keeps_what_can_be_read() -> None:
    (value,) = decode(b"\x02\x00\x03a\xe9b")
    assert value == "a\ufffdb"


@given(st.lists(VALUES, max_size=5))
def test_what_is_encoded_is_decoded(values: list[Any]) -> None:
    assert decode(encode(*values)) == values


@pytest.mark.parametrize("marker", [4, 7, 13, 14, 15, 16, 17, 18, 255])
def test_classes_references_and_amf3_are_refused(marker: int) -> None:
    with pytest.raises(AMFInvalid, match="not taken"):
        decode(bytes((marker, 0, 1, 65, 0, 0, 9)))


def test_values_may_be_nested_to_the_limit_only() -> None:
    fits: Any = 1.0
    for _ in range(MAX_DEPTH):
        fits = [fits]
    assert decode(encode(fits)) == [fits]
    with pytest.raises(AMFInvalid, match="too deep"):
        decode(encode([fits]))


@pytest.mark.parametrize("depth", [17, 10_000])
def test_nesting_of_objects_is_bounded_before_the_stack_is(depth: int) -> None:
    with pytest.raises(AMFInvalid, match="too deep"):
        decode(b"\x03\x00\x01a" * depth)


def test_keys_are_bounded() -> None:
    fits = {str(index): None for index in range(MAX_KEYS)}
    assert decode(encode(fits)) == [fits]
    with pytest.raises(AMFInvalid, match="too many keys"):
        decode(encode({**fits, "more": None}))
    with pytest.raises(AMFInvalid, match="too many keys"):
        decode(encode(Object({**fits, "more": None})))


def test_array_values_are_bounded_whatever_is_announced() -> None:
    with pytest.raises(AMFInvalid, match="too many values"):
        decode(b"\x0a\xff\xff\xff\xff\x05")


def test_values_behind_one_another_are_bounded() -> None:
    with pytest.raises(AMFInvalid, match="behind one another"):
        decode(b"\x05" * (MAX_KEYS + 1))


@pytest.mark.parametrize(
    "value", [1.0, True, "text", "x" * 70_000, {"a": 1.0}, Object(a="b"), [1.0, 2.0]]
)
def test_every_cut_is_noticed(value: Any) -> None:
    wire = encode(value)
    for end in (1, len(wire) // 2, len(wire) - 1):
        with pytest.raises(AMFInvalid):
            decode(wire[:end])


@pytest.mark.parametrize("value", [b"bytes", object(), {"a": {1, 2}}])
def test_what_has_no_form_is_not_encoded(value: Any) -> None:
    with pytest.raises(AMFInvalid, match="no AMF0 form"):
        encode(value)


def test_a_name_that_does_not_fit_is_not_encoded() -> None:
    with pytest.raises(AMFInvalid, match="at most"):
        encode({"x" * 70_000: 1})
