"""What an RTMP publisher says, byte by byte, and ways to spoil it."""

from collections.abc import Iterator

from hypothesis import strategies as st

from libs.media import amf0
from libs.media.flv import Tag, TagType
from libs.rtmp import handshake, messages
from libs.rtmp.chunks import Message, write_message

TAGS = [
    Tag(TagType.SCRIPT, 0, amf0.encode("onMetaData", {"width": 160.0})),
    Tag(TagType.VIDEO, 0, b"\x17\0\0\0\0\x01\x64\0\x1f"),
    Tag(TagType.AUDIO, 0, b"\xaf\0\x11\x90"),
    *(Tag(TagType.VIDEO, n * 40, b"\x27\x01\0\0\0" + bytes([n]) * (n * 40)) for n in range(12)),
    *(Tag(TagType.AUDIO, 0xFFFFFF + n * 23, b"\xaf\x01" + bytes([n]) * 9) for n in range(12)),
]


def conversation(name: str, *, chunk_bytes: int = 128) -> bytes:
    """A whole publish, from the handshake to its farewell."""
    said = handshake.greet() + bytes(handshake.C2_BYTES)
    commands = [
        ("connect", 1.0, amf0.Object(app="live", flashVer="fuzz")),
        ("createStream", 2.0, None),
        ("publish", 3.0, None, name, "live"),
    ]
    for values in commands:
        said += write_message(
            Message(20, 1, 0, amf0.encode(*values)), channel_id=3, chunk_bytes=128
        )
    size = chunk_bytes.to_bytes(4, "big")
    said += write_message(Message(1, 0, 0, size), channel_id=2, chunk_bytes=128)
    for tag in TAGS:
        message, channel = messages.published(tag, 1)
        said += write_message(message, channel_id=channel, chunk_bytes=chunk_bytes)
    farewell = Message(20, 1, 0, amf0.encode("deleteStream", 4.0, None, 1.0))
    return said + write_message(farewell, channel_id=3, chunk_bytes=chunk_bytes)


@st.composite
def spoiled(draw: st.DrawFn, whole: bytes) -> bytes:
    """`whole` with some bytes changed, left out, put in or said twice, anywhere."""
    said = bytearray(whole)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(said) - 1)))
        match draw(st.sampled_from(("change", "cut", "insert", "repeat", "end"))):
            case "change":
                said[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "cut":
                del said[at : at + draw(st.integers(1, 200))]
            case "insert":
                said[at:at] = draw(st.binary(min_size=1, max_size=64))
            case "repeat":
                said[at:at] = said[at : at + draw(st.integers(1, 400))]
            case _:
                del said[at:]
    return bytes(said)


def pieces(said: bytes, sizes: list[int]) -> Iterator[bytes]:
    """As the network delivers it: in pieces of these sizes, again and again."""
    at, turn = 0, 0
    while at < len(said):
        size = sizes[turn % len(sizes)]
        yield said[at : at + size]
        at, turn = at + size, turn + 1
