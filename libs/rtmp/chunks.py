"""The chunk stream, RTMP specification 1.0, section 5.3: bytes to messages and back."""

from typing import NamedTuple

from libs.rtmp.errors import RTMPViolation

DEFAULT_CHUNK_BYTES = 128
OUR_CHUNK_BYTES = 60_000
"""What we announce and send: most messages are one chunk."""
EXTENDED = 0xFFFFFF
MAX_CHANNELS = 64
_HEADER_BYTES = (11, 7, 3, 0)
_MASK = 0xFFFFFFFF


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
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Every message that `data` completes. Raises `RTMPViolation`.

        `chunk_bytes` changes with the message that announces it, so a caller must not feed on
        before it has acted on a SetChunkSize; `feed` therefore handles type 1 itself.
        """
        buffer = self._buffer
        buffer += data
        messages: list[Message] = []
        at = 0
        end = len(buffer)
        while at < end:
            after = self._read_chunk(buffer, at, end, messages)
            if after < 0:
                break
            at = after
        del buffer[:at]
        return messages

    def abort(self, channel_id: int) -> None:
        """Forget the half of a message (type 2, Abort)."""
        channel = self._channels.get(channel_id)
        if channel is not None:
            channel.body.clear()
            channel.missing = 0

    def _read_chunk(  # noqa: C901, PLR0912 - the hottest loop of ingest, in one piece
        self, buffer: bytearray, at: int, end: int, messages: list[Message]
    ) -> int:
        """Read one chunk at `at`; the position behind it, or -1 if it is not all there."""
        first = buffer[at]
        header_format = first >> 6
        channel_id = first & 0x3F
        at += 1
        if channel_id < 2:  # noqa: PLR2004 - the two longer forms of the basic header
            width = channel_id + 1
            if at + width > end:
                return -1
            channel_id = 64 + buffer[at] + (buffer[at + 1] << 8 if width > 1 else 0)
            at += width
        header = _HEADER_BYTES[header_format]
        if at + header > end:
            return -1
        channel = self._channels.get(channel_id)
        if channel is None:
            channel = self._open_channel(channel_id, header_format)
        # Nothing of the channel may change before the whole chunk is there.
        length = channel.length
        field = channel.field
        is_extended = channel.is_extended
        if header:
            field = int.from_bytes(buffer[at : at + 3], "big")
            is_extended = field == EXTENDED
            if header > 3:  # noqa: PLR2004 - formats 0 and 1 carry length and type
                length = int.from_bytes(buffer[at + 3 : at + 6], "big")
        body_at = at + header
        if is_extended:
            if body_at + 4 > end:
                return -1
            value = int.from_bytes(buffer[body_at : body_at + 4], "big")
            if header or value == channel.field:
                field = value
                body_at += 4
        missing = length if header or not channel.body else channel.missing
        if length > self._max_message_bytes:
            raise RTMPViolation(f"a message of {length} bytes is too large")
        size = min(missing, self.chunk_bytes)
        if body_at + size > end:
            return -1
        if header or not channel.body:
            self._begin(channel, header_format, field, buffer, at)
            channel.is_extended = is_extended
        channel.body.append(bytes(buffer[body_at : body_at + size]))
        channel.missing = missing - size
        if channel.missing == 0:
            self._finish(channel, messages)
        return body_at + size

    def _open_channel(self, channel_id: int, header_format: int) -> _Channel:
        if len(self._channels) >= MAX_CHANNELS:
            raise RTMPViolation("too many chunk streams")
        if header_format == 3:  # noqa: PLR2004
            raise RTMPViolation("a chunk stream that begins without a header")
        channel = self._channels[channel_id] = _Channel()
        return channel

    def _begin(
        self, channel: _Channel, header_format: int, field: int, buffer: bytearray, at: int
    ) -> None:
        """A new message begins on `channel` (a header in mid-message throws its half away)."""
        channel.body.clear()
        channel.field = field
        if header_format == 0:
            channel.timestamp = field
        else:
            channel.timestamp = (channel.timestamp + field) & _MASK
        if header_format <= 1:
            channel.length = int.from_bytes(buffer[at + 3 : at + 6], "big")
            channel.type = buffer[at + 6]
        if header_format == 0:
            channel.stream_id = int.from_bytes(buffer[at + 7 : at + 11], "little")

    def _finish(self, channel: _Channel, messages: list[Message]) -> None:
        body = channel.body[0] if len(channel.body) == 1 else b"".join(channel.body)
        channel.body.clear()
        message = Message(channel.type, channel.stream_id, channel.timestamp, body)
        if channel.type == 1:
            self.chunk_bytes = _chunk_size(body)
        elif channel.type == 2 and len(body) >= 4:  # noqa: PLR2004 - Abort names a channel
            self.abort(int.from_bytes(body[:4], "big"))
        else:
            messages.append(message)


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
