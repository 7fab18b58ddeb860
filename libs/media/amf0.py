"""AMF0: the values of RTMP commands and FLV script tags (Adobe AMF 0 specification)."""

import struct
from typing import Any

from libs.errors import Invalid

MAX_DEPTH = 16
MAX_KEYS = 256


class AMFInvalid(Invalid):
    code = "amf_invalid"


class Object(dict[str, Any]):
    """A dict that is written as an AMF0 object (marker 3) rather than an ECMA array."""


def encode(*values: Any) -> bytes:
    """Each value, one after the other."""
    return b"".join(map(_encode, values))


def _encode(value: Any) -> bytes:
    if value is None:
        return b"\x05"
    if isinstance(value, bool):
        return b"\x01" + bytes((value,))
    if isinstance(value, int | float):
        return b"\x00" + struct.pack(">d", value)
    if isinstance(value, str):
        raw = value.encode()
        return b"\x02" + struct.pack(">H", len(raw)) + raw
    if isinstance(value, dict):
        body = b"".join(
            struct.pack(">H", len(key.encode())) + key.encode() + _encode(item)
            for key, item in value.items()
        )
        marker = (
            b"\x03" if isinstance(value, Object) else b"\x08" + struct.pack(">I", len(value))
        )
        return marker + body + b"\0\0\x09"
    raise AMFInvalid(f"{type(value).__name__} has no AMF0 form.")


def decode(data: bytes) -> list[Any]:
    """Every value in `data`. Raises `AMFInvalid`."""
    values, at = [], 0
    try:
        while at < len(data):
            value, at = _decode(data, at, 0)
            values.append(value)
    except (IndexError, struct.error, UnicodeDecodeError):
        raise AMFInvalid("An AMF0 value is cut short.") from None
    return values


def _decode(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > MAX_DEPTH:
        raise AMFInvalid("AMF0 values are nested too deep.")
    kind = data[at]
    at += 1
    if kind == 0:
        return struct.unpack_from(">d", data, at)[0], at + 8
    if kind == 1:
        return bool(data[at]), at + 1
    if kind == 2:
        size = struct.unpack_from(">H", data, at)[0]
        return data[at + 2 : at + 2 + size].decode(), at + 2 + size
    if kind in (5, 6):
        return None, at
    if kind in (3, 8):
        at += 4 if kind == 8 else 0
        fields: dict[str, Any] = {}
        while True:
            size = struct.unpack_from(">H", data, at)[0]
            key = data[at + 2 : at + 2 + size].decode()
            at += 2 + size
            if not size and data[at] == 9:
                return fields, at + 1
            if len(fields) >= MAX_KEYS:
                raise AMFInvalid("An AMF0 object has too many keys.")
            fields[key], at = _decode(data, at, depth + 1)
    raise AMFInvalid(f"AMF0 type {kind} is not read.")
