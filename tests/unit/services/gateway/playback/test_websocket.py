"""Frames and handshake against RFC 6455's own examples and the `websockets` library."""

import os

import pytest
from websockets.frames import Frame
from websockets.frames import Opcode as TheirOpcode
from websockets.utils import accept_key

from services.gateway.errors import HandshakeInvalid
from services.gateway.playback.websocket import (
    MAX_MESSAGE_BYTES,
    ClientFrames,
    CloseCode,
    FrameInvalid,
    Handshake,
    Heard,
    Opcode,
    binary_head,
    close_frame,
    control_frame,
)

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="


def said(opcode: Opcode, payload: bytes = b"", *, fin: bool = True) -> bytes:
    """A frame as a client sends it."""
    return Frame(TheirOpcode(opcode), payload, fin=fin).serialize(mask=True)


# --- handshake --------------------------------------------------------------------------


def test_accept_is_that_of_the_rfc() -> None:
    assert Handshake(KEY, b"13").accept == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert Handshake(KEY, b"13").accept.decode() == accept_key(KEY.decode())


def test_handshake_is_read_from_the_headers_of_an_upgrade() -> None:
    headers = [(b"upgrade", b"WebSocket"), (b"sec-websocket-key", KEY)]
    headers.append((b"sec-websocket-version", b"13"))
    handshake = Handshake.of(headers)
    assert handshake == Handshake(KEY, b"13")
    assert handshake.check()
    assert Handshake.of([(b"upgrade", b"h2c")]) is None
    assert not Handshake(KEY, b"8").check()


@pytest.mark.parametrize("key", [b"", b"x", b"dGhl", b"!" * 24, KEY + KEY, b"\xff" * 24])
def test_wrong_key_is_refused(key: bytes) -> None:
    with pytest.raises(HandshakeInvalid):
        Handshake(key, b"13").check()


# --- frames that we send ------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 1_000_000])
def test_binary_head_is_what_the_library_writes(size: int) -> None:
    theirs = Frame(TheirOpcode.BINARY, bytes(size)).serialize(mask=False)
    assert binary_head(size) + bytes(size) == theirs


def test_control_frames_are_what_the_library_writes() -> None:
    theirs = Frame(TheirOpcode.PONG, b"hello").serialize(mask=False)
    assert control_frame(Opcode.PONG, b"hello") == theirs
    assert close_frame(CloseCode.NORMAL) == b"\x88\x02\x03\xe8"


# --- frames that we hear ------------------------------------------------------------------


def test_messages_and_controls_are_found_however_they_are_cut() -> None:
    data = (
        said(Opcode.TEXT, b"hello", fin=False)
        + said(Opcode.PING, b"a")
        + said(Opcode.CONTINUATION, b" " * 300, fin=True)
        + said(Opcode.BINARY, b"")
        + said(Opcode.PONG, os.urandom(125))
        + said(Opcode.CLOSE, b"\x03\xe8bye")
    )
    for step in (1, 3, 7, len(data)):
        frames = ClientFrames()
        found: list[Heard] = []
        for start in range(0, len(data), step):
            found += frames.feed(data[start : start + step])
        assert [heard.opcode for heard in found] == [
            Opcode.PING, Opcode.TEXT, Opcode.BINARY, Opcode.PONG, Opcode.CLOSE,
        ]  # fmt: skip
        assert found[0].payload == b"a"
        assert found[1].payload == b"hello" + b" " * 300
        assert found[4].payload == b"\x03\xe8bye"


PROTOCOL_ERRORS = {
    "not masked": Frame(TheirOpcode.PING, b"").serialize(mask=False),
    "reserved bit": b"\xc1\x80\x00\x00\x00\x00",
    "undefined opcode": b"\x83\x80\x00\x00\x00\x00",
    "undefined control": b"\x8b\x80\x00\x00\x00\x00",
    "long ping": b"\x89\xfe\x00\x80\x00\x00\x00\x00",
    "ping in pieces": b"\x09\x80\x00\x00\x00\x00",
    "continuation of nothing": said(Opcode.CONTINUATION, b"x"),
    "message within a message": said(Opcode.TEXT, b"a", fin=False) + said(Opcode.TEXT, b"b"),
    "HTTP": b"GET /cam/live.flv HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("data", PROTOCOL_ERRORS.values(), ids=PROTOCOL_ERRORS.keys())
def test_what_the_protocol_forbids_is_found(data: bytes) -> None:
    with pytest.raises(FrameInvalid) as caught:
        ClientFrames().feed(data)
    assert caught.value.close_code is CloseCode.PROTOCOL_ERROR


def test_too_long_is_found_before_it_has_come() -> None:
    for size in (MAX_MESSAGE_BYTES + 1, 1 << 40, (1 << 64) - 1):
        with pytest.raises(FrameInvalid) as caught:
            ClientFrames().feed(b"\x82\xff" + size.to_bytes(8, "big"))
        assert caught.value.close_code is CloseCode.TOO_BIG
    frames = ClientFrames()
    frames.feed(said(Opcode.BINARY, bytes(MAX_MESSAGE_BYTES), fin=False))
    with pytest.raises(FrameInvalid) as caught:
        frames.feed(said(Opcode.CONTINUATION, b"x", fin=True))
    assert caught.value.close_code is CloseCode.TOO_BIG
