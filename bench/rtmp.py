"""The loader's RTMP peer: handshake and commands, then a replay or a play."""

from collections.abc import Callable
from typing import Any

from bench.connection import RECEIVE_BYTES, Address, Connection
from bench.loop import BUFFER, Loop
from libs.media import amf0
from libs.rtmp import handshake, messages
from libs.rtmp.chunks import ChunkReader, Message, write_message
from libs.rtmp.messages import MessageType

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
_STARTED = frozenset({"NetStream.Publish.Start", "NetStream.Play.Start"})


class ServerRefused(ConnectionError):
    """The server said no, or went: where that is not what is measured, the run is void."""


class RTMPPeer:
    """Publishes or plays `name` of app `live`; `on_started` is called when the server agrees.

    Every message that comes after it is given to `on_message`.
    """

    def __init__(
        self,
        loop: Loop,
        address: Address,
        *,
        verb: str,
        name: str,
        on_started: Callable[[], None],
        on_message: Callable[[Message], None] = lambda _: None,
        source: str = "127.0.0.1",
        receive_bytes: int = RECEIVE_BYTES,
    ) -> None:
        self.connection = Connection(
            loop,
            address,
            on_readable=self._on_readable,
            source=source,
            receive_bytes=receive_bytes,
        )
        self.is_started = False
        self.received_bytes = 0
        self._address = address
        self._verb = verb
        self._name = name
        self._on_started = on_started
        self._on_message = on_message
        self._greeting: bytearray | None = bytearray()
        self._reader = ChunkReader(max_message_bytes=MAX_MESSAGE_BYTES)
        self.connection.send(handshake.greet())

    def _on_readable(self) -> None:
        try:
            size = self.connection.socket.recv_into(BUFFER)
        except BlockingIOError:
            return
        if not size:
            raise ServerRefused(f"The server closed the {self._verb} of {self._name}.")
        self.received_bytes += size
        data = bytes(BUFFER[:size])
        if self._greeting is not None:
            self._greeting += data
            if len(self._greeting) < handshake.C0_C1_BYTES + handshake.C2_BYTES:
                return
            greeting, self._greeting = bytes(self._greeting), None
            data = greeting[handshake.C0_C1_BYTES + handshake.C2_BYTES :]
            self._introduce(greeting[1 : handshake.C0_C1_BYTES])
        for message in self._reader.feed(data):
            if self.is_started:
                self._on_message(message)
            elif message.type == MessageType.COMMAND:
                self._on_command(messages.read_command(message))

    def _introduce(self, s1: bytes) -> None:
        """All commands at once: the answers are the same for every server that we know."""
        host, port = self._address
        facts = amf0.Object(
            app="live", type="nonprivate", flashVer="FMLE/3.0", tcUrl=f"rtmp://{host}:{port}/live"
        )
        said = [handshake.reply(s1), messages.set_chunk_size()]
        said.append(messages.command("connect", 1, facts))
        said.append(messages.command("createStream", 2, None))
        values: list[Any] = ["live"] if self._verb == "publish" else []
        body = amf0.encode(self._verb, 3.0, None, self._name, *values)
        message = Message(MessageType.COMMAND, messages.STREAM_ID, 0, body)
        said.append(write_message(message, channel_id=messages.COMMAND_CHANNEL))
        self.connection.send(b"".join(said))

    def _on_command(self, values: list[Any]) -> None:
        facts = values[-1]
        if values[0] != "onStatus" or not isinstance(facts, dict):
            return
        if facts.get("level") == "error":
            raise ServerRefused(f"{facts.get('code')}: {facts.get('description')}")
        if facts.get("code") in _STARTED and not self.is_started:
            self.is_started = True
            self._on_started()
