"""Texts of an untrusted file, as they lie in it: their payloads are taken out, and nothing of them
is decoded. Whose process this is hands them out; its parent makes captions of them.
"""

import socket
import struct
from fractions import Fraction
from typing import Any

from av.container import InputContainer
from av.stream import Stream

from services.transcoder.untrusted import wire
from services.transcoder.untrusted.limits import MAX_TEXT_BYTES, MAX_TEXTS, TEXT_CODECS
from services.transcoder.untrusted.remote import say_piece
from services.transcoder.untrusted.times import VIDEO_TIMESCALE, ticks

_LENGTH = struct.Struct(">H")


class Texts:
    """The tracks of texts that are taken, by their order in the file."""

    def __init__(self, line: socket.socket, opened: InputContainer) -> None:
        self._line = line
        self.streams = [each for each in opened.streams if _codec(each) in TEXT_CODECS][:MAX_TEXTS]

    def add(self, packet: Any) -> None:
        """Say what is shown from when to when, 90 kHz by the file's clock."""
        stream = packet.stream
        data = bytes(packet)
        if _codec(stream) == "mov_text":
            data = _text_sample(data)
        if not data.strip() or not packet.duration or packet.duration < 0:
            return
        base: Fraction = packet.time_base
        begin = ticks(packet.pts, base, VIDEO_TIMESCALE)
        end = ticks(packet.pts + packet.duration, base, VIDEO_TIMESCALE)
        number = self.streams.index(stream)
        say_piece(self._line, number, wire.TEXT, data[:MAX_TEXT_BYTES], begin, end)

    @property
    def found(self) -> list[dict[str, Any]]:
        return [
            {
                "language": str(each.metadata.get("language", ""))[:64],
                "title": str(each.metadata.get("title") or each.metadata.get("name") or "")[:256],
            }
            for each in self.streams
        ]


def _codec(stream: Stream) -> str:
    context = stream.codec_context if stream.type == "subtitle" else None
    return context.codec.canonical_name if context is not None else ""


def _text_sample(data: bytes) -> bytes:
    """The text of a 3GPP timed text sample, without its styles (3GPP TS 26.245, 5.17)."""
    if len(data) < _LENGTH.size:
        return b""
    (size,) = _LENGTH.unpack_from(data)
    return data[_LENGTH.size : _LENGTH.size + size]
