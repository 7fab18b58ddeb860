"""RTMP messages by type (specification sections 5.4, 6.2 and 7.1), and the ones that we send."""

from enum import IntEnum
from typing import Any

from libs.media import amf0
from libs.media.flv import Tag, TagType
from libs.rtmp.chunks import OUR_CHUNK_BYTES, Message, write_message
from libs.rtmp.errors import RTMPViolation

CONTROL_CHANNEL = 2
COMMAND_CHANNEL = 3
DATA_CHANNEL = 5
AUDIO_CHANNEL = 4
VIDEO_CHANNEL = 6
STREAM_ID = 1


class MessageType(IntEnum):
    SET_CHUNK_SIZE = 1
    ABORT = 2
    ACKNOWLEDGEMENT = 3
    USER_CONTROL = 4
    WINDOW_ACK_SIZE = 5
    SET_PEER_BANDWIDTH = 6
    AUDIO = 8
    VIDEO = 9
    DATA_AMF3 = 15
    COMMAND_AMF3 = 17
    DATA = 18
    COMMAND = 20
    AGGREGATE = 22


class UserControl(IntEnum):
    """Event types of section 7.1.7."""

    STREAM_BEGIN = 0
    STREAM_EOF = 1
    PING_REQUEST = 6
    PING_RESPONSE = 7


_TAG_CHANNELS = {
    TagType.AUDIO: AUDIO_CHANNEL,
    TagType.VIDEO: VIDEO_CHANNEL,
    TagType.SCRIPT: DATA_CHANNEL,
}
_SET_DATA_FRAME = amf0.encode("@setDataFrame")
_ON_METADATA = amf0.encode("onMetaData")


def control(kind: MessageType, value: int, tail: bytes = b"") -> bytes:
    message = Message(kind, 0, 0, value.to_bytes(4, "big") + tail)
    return write_message(message, channel_id=CONTROL_CHANNEL)


def set_chunk_size() -> bytes:
    return control(MessageType.SET_CHUNK_SIZE, OUR_CHUNK_BYTES)


def user_control(event: UserControl, value: int) -> bytes:
    body = event.to_bytes(2, "big") + value.to_bytes(4, "big")
    message = Message(MessageType.USER_CONTROL, 0, 0, body)
    return write_message(message, channel_id=CONTROL_CHANNEL)


def command(name: str, transaction: float, *values: Any, stream_id: int = 0) -> bytes:
    body = amf0.encode(name, transaction, *values)
    message = Message(MessageType.COMMAND, stream_id, 0, body)
    return write_message(message, channel_id=COMMAND_CHANNEL)


def connected(transaction: float, asked: dict[str, Any]) -> bytes:
    """The answer to `connect` (section 7.2.1.1)."""
    properties = amf0.Object(fmsVer="FMS/3,5,7,7009", capabilities=31.0, mode=1.0)
    information = amf0.Object(
        level="status",
        code="NetConnection.Connect.Success",
        description="Connection succeeded.",
        objectEncoding=0.0,
    )
    if "fourCcList" in asked:
        # Enhanced RTMP: every codec may come; we say so and pass its headers on.
        information = amf0.Object(information, fourCcList=asked["fourCcList"], capsEx=0.0)
    return command("_result", transaction, properties, information)


def on_status(code: str, description: str, *, level: str = "status") -> bytes:
    facts = amf0.Object(level=level, code=code, description=description)
    return command("onStatus", 0, None, facts, stream_id=STREAM_ID)


def media(tag: Tag) -> bytes:
    """A tag as the message that carries it to a player."""
    message = Message(tag.type, STREAM_ID, tag.dts_ms, tag.body)
    return write_message(message, channel_id=_TAG_CHANNELS[tag.type])


def published(tag: Tag, stream_id: int) -> tuple[Message, int]:
    """A tag as the message that carries it to a server, and its chunk stream."""
    is_metadata = tag.type is TagType.SCRIPT and tag.body.startswith(_ON_METADATA)
    body = _SET_DATA_FRAME + tag.body if is_metadata else tag.body
    return Message(tag.type, stream_id, tag.dts_ms, body), _TAG_CHANNELS[tag.type]


def read_command(message: Message) -> list[Any]:
    """Name, transaction id, and the rest. Raises `RTMPViolation`."""
    body = message.body[1:] if message.type == MessageType.COMMAND_AMF3 else message.body
    try:
        values = amf0.decode(body)
    except amf0.AMFInvalid as error:
        raise RTMPViolation(f"a command that is no AMF0: {error}") from None
    if len(values) < 2 or not isinstance(values[0], str) or not isinstance(values[1], float):  # noqa: PLR2004
        raise RTMPViolation("a command without a name and a transaction id")
    return values


def read_tags(message: Message) -> list[Tag]:
    """The media of a message: one tag, or those of an aggregate (section 7.1.6)."""
    kind, body = message.type, message.body
    if not body:
        return []
    if kind in (MessageType.AUDIO, MessageType.VIDEO):
        return [Tag(TagType(kind), message.timestamp, body)]
    if kind == MessageType.DATA_AMF3:
        body = body[1:]
    if kind in (MessageType.DATA, MessageType.DATA_AMF3):
        return [Tag(TagType.SCRIPT, message.timestamp, body.removeprefix(_SET_DATA_FRAME))]
    if kind == MessageType.AGGREGATE:
        return _split_aggregate(message)
    return []


def _split_aggregate(message: Message) -> list[Tag]:
    """Sub-messages keep their distances; the first plays at the aggregate's own time."""
    tags: list[Tag] = []
    body, at = message.body, 0
    offset: int | None = None
    while at + 11 <= len(body):
        kind = body[at]
        size = int.from_bytes(body[at + 1 : at + 4], "big")
        stamp = int.from_bytes(body[at + 4 : at + 7], "big") | body[at + 7] << 24
        if at + 11 + size > len(body):
            raise RTMPViolation("an aggregate message that is cut short")
        offset = message.timestamp - stamp if offset is None else offset
        inner = Message(
            kind, message.stream_id, (stamp + offset) & 0xFFFFFFFF, body[at + 11 : at + 11 + size]
        )
        if kind != MessageType.AGGREGATE:
            tags += read_tags(inner)
        at += 11 + size + 4
    return tags
