"""The chunk stream, RTMP specification 1.0, section 5.3: bytes to messages and back."""

from struct import Struct
from typing import NamedTuple

from libs.rtmp.errors import RTMPViolation

DEFAULT_CHUNK_BYTES = 128
OUR_CHUNK_BYTES = 60_000
"""What we announce and send: most messages are one chunk."""
EXTENDED = 0xFFFFFF
MAX_CHANNELS = 64
_HEADER_BYTES = (11, 7, 3, 0)
_MASK = 0xFFFFFFFF
_FIELD_AND_LENGTH = Struct(">II").unpack_from
"""From the byte before a header on: 24 bits of time behind that byte, 24 of length, the type."""


class Message(NamedTuple):
    """One RTMP message. `timestamp` is in ms, modulo 2^32."""

    type: int
    stream_id: int
    timestamp: int
    body: bytes


class _Channel:
    """The state of one chunk stream id."""

    __slots__ = (
        "body",
        "field",
        "is_extended",
        "length",
        "missing",
        "stream_id",
        "timestamp",
        "type",
    )

    def __init__(self) -> None:
        self.timestamp = 0
        self.field = 0
        """The last timestamp field: absolute after format 0, a delta after 1 and 2."""
        self.length = 0
        self.type = 0
        self.stream_id = 0
        self.is_extended = False
        self.missing = 0
        self.body: list[bytes] = []


class ChunkReader:
    """Feed it bytes, get messages. Memory grows with received bytes only, never with claims.

    Both habits of extended timestamps are understood: on type-3 chunks the field is repeated
    (as the specification says) or left out (as some encoders do).
    """

    def __init__(self, *, max_message_bytes: int) -> None:
        self.chunk_bytes = DEFAULT_CHUNK_BYTES
        self._max_message_bytes = max_message_bytes
        self._channels: dict[int, _Channel] = {}
        self._waiting = bytearray()
        """The beginning of a chunk that is not all there."""
        self._wanted = 0
        """How long that must be before it is looked at again: a drip costs no more than a flood."""

    def feed(self, data: bytes) -> list[Message]:
        """Every message that `data` completes. Raises `RTMPViolation`.

        `chunk_bytes` changes with the message that announces it, so a caller must not feed on
        before it has acted on a SetChunkSize; `feed` therefore handles type 1 itself.
        """
        waiting = self._waiting
        if waiting:
            waiting += data
            if len(waiting) < self._wanted:
                return []
            data = bytes(waiting)
            waiting.clear()
        messages: list[Message] = []
        at, end = 0, len(data)
        while at < end:
            after = self._read_chunk(data, at, end, messages)
            if after > end:
                waiting += data[at:]
                self._wanted = after - at
                break
            at = after
        return messages

    def abort(self, channel_id: int) -> None:
        """Forget the half of a message (type 2, Abort)."""
        channel = self._channels.get(channel_id)
        if channel is not None:
            channel.body.clear()
            channel.missing = 0

    def _read_chunk(  # noqa: C901, PLR0912, PLR0915 - the hottest loop of ingest, in one piece
        self, data: bytes, at: int, end: int, messages: list[Message]
    ) -> int:
        """Read one chunk at `at`; the position behind it, or behind what is needed to go on."""
        first = data[at]
        header_format = first >> 6
        channel_id = first & 0x3F
        at += 1
        if channel_id < 2:  # noqa: PLR2004 - the two longer forms of the basic header
            width = channel_id + 1
            if at + width > end:
                return at + width
            channel_id = 64 + data[at] + (data[at + 1] << 8 if width > 1 else 0)
            at += width
        body_at = at + _HEADER_BYTES[header_format]
        if body_at > end:
            return body_at
        channel = self._channels.get(channel_id)
        if channel is None:
            channel = self._open_channel(channel_id, header_format)
        # Nothing of the channel may change before the whole chunk is there.
        length, kind = channel.length, channel.type
        if header_format <= 1:
            field, length = _FIELD_AND_LENGTH(data, at - 1)
            field, length, kind = field & EXTENDED, length >> 8, length & 0xFF
            is_extended = field == EXTENDED
        elif header_format == 2:  # noqa: PLR2004
            field = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            is_extended = field == EXTENDED
        else:
            field, is_extended = channel.field, channel.is_extended
        if is_extended:
            if body_at + 4 > end:
                return body_at + 4
            value = int.from_bytes(data[body_at : body_at + 4], "big")
            if header_format != 3 or value == channel.field:  # noqa: PLR2004
                field = value
                body_at += 4
        if length > self._max_message_bytes:
            raise RTMPViolation(f"a message of {length} bytes is too large")
        is_new = header_format != 3 or not channel.body  # noqa: PLR2004
        missing = length if is_new else channel.missing
        after = body_at + min(missing, self.chunk_bytes)
        if after > end:
            return after
        if is_new:
            # A header in mid-message throws its half away.
            channel.body.clear()
            channel.field, channel.is_extended = field, is_extended
            channel.length, channel.type = length, kind
            if header_format == 0:
                channel.timestamp = field
                channel.stream_id = int.from_bytes(data[at + 7 : at + 11], "little")
            else:
                channel.timestamp = (channel.timestamp + field) & _MASK
            if after - body_at == missing:
                self._finish(channel, data[body_at:after], messages)
                return after
        channel.body.append(data[body_at:after])
        channel.missing = missing - (after - body_at)
        if channel.missing == 0:
            body = b"".join(channel.body)
            channel.body.clear()
            self._finish(channel, body, messages)
        return after

    def _open_channel(self, channel_id: int, header_format: int) -> _Channel:
        if len(self._channels) >= MAX_CHANNELS:
            raise RTMPViolation("too many chunk streams")
        if header_format == 3:  # noqa: PLR2004
            raise RTMPViolation("a chunk stream that begins without a header")
        channel = self._channels[channel_id] = _Channel()
        return channel

    def _finish(self, channel: _Channel, body: bytes, messages: list[Message]) -> None:
        kind = channel.type
        if kind > 2:  # noqa: PLR2004 - all but those that concern the chunk stream itself
            messages.append(Message(kind, channel.stream_id, channel.timestamp, body))
        elif kind == 1:
            self.chunk_bytes = _chunk_size(body)
        elif kind == 2 and len(body) >= 4:  # noqa: PLR2004 - Abort names a channel
            self.abort(int.from_bytes(body[:4], "big"))
        else:
            messages.append(Message(kind, channel.stream_id, channel.timestamp, body))


def _chunk_size(body: bytes) -> int:
    """Section 5.4.1: 31 bits, at least 1. What is beyond a message's limit means the same."""
    size = int.from_bytes(body[:4], "big") & 0x7FFFFFFF
    if len(body) < 4 or size < 1:  # noqa: PLR2004
        raise RTMPViolation("a chunk size of 0")
    return size


def write_message(
    message: Message,
    *,
    channel_id: int,
    chunk_bytes: int = OUR_CHUNK_BYTES,
    repeats_extended: bool = True,
) -> bytes:
    """The chunks of one message: format 0, then format 3.

    An extended timestamp stands in every chunk, as the specification has it, or only in the first
    (`repeats_extended` False), as some encoders do.
    """
    stamp = message.timestamp & _MASK
    extended = stamp.to_bytes(4, "big") if stamp >= EXTENDED else b""
    body = message.body
    head = b"".join(
        (
            bytes((channel_id,)),
            min(stamp, EXTENDED).to_bytes(3, "big"),
            len(body).to_bytes(3, "big"),
            bytes((message.type,)),
            message.stream_id.to_bytes(4, "little"),
            extended,
        )
    )
    if len(body) <= chunk_bytes:
        return head + body
    pieces = [head, body[:chunk_bytes]]
    follow = bytes((0xC0 | channel_id,)) + (extended if repeats_extended else b"")
    for at in range(chunk_bytes, len(body), chunk_bytes):
        pieces += (follow, body[at : at + chunk_bytes])
    return b"".join(pieces)
