"""AMF0: the values of RTMP commands and FLV script tags (Adobe AMF 0 specification).

Everything that is decoded is plain data. Typed objects, references and the switch to AMF3 are
refused: nothing that a peer sends may name a class.
"""

import struct
from enum import IntEnum
from typing import Any

from libs.errors import Invalid

MAX_DEPTH = 16
MAX_KEYS = 256
"""Keys of one object, values of one array, and values behind one another."""

_MAX_TEXT_BYTES = 0xFFFF


class Marker(IntEnum):
    """Type markers, section 2.1; those that are not here are refused."""

    NUMBER = 0
    BOOLEAN = 1
    STRING = 2
    OBJECT = 3
    NULL = 5
    UNDEFINED = 6
    ECMA_ARRAY = 8
    OBJECT_END = 9
    STRICT_ARRAY = 10
    DATE = 11
    LONG_STRING = 12


class AMFInvalid(Invalid):
    code = "amf_invalid"


class Object(dict[str, Any]):
    """A dict that is written as an object rather than an ECMA array."""


def encode(*values: Any) -> bytes:
    """Each value, one after the other: None, bool, int, float, str, dict or list.

    Raises `AMFInvalid` for anything else.
    """
    return b"".join(map(_encode, values))


def decode(data: bytes) -> list[Any]:
    """Every value in `data`: float, bool, str, None, dict or list. Raises `AMFInvalid`.

    A date becomes its Unix time in ms. Text that is no UTF-8 (some cameras write their local
    charset) keeps what can be read of it.
    """
    values: list[Any] = []
    at = 0
    try:
        while at < len(data):
            if len(values) >= MAX_KEYS:
                raise AMFInvalid("There are too many AMF0 values behind one another.")
            value, at = _decode(data, at, 0)
            values.append(value)
    except (IndexError, struct.error):
        raise AMFInvalid("An AMF0 value is cut short.") from None
    return values


def _encode(value: Any) -> bytes:  # noqa: PLR0911 - one line for each type
    match value:
        case None:
            return bytes((Marker.NULL,))
        case bool():
            return bytes((Marker.BOOLEAN, value))
        case int() | float():
            return bytes((Marker.NUMBER,)) + struct.pack(">d", value)
        case str():
            return _encode_string(value.encode())
        case Object():
            return bytes((Marker.OBJECT,)) + _encode_fields(value)
        case dict():
            return struct.pack(">BI", Marker.ECMA_ARRAY, len(value)) + _encode_fields(value)
        case list():
            return struct.pack(">BI", Marker.STRICT_ARRAY, len(value)) + encode(*value)
        case _:
            raise AMFInvalid(f"{type(value).__name__} has no AMF0 form.")


def _encode_string(raw: bytes) -> bytes:
    if len(raw) > _MAX_TEXT_BYTES:
        return struct.pack(">BI", Marker.LONG_STRING, len(raw)) + raw
    return struct.pack(">BH", Marker.STRING, len(raw)) + raw


def _encode_fields(fields: dict[str, Any]) -> bytes:
    pieces = [_encode_name(name) + _encode(value) for name, value in fields.items()]
    return b"".join((*pieces, b"\0\0", bytes((Marker.OBJECT_END,))))


def _encode_name(name: str) -> bytes:
    raw = name.encode()
    if len(raw) > _MAX_TEXT_BYTES:
        raise AMFInvalid("The name of an AMF0 field has at most 65535 bytes.")
    return struct.pack(">H", len(raw)) + raw


def _decode(  # noqa: C901, PLR0911 - one line for each type
    data: bytes, at: int, depth: int
) -> tuple[Any, int]:
    """The value at `at`, and the position behind it."""
    if depth > MAX_DEPTH:
        raise AMFInvalid("AMF0 values are nested too deep.")
    marker, at = data[at], at + 1
    match marker:
        case Marker.NUMBER:
            return struct.unpack_from(">d", data, at)[0], at + 8
        case Marker.BOOLEAN:
            return bool(data[at]), at + 1
        case Marker.STRING:
            return _decode_text(data, at, ">H")
        case Marker.LONG_STRING:
            return _decode_text(data, at, ">I")
        case Marker.NULL | Marker.UNDEFINED:
            return None, at
        case Marker.OBJECT:
            return _decode_fields(data, at, depth)
        case Marker.ECMA_ARRAY:
            # The announced length is only a hint; the end marker counts.
            return _decode_fields(data, at + 4, depth)
        case Marker.STRICT_ARRAY:
            return _decode_list(data, at, depth)
        case Marker.DATE:
            # Behind the time stands a time zone that is reserved (section 2.13).
            return struct.unpack_from(">dh", data, at)[0], at + 10
        case _:
            raise AMFInvalid(f"AMF0 values of type {marker} are not taken.")


def _decode_text(data: bytes, at: int, width: str) -> tuple[str, int]:
    size = struct.unpack_from(width, data, at)[0]
    at += struct.calcsize(width)
    if at + size > len(data):
        raise AMFInvalid("An AMF0 text is cut short.")
    return data[at : at + size].decode(errors="replace"), at + size


def _decode_fields(data: bytes, at: int, depth: int) -> tuple[dict[str, Any], int]:
    fields: dict[str, Any] = {}
    while True:
        name, at = _decode_text(data, at, ">H")
        if not name and data[at] == Marker.OBJECT_END:
            return fields, at + 1
        if len(fields) >= MAX_KEYS:
            raise AMFInvalid("An AMF0 object has too many keys.")
        fields[name], at = _decode(data, at, depth + 1)


def _decode_list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    size = struct.unpack_from(">I", data, at)[0]
    at += 4
    if size > MAX_KEYS:
        raise AMFInvalid("An AMF0 array has too many values.")
    values = []
    for _ in range(size):
        value, at = _decode(data, at, depth + 1)
        values.append(value)
    return values, at
