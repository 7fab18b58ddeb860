"""WebSocket as far as a viewer's connection needs it (RFC 6455): handshake, frames both ways.

FLV goes out in binary frames, chat in text frames. No extension and no subprotocol is agreed: what
many are sent is encoded once.
"""

import base64
import binascii
import hashlib
from enum import IntEnum
from typing import NamedTuple

from services.gateway.errors import HandshakeInvalid

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION = b"13"
_KEY_BYTES = 16
MAX_MESSAGE_BYTES = 4096
"""Whatever a viewer says may be so long."""
MAX_CONTROL_BYTES = 125
_FIN = 0x80
_RESERVED = 0x70
_MASKED = 0x80
_LENGTH_16 = 126
_LENGTH_64 = 127


class Opcode(IntEnum):
    """RFC 6455 section 5.2; 3 to 7 and 11 to 15 are not defined."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class CloseCode(IntEnum):
    """RFC 6455 section 7.4.1."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED = 1003
    INVALID_TEXT = 1007
    POLICY = 1008
    TOO_BIG = 1009
    TRY_AGAIN = 1013
    """Registered with IANA; come again later, or soon."""


class FrameInvalid(ValueError):
    """The peer broke the protocol; the connection is to be closed with `close_code`."""

    def __init__(self, close_code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.close_code = close_code


# --- handshake (section 4.2) ------------------------------------------------------------


class Handshake(NamedTuple):
    """The headers of an upgrade request, as far as they matter."""

    key: bytes = b""
    version: bytes = b""

    @classmethod
    def of(cls, headers: list[tuple[bytes, bytes]]) -> "Handshake | None":
        """What a request that wants to be upgraded asks for; None if not for a WebSocket.

        Header names are in lower case.
        """
        fields = dict(headers)
        if fields.get(b"upgrade", b"").strip().lower() != b"websocket":
            return None
        return cls(
            fields.get(b"sec-websocket-key", b"").strip(),
            fields.get(b"sec-websocket-version", b"").strip(),
        )

    def check(self) -> bool:
        """Whether its version is spoken here. Raises `HandshakeInvalid`."""
        if self.version != _VERSION:
            return False
        try:
            nonce = base64.b64decode(self.key, validate=True)
        except binascii.Error:
            nonce = b""
        if len(nonce) != _KEY_BYTES:
            raise HandshakeInvalid("Sec-WebSocket-Key is not 16 bytes in base64.")
        return True

    @property
    def accept(self) -> bytes:
        """Value of the answer's Sec-WebSocket-Accept."""
        # SHA-1 is what the protocol says; it protects nothing here.
        return base64.b64encode(hashlib.sha1(self.key + _GUID, usedforsecurity=False).digest())


# --- frames that we send (section 5.1: a server does not mask) -----------------------------


def binary_head(size: int) -> bytes:
    """Head of an unfragmented binary frame with a payload of `size` bytes."""
    return _head(Opcode.BINARY, size)


def text_frame(payload: bytes) -> bytes:
    """An unfragmented text frame; `payload` is UTF-8."""
    return _head(Opcode.TEXT, len(payload)) + payload


def control_frame(opcode: Opcode, payload: bytes = b"") -> bytes:
    return _head(opcode, len(payload)) + payload


def close_frame(code: CloseCode, reason: str = "") -> bytes:
    """`reason`: ASCII, short; a page can read it."""
    return control_frame(Opcode.CLOSE, code.to_bytes(2, "big") + reason.encode())


def _head(opcode: Opcode, size: int) -> bytes:
    first = _FIN | opcode
    if size < _LENGTH_16:
        return bytes((first, size))
    if size < 1 << 16:
        return bytes((first, _LENGTH_16)) + size.to_bytes(2, "big")
    return bytes((first, _LENGTH_64)) + size.to_bytes(8, "big")


# --- frames that we hear ------------------------------------------------------------------


class Heard(NamedTuple):
    """A control frame of the peer, or a whole message."""

    opcode: Opcode
    payload: bytes


class _Head(NamedTuple):
    is_last: bool
    opcode: Opcode
    mask: bytes
    size: int
    payload_at: int


class ClientFrames:
    """Incremental reader of a client's frames; holds one incomplete message at most."""

    def __init__(self) -> None:
        self._unread = b""
        self._opcode: Opcode | None = None
        """Of a message that goes on in a later frame."""
        self._message = b""
        """What has come of it."""

    def feed(self, data: bytes) -> list[Heard]:
        """The control frames and messages that `data` completes. Raises `FrameInvalid`."""
        unread = self._unread + data
        heard = []
        while (head := _read_head(unread)) is not None:
            self._check_order(head)
            end = head.payload_at + head.size
            if len(unread) < end:
                break
            payload = _unmasked(unread[head.payload_at : end], head.mask)
            unread = unread[end:]
            if head.opcode >= Opcode.CLOSE:
                heard.append(Heard(head.opcode, payload))
                continue
            opcode, message = self._opcode or head.opcode, self._message + payload
            if head.is_last:
                heard.append(Heard(opcode, message))
                self._opcode, self._message = None, b""
            else:
                self._opcode, self._message = opcode, message
        self._unread = unread
        return heard

    def _check_order(self, head: _Head) -> None:
        """Section 5.4: frames of two messages do not mix; control frames may stand between."""
        if head.opcode >= Opcode.CLOSE:
            return
        is_under_way = self._opcode is not None
        if is_under_way != (head.opcode is Opcode.CONTINUATION):
            raise FrameInvalid(CloseCode.PROTOCOL_ERROR, "frames of two messages are mixed")
        if len(self._message) + head.size > MAX_MESSAGE_BYTES:
            raise FrameInvalid(CloseCode.TOO_BIG, f"more than {MAX_MESSAGE_BYTES} bytes")


def _read_head(data: bytes) -> _Head | None:
    """The head of the frame at the front of `data`; None if more bytes are needed."""
    if len(data) < 2:  # noqa: PLR2004 - flags and opcode, mask bit and length
        return None
    first, second = data[0], data[1]
    if first & _RESERVED:
        raise FrameInvalid(CloseCode.PROTOCOL_ERROR, "a reserved bit is set")
    try:
        opcode = Opcode(first & 0x0F)
    except ValueError:
        raise FrameInvalid(CloseCode.PROTOCOL_ERROR, "the opcode is not defined") from None
    if not second & _MASKED:
        raise FrameInvalid(CloseCode.PROTOCOL_ERROR, "a client's frame is not masked")
    size = second & 0x7F
    if opcode >= Opcode.CLOSE and (size > MAX_CONTROL_BYTES or not first & _FIN):
        raise FrameInvalid(CloseCode.PROTOCOL_ERROR, "a control frame is too long or in pieces")
    more = {_LENGTH_16: 2, _LENGTH_64: 8}.get(size, 0)
    if len(data) < 2 + more:
        return None
    if more:
        size = int.from_bytes(data[2 : 2 + more], "big")
    if size > MAX_MESSAGE_BYTES:
        raise FrameInvalid(CloseCode.TOO_BIG, f"more than {MAX_MESSAGE_BYTES} bytes")
    mask_at = 2 + more
    return _Head(bool(first & _FIN), opcode, data[mask_at : mask_at + 4], size, mask_at + 4)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    """Section 5.3."""
    size = len(payload)
    keys = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(keys, "big")).to_bytes(size, "big")
