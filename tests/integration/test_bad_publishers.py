"""Hostile and broken publishers get their answer, and another stream loses no frame."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from libs.media import amf0
from libs.rtmp import RTMPPublisher
from libs.rtmp.chunks import Message, write_message
from libs.signing import sign_push
from tests.media import encode, push
from tests.oracles.flv_source import make_flv, read_tags
from tests.oracles.frame_ledger import input_frames
from tests.running import RunningWeir
from tests.stored import assert_balanced, ended_rows, frames_of
from tests.waiting import until
from tests.witness import witness

pytestmark = pytest.mark.integration

CLOSE_S = 16.0
HOSTILE_NAMES = (
    "../../etc/passwd", "a\0b", "x" * 4096, "%2e%2e%2f", "-leading", "con/../x", "\u202e",
)  # fmt: skip
HALF_OPEN = 600
ADDRESSES = 20
ADMITTED_S = 2.0
LARGEST_CHUNK = 0x7FFFFFFF


class Peer:
    """A raw RTMP client that says just what it is told."""

    def __init__(self, weir: RunningWeir) -> None:
        self.socket = socket.create_connection(("127.0.0.1", weir.rtmp_port), timeout=CLOSE_S)

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return  # closed already, which is what most of these tests are about

    def greet(self) -> None:
        self.send(b"\x03" + bytes(1536))
        got = b""
        while len(got) < 3073:
            got += self.socket.recv(4096)
        self.send(bytes(1536))

    def command(self, *values: object, stream_id: int = 0) -> None:
        message = Message(20, stream_id, 0, amf0.encode(*values))
        self.send(write_message(message, channel_id=3, chunk_bytes=128))

    def publish(self, name: str, *, app: str = "stream") -> None:
        self.greet()
        self.command("connect", 1, amf0.Object(app=app, flashVer="test"))
        self.command("createStream", 2, None)
        self.command("publish", 3, None, name, "live", stream_id=1)

    def expect(self, word: bytes) -> None:
        got = b""
        while word not in got:
            piece = self.socket.recv(65536)
            assert piece, got
            got += piece

    def read_all(self) -> bytes:
        """Everything until the server closes; fails if it does not."""
        got = b""
        try:
            while piece := self.socket.recv(65536):
                got += piece
        except ConnectionResetError:
            pass
        finally:
            self.socket.close()
        return got


def expect_close(peer: Peer) -> bytes:
    return peer.read_all()


def wrong_signatures(weir: RunningWeir, stream: str) -> dict[str, str]:
    secret = weir.credentials["push_secret"]
    good = sign_push(stream, int(time.time()) + 100, secret)
    return {
        "missing": stream,
        "empty": f"{stream}?sign=",
        "expired": f"{stream}?sign={sign_push(stream, int(time.time()) - 10, secret)}",
        "tampered": f"{stream}?sign={good[:-1]}{'0' if good[-1] != '0' else '1'}",
        "of another secret": f"{stream}?sign={sign_push(stream, 4102444800, 'nodemedia2017privatekey')}",  # noqa: E501
        "of another stream": f"{stream}?sign={sign_push('other', 4102444800, secret)}",
        "no number": f"{stream}?sign=x-y",
    }


async def test_bad_publishers_are_answered_and_hurt_nobody(weir: RunningWeir) -> None:
    victim = weir.create_stream(name="victim")["id"]
    async with witness(weir):
        await asyncio.to_thread(_try_everything, weir, victim)
    assert not weir.sessions(victim), "nothing of the refused publishes is there"


def _try_everything(weir: RunningWeir, victim: str) -> None:
    for what, name in wrong_signatures(weir, victim).items():
        peer = Peer(weir)
        peer.publish(name)
        assert b"NetStream.publish.Unauthorized" in expect_close(peer), what
    secret = weir.credentials["push_secret"]
    unknown = Peer(weir)
    unknown.publish(f"nobody?sign={sign_push('nobody', 4102444800, secret)}")
    assert b"NetStream.Publish.BadName" in expect_close(unknown)
    for name in HOSTILE_NAMES:
        peer = Peer(weir)
        peer.publish(f"{name}?sign=1-2")
        assert b"NetStream.Publish.Start" not in expect_close(peer), name
    app = Peer(weir)
    app.publish(victim, app="../../../tmp/pwned")
    assert b"NetConnection.Connect.Rejected" in expect_close(app)
    for prefix in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01", bytes(3000)):
        garbage = Peer(weir)
        garbage.send(prefix)
        assert expect_close(garbage) == b"", prefix[:10]
    try_limits(weir)


def try_limits(weir: RunningWeir) -> None:
    """What must cost no memory and no time of others; each on a publish that is on air."""
    stream = weir.create_stream(name="limits", reconnectWindow=0)
    url = stream["push"]["stream_key"]
    attacks: dict[str, Callable[[Peer], None]] = {
        "a message that claims 16 MB": lambda peer: peer.send(head(6, 9, 0xFFFFFF) + bytes(1000)),
        "16 MB in one chunk": send_one_chunk,
        "metadata of 16 MB": lambda peer: send_in_chunks(peer, 18, 0xFFFFFF),
        "metadata of 2 MB": lambda peer: send_in_chunks(peer, 18, 2 << 20),
        "a command of 1 MB": lambda peer: send_in_chunks(peer, 20, 1 << 20),
        "65,536 chunk streams": send_on_every_channel,
        "a chunk size of 0": lambda peer: peer.send(head(2, 1, 4) + bytes(4)),
    }
    for what, attack in attacks.items():
        peer = Peer(weir)
        peer.publish(url)
        peer.expect(b"NetStream.Publish.Start")
        before = weir.memory_bytes("ingest")
        attack(peer)
        expect_close(peer)
        assert weir.memory_bytes("ingest") - before < 48 << 20, what
    silences = [Peer(weir) for _ in range(3)]
    silences[1].greet()
    silences[2].publish(url)
    began = time.monotonic()
    for peer in silences:
        expect_close(peer)
    assert time.monotonic() - began < 14


def head(channel: int, kind: int, length: int) -> bytes:
    """A chunk's header, format 0."""
    return bytes((channel, 0, 0, 0)) + length.to_bytes(3, "big") + bytes((kind, 1, 0, 0, 0))


def send_one_chunk(peer: Peer) -> None:
    """With the largest chunk size there is."""
    peer.send(head(2, 1, 4) + b"\x7f\xff\xff\xff" + head(6, 9, 0xFFFFFF) + bytes(0xFFFFFF))


def send_in_chunks(peer: Peer, kind: int, length: int) -> None:
    chunks = [head(5, kind, length) + bytes(128)]
    chunks += [b"\xc5" + bytes(128) for _ in range(length // 128)]
    peer.send(b"".join(chunks))


def send_on_every_channel(peer: Peer) -> None:
    """A message's beginning on each; none is ever whole."""
    for number in range(64, 65536 + 64):
        low, high = (number - 64) & 0xFF, (number - 64) >> 8
        peer.send(bytes((1, low, high)) + head(0, 9, 100_000)[1:] + bytes(128))


async def test_half_open_connections_keep_nobody_out(weir: RunningWeir) -> None:
    stream = weir.create_stream(name="newcomer", reconnectWindow=0)
    peers: list[socket.socket] = []
    async with witness(weir):
        try:
            for number in range(HALF_OPEN):
                peers.append(half_open(weir, number))
                await asyncio.sleep(0)
            began = time.monotonic()
            publisher = RTMPPublisher(stream["push"]["url"])
            await publisher.connect()
            assert time.monotonic() - began < ADMITTED_S
            await publisher.close()
        finally:
            for peer in peers:
                peer.close()


def half_open(weir: RunningWeir, number: int) -> socket.socket:
    """A connection that stops somewhere before it publishes."""
    peer = socket.create_connection(
        ("127.0.0.1", weir.rtmp_port),
        timeout=CLOSE_S,
        source_address=(f"127.0.0.{2 + number % ADDRESSES}", 0),
    )
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        peer.sendall((b"", b"\x03", b"\x03" + bytes(1536), b"\x03" + bytes(3072))[number % 4])
    return peer


async def test_largest_chunk_size_is_taken_at_its_word(weir: RunningWeir) -> None:
    """Some encoders announce 2^31-1, and send each message in one chunk."""
    source = make_flv(seconds=5)
    stream = weir.create_stream(name="large chunks", reconnectWindow=0)
    async with witness(weir):
        publisher = RTMPPublisher(stream["push"]["url"], chunk_bytes=LARGEST_CHUNK)
        await publisher.connect()
        await publisher.send_all(read_tags(source))
        await publisher.close()
        rows = await ended_rows(weir, stream["id"])
    assert_balanced(input_frames(source), await frames_of(weir, rows))


async def test_a_second_publisher_takes_over_or_is_refused(
    weir: RunningWeir, tmp_path: Path
) -> None:
    source = encode(tmp_path / "in.flv", seconds=8)
    async with witness(weir):
        await asyncio.gather(
            second_publisher(weir, source, "takeover", survivor=1),
            second_publisher(weir, source, "reject", survivor=0),
        )


async def second_publisher(weir: RunningWeir, source: Path, policy: str, *, survivor: int) -> None:
    stream = weir.create_stream(name=policy, publishPolicy=policy, reconnectWindow=1)
    first = push(source, stream["push"]["url"])
    path = f"/api/v1/streams/{stream['id']}"
    await until(lambda: weir.call("GET", path)["is_live"], within_s=10, what="on air")
    second = push(source, stream["push"]["url"])
    codes = [await asyncio.to_thread(item.wait, 40) for item in (first, second)]
    assert codes[survivor] == 0, policy
    assert codes[1 - survivor] != 0, policy
