"""The chunk stream: bytes of the specification, both habits of extended timestamps, limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.rtmp.chunks import ChunkReader, Message, write_message
from libs.rtmp.errors import RTMPViolation

LIMIT = 1 << 20


def reader() -> ChunkReader:
    return ChunkReader(max_message_bytes=LIMIT)


def test_formats_are_read_as_in_the_example_of_the_specification() -> None:
    """Section 5.3.2.1: four audio messages 20 ms apart; formats 0, 2, 3, 3."""
    body = bytes(range(32))
    wire = (
        bytes((3,)) + (1000).to_bytes(3, "big") + (32).to_bytes(3, "big") + b"\x08"
        + (12345).to_bytes(4, "little") + body
        + bytes((0x83,)) + (20).to_bytes(3, "big") + body
        + bytes((0xC3,)) + body
        + bytes((0xC3,)) + body
    )  # fmt: skip
    messages = reader().feed(wire)
    assert [message.timestamp for message in messages] == [1000, 1020, 1040, 1060]
    assert all(message == Message(8, 12345, message.timestamp, body) for message in messages)


def test_a_message_over_several_chunks_is_joined() -> None:
    """Section 5.3.2.2: 307 bytes in chunks of 128."""
    message = Message(9, 12346, 1000, bytes(307))
    wire = write_message(message, channel_id=4, chunk_bytes=128)
    assert len(wire) == 140 + 129 + 52
    assert reader().feed(wire) == [message]


@pytest.mark.parametrize("repeats", [True, False])
def test_extended_timestamps_may_be_repeated_or_left_out(repeats: bool) -> None:
    message = Message(9, 1, 0x01000010, bytes(range(200)))
    wire = write_message(message, channel_id=6, chunk_bytes=128, repeats_extended=repeats)
    # Head (12) and extended timestamp (4), first chunk (128), 0xC6, the field again or not, 72.
    assert len(wire) == 16 + 128 + 1 + 4 * repeats + 72
    assert reader().feed(wire) == [message]


def test_a_new_chunk_size_counts_from_the_next_chunk() -> None:
    size = write_message(Message(1, 0, 0, (4096).to_bytes(4, "big")), channel_id=2)
    message = Message(9, 1, 0, bytes(3000))
    assert reader().feed(size + write_message(message, channel_id=6)) == [message]


def test_a_chunk_size_of_2_31_minus_1_costs_no_memory() -> None:
    chunks = reader()
    size = write_message(Message(1, 0, 0, b"\x7f\xff\xff\xff"), channel_id=2)
    head = bytes((6, 0, 0, 0)) + LIMIT.to_bytes(3, "big") + b"\x09" + bytes(4)
    assert chunks.feed(size + head + b"x") == []


def test_a_message_past_the_limit_is_refused_by_its_header() -> None:
    head = bytes((6, 0, 0, 0)) + b"\xff\xff\xff" + b"\x09" + bytes(4)
    with pytest.raises(RTMPViolation, match="too large"):
        reader().feed(head)


def test_too_many_chunk_streams_are_refused() -> None:
    wire = b"".join(
        write_message(Message(8, 1, 0, b"x"), channel_id=2 + index) for index in range(62)
    )
    chunks = reader()
    chunks.feed(wire)
    extra = b"".join(bytes((0, index)) + bytes(3) + b"\0\0\x01\x08" + bytes(4) + b"x"
                     for index in range(3))  # fmt: skip
    with pytest.raises(RTMPViolation, match="too many"):
        chunks.feed(extra)


@given(
    bodies=st.lists(st.binary(max_size=900), min_size=1, max_size=6),
    stamps=st.integers(0, 0xFFFFFFFF),
    cut=st.integers(1, 400),
)
def test_what_is_written_is_read_however_it_arrives(
    bodies: list[bytes], stamps: int, cut: int
) -> None:
    sent = [Message(9, 1, stamps, body) for body in bodies]
    wire = b"".join(write_message(item, channel_id=6, chunk_bytes=128) for item in sent)
    chunks = reader()
    got: list[Message] = []
    for at in range(0, len(wire), cut):
        got += chunks.feed(wire[at : at + cut])
    assert got == sent


@given(st.binary(max_size=4000))
def test_garbage_is_refused_or_waited_for_but_never_crashes(garbage: bytes) -> None:
    chunks = reader()
    try:
        chunks.feed(garbage)
    except RTMPViolation:
        return


class CountingReader(ChunkReader):
    looks = 0

    def _read_chunk(self, data: bytes, at: int, end: int, messages: list[Message]) -> int:
        self.looks += 1
        return super()._read_chunk(data, at, end, messages)


def test_large_chunk_that_drips_in_is_not_looked_at_for_each_drop() -> None:
    """A peer that announces a huge chunk and sends it byte by byte costs no more than another."""
    message = Message(9, 1, 0, bytes(50_000))
    reader = CountingReader(max_message_bytes=LIMIT)
    reader.chunk_bytes = 0x7FFFFFFF
    wire = write_message(message, channel_id=6, chunk_bytes=0x7FFFFFFF)
    got = [each for at in range(len(wire)) for each in reader.feed(wire[at : at + 1])]
    assert got == [message]
    assert reader.looks < 6
