"""The RTMP server against conversations that went wrong: it answers or closes, and hurts nobody."""

import asyncio
from itertools import zip_longest
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.rtmp import Limits, RTMPServer
from libs.rtmp.connection import Connection
from tests.fuzz.conversations import TAGS, conversation, pieces, spoiled
from tests.unit.libs.rtmp.doors import OpenDoor

GOOD = conversation("good")
LIMITS = Limits(max_message_bytes=64 * 1024, max_metadata_bytes=4096, max_command_bytes=4096)


class Wire(asyncio.Transport):
    """A transport without a socket; it counts what is written and knows whether it is closed."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1)})
        self.written = 0
        self.has_closed = False

    def write(self, data: Any) -> None:
        self.written += len(data)

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def is_closing(self) -> bool:
        return self.has_closed

    def close(self) -> None:
        self.has_closed = True

    def abort(self) -> None:
        self.has_closed = True


async def converse(said: bytes, sizes: list[int]) -> None:
    """One bad connection beside a good one, turn by turn."""
    loop = asyncio.get_running_loop()
    troubles: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: troubles.append(context))
    door = OpenDoor()
    server = RTMPServer(door, LIMITS)
    bad, good = Connection(server), Connection(server)
    bad_wire, good_wire = Wire("127.0.0.2"), Wire("127.0.0.3")
    bad.connection_made(bad_wire)
    good.connection_made(good_wire)
    for wrong, right in zip_longest(pieces(said, sizes), pieces(GOOD, [200])):
        if wrong is not None and not bad_wire.has_closed:
            bad.data_received(wrong)
        if right is not None:
            good.data_received(right)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    bad.connection_lost(None)
    good.connection_lost(None)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not troubles
    assert not server.connections
    assert len(server.lobby) == 0
    assert all(publish.closed.done() for publish in door.publishes)
    kept = [publish.tags for publish in door.publishes if publish.request.name == "good"]
    assert TAGS in kept
    assert bad_wire.written < 64 * 1024


sizes = st.lists(st.integers(1, 700), min_size=1, max_size=5)
quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(max_examples=40, deadline=None, suppress_health_check=quiet)
@given(spoiled(conversation("evil")), sizes)
def test_spoiled_conversation_hurts_nobody(said: bytes, sizes: list[int]) -> None:
    asyncio.run(converse(said, sizes))


@settings(max_examples=40, deadline=None, suppress_health_check=quiet)
@given(st.binary(max_size=4000), sizes)
def test_noise_behind_a_handshake_hurts_nobody(noise: bytes, sizes: list[int]) -> None:
    asyncio.run(converse(GOOD[: 1537 + 1536] + noise, sizes))


@pytest.mark.soak
@pytest.mark.timeout(900)
@settings(max_examples=5000, deadline=None, suppress_health_check=quiet)
@given(spoiled(conversation("evil", chunk_bytes=60_000)), sizes)
def test_thousands_of_spoiled_conversations_hurt_nobody(said: bytes, sizes: list[int]) -> None:
    asyncio.run(converse(said, sizes))
