"""The process that opens an untrusted file: `python -m services.transcoder.untrusted.reader`.

It is told the descriptor of its socket, the container and its empty folder, loads what it needs,
and locks itself down. Only then does it ask for the file's first byte.
"""

import importlib
import io
import json
import pkgutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.codec.context import ThreadType
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from services.transcoder.untrusted import wire
from services.transcoder.untrusted.limits import DECODERS, DEMUXERS, MAX_PIXELS, MAX_TRACKS
from services.transcoder.untrusted.lockdown import lock_down

BUFFER_BYTES = 256 << 10
PROBE_BYTES = 8 << 20
PROBE_US = 8_000_000
PACKETS = 200
"""So many are tried for pictures and sound."""
PACKETS_BYTES = 32 << 20
ENOUGH = 24
"""Frames of each track: what changes at the next keyframe is seen with it."""


class Remote(io.RawIOBase):
    """The file, as far as the parent gives it."""

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
        (given,) = wire.SIZE.unpack(_exactly(self._line, wire.SIZE.size))
        data = _exactly(self._line, given)
        self._at += len(data)
        return data


def _exactly(line: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        piece = line.recv(size - len(data))
        if not piece:
            raise SystemExit(1)
        data += piece
    return bytes(data)


def read(remote: Remote, container: str) -> dict[str, Any]:
    """What is in the file; `error` says why it could not be read."""
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
    try:
        with av.open(
            remote,
            "r",
            format=container,
            options=options,
            buffer_size=BUFFER_BYTES,
            io_open=_refuse,
        ) as opened:
            tracks = [_describe(stream) for stream in opened.streams]
            _decode(opened, tracks)
            return {"duration_s": (opened.duration or 0) / av.time_base, "tracks": tracks}
    except MemoryError:  # also of FFmpeg, which says so of too many tracks, too
        return {"error": "MemoryError"}
    except (FFmpegError, ValueError, OverflowError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:200]}


def _refuse(*_: object) -> None:
    """No file leads to another."""
    raise PermissionError("It names another file.")


def _describe(stream: Stream) -> dict[str, Any]:
    context = stream.codec_context
    known: dict[str, Any] = {"kind": stream.type, "codec": None, "frames": 0, "error": None}
    if context is None:
        return known
    known["codec"] = context.codec.canonical_name
    known["language"] = (stream.metadata.get("language") or "")[:8] or None
    if isinstance(stream, VideoStream):
        rate = stream.average_rate  # the base rate of what has no steady one may be a thousand
        known |= {
            "width": stream.codec_context.width,
            "height": stream.codec_context.height,
            "frames_per_s": float(rate) if rate else None,
            "is_picture": bool(stream.disposition & stream.disposition.attached_pic),
        }
    elif isinstance(stream, AudioStream):
        known |= {
            "sample_rate": stream.codec_context.sample_rate,
            "channels": stream.codec_context.channels,
        }
    return known


def _decode(opened: InputContainer, tracks: list[dict[str, Any]]) -> None:
    """Let the first of each track be decoded: what it says of itself need not be so."""
    for stream in opened.streams:
        if stream.codec_context is not None:
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            stream.codec_context.thread_type = ThreadType.NONE
            stream.codec_context.thread_count = 1
    for packet in _packets(opened, len(tracks)):
        track = tracks[packet.stream_index]
        if track["kind"] not in {"video", "audio"} or track["frames"] >= ENOUGH:
            continue
        try:
            with av.logging.Capture() as said:
                frames = packet.decode()
            for frame in frames:
                track["frames"] += 1
                if isinstance(frame, VideoFrame):
                    track["width"] = max(track["width"], frame.width)
                    track["height"] = max(track["height"], frame.height)
        except (FFmpegError, MemoryError) as error:
            first = said[0][2].strip() if said else f"{type(error).__name__}: {error}"
            track["error"] = first[:200]


def _packets(opened: InputContainer, tracks: int) -> Iterator["Packet[Any]"]:
    """The first ones of the tracks that were there from the beginning."""
    size = 0
    for count, packet in enumerate(opened.demux(), 1):
        size += packet.size
        if packet.stream_index < tracks and packet.stream.codec_context is not None:
            yield packet
        if count >= PACKETS or size > PACKETS_BYTES:
            return


def _load_all() -> None:
    """What PyAV would load when it first needs it."""
    for found in pkgutil.walk_packages(av.__path__, "av."):
        if found.name != "av.__main__":
            importlib.import_module(found.name)


def main() -> None:
    descriptor, container, folder, size_bytes = sys.argv[1:]
    line = socket.socket(fileno=int(descriptor))
    av.logging.set_level(av.logging.ERROR)
    _load_all()
    lock_down(Path(folder))
    found = json.dumps(read(Remote(line, int(size_bytes)), container)).encode()
    line.sendall(wire.ASK.pack(wire.DONE, len(found)) + found)
    line.close()


if __name__ == "__main__":
    main()
