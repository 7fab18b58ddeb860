"""The untrusted file inside the sandbox: as far as the parent gives it, and nothing else."""

import io
import json
import socket
from typing import Any

import av
from av.container import InputContainer

from services.transcoder.untrusted import wire
from services.transcoder.untrusted.limits import DECODERS, DEMUXERS, MAX_PIXELS, MAX_TRACKS

BUFFER_BYTES = 256 << 10
PROBE_BYTES = 8 << 20
PROBE_US = 8_000_000


class Remote(io.RawIOBase):
    def __init__(self, line: socket.socket, size_bytes: int) -> None:
        self._line = line
        self._size = size_bytes
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        base = {0: 0, 1: self._at, 2: self._size}[whence]
        self._at = min(max(base + offset, 0), self._size)
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = self._size - self._at
        size = min(left if size < 0 else size, left, wire.MAX_READ_BYTES)
        if size <= 0:
            return b""
        self._line.sendall(wire.ASK.pack(self._at, size))
        (given,) = wire.SIZE.unpack(exactly(self._line, wire.SIZE.size))
        data = exactly(self._line, given)
        self._at += len(data)
        return data


def open_file(remote: Remote, container: str) -> InputContainer:
    """With the demuxer that we have chosen. Raises `FFmpegError`, `ValueError`, `MemoryError`."""
    options = {
        "format_whitelist": DEMUXERS[container],
        "codec_whitelist": ",".join(sorted(DECODERS)),
        "protocol_whitelist": "",
        "max_streams": str(MAX_TRACKS + 1),
        "probesize": str(PROBE_BYTES),
        "analyzeduration": str(PROBE_US),
        "max_pixels": str(MAX_PIXELS),
        "threads": "1",
    }
    if container == "mov":
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    return av.open(
        remote, "r", format=container, options=options, buffer_size=BUFFER_BYTES, io_open=_refuse
    )


def say_piece(line: socket.socket, track: int, what: int, data: bytes, dts: int, pts: int) -> None:
    size = wire.PIECE.size + len(data)
    line.sendall(wire.ASK.pack(wire.MADE, size) + wire.PIECE.pack(track, what, dts, pts) + data)


def say_result(line: socket.socket, result: dict[str, Any]) -> None:
    said = json.dumps(result).encode()
    line.sendall(wire.ASK.pack(wire.DONE, len(said)) + said)
    line.close()


def _refuse(*_: object) -> None:
    """No file leads to another."""
    raise PermissionError("It names another file.")


def exactly(line: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = line.recv(size - len(data))
        if not piece:
            raise SystemExit(1)
        data += piece
    return bytes(data)
