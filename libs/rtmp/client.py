"""The RTMP publisher: pushes tags to a server, as an encoder does.

publisher = RTMPPublisher("rtmp://host/live/key")
await publisher.connect()
await publisher.send(tag)
await publisher.close()
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable, Mapping
from typing import Any

from libs.media import amf0
from libs.media.flv import Tag
from libs.rtmp import handshake, messages
from libs.rtmp.chunks import OUR_CHUNK_BYTES, ChunkReader, Message, write_message
from libs.rtmp.errors import RTMPRefused, RTMPUnreachable, RTMPViolation
from libs.rtmp.messages import MessageType, UserControl
from libs.rtmp.url import RTMPURL

READ_BYTES = 65536
MAX_ANSWER_BYTES = 1024 * 1024
CLOSE_S = 2.0
"""How long a close waits for what was sent to leave."""
VANISHED_MS = 10_000
"""Sent bytes that the other host's kernel does not acknowledge for this long: it is gone."""
UNSENT_BYTES = 128 * 1024
"""What the kernel takes of us beyond what is on its way: a slow server is felt soon."""
LINGER_S = 0.5
"""How long a close waits for the server to hang up first: a connection that is closed with bytes
unread is reset, and a reset overtakes what was sent."""
_PUBLISH_STARTED = "NetStream.Publish.Start"
_TCP_NOTSENT_LOWAT = getattr(socket, "TCP_NOTSENT_LOWAT", 25)


class RTMPPublisher:
    """One push. Everything raises `RTMPRefused` (with the server's status) or `RTMPUnreachable`.

    `repeats_extended`: whether an extended timestamp stands in every chunk of a message or only
    in the first; servers must take both. `tls` is for rtmps; default: what the system trusts.
    `address` is where to connect instead of what the host's name resolves to. `facts` go into the
    connect object. `ack_bytes`: ask the server to acknowledge each time it has read so much.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = 10.0,
        chunk_bytes: int = OUR_CHUNK_BYTES,
        repeats_extended: bool = True,
        tls: ssl.SSLContext | None = None,
        address: str | None = None,
        facts: Mapping[str, Any] | None = None,
        ack_bytes: int | None = None,
    ) -> None:
        self.url = RTMPURL.parse(url)
        self.sent_bytes = 0
        """Since the handshake, as the server counts them."""
        self.acknowledged_bytes = 0
        """Of those, what the server last said to have read; modulo 2^32."""
        self.pongs = 0
        """Pings that the server has answered."""
        self.received_bytes = 0
        self._address = address
        self._facts = dict(facts or {})
        self._ack_bytes = ack_bytes
        self._timeout_s = timeout_s
        self._chunk_bytes = chunk_bytes
        self._repeats_extended = repeats_extended
        self._tls = tls
        self._chunks = ChunkReader(max_message_bytes=MAX_ANSWER_BYTES)
        self._stream_id = messages.STREAM_ID
        self._transaction = 0.0
        self._answers: dict[float, asyncio.Future[Any]] = {}
        self._started: asyncio.Future[None] | None = None
        self._listener: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._failure: RTMPRefused | RTMPUnreachable | None = None
        self._acknowledged = 0
        self._is_closing = False
        self._window = 0
        """Bytes after which the server wants an acknowledgement; 0: it said nothing."""

    @property
    def failure(self) -> RTMPRefused | RTMPUnreachable | None:
        """Why the push is over, if the server or the way to it ended it."""
        return self._failure

    async def connect(self) -> None:
        """Reach the server and be admitted: afterwards tags may be sent."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._reach()
                await self._negotiate()
        except TimeoutError:
            self.abort()
            raise self._unreachable(f"does not answer within {self._timeout_s:g} s") from None
        except (OSError, asyncio.IncompleteReadError) as error:
            self.abort()
            raise self._unreachable(str(error)) from None
        except BaseException:
            self.abort()
            raise

    async def send(self, tag: Tag) -> None:
        """Send one tag; waits while the server reads more slowly than we send."""
        await self.send_all((tag,))

    async def send_all(self, tags: Iterable[Tag]) -> None:
        """Send tags with one write."""
        if self._failure is not None:
            raise self._failure
        out = self._out
        self._say(b"".join(map(self._wire, tags)))
        try:
            await out.drain()
        except OSError as error:
            raise self._fail(self._unreachable(str(error))) from None

    def ping(self) -> None:
        """Ask the server for a sign of life; see `pongs`."""
        self._say(messages.user_control(UserControl.PING_REQUEST, self.pongs + 1))

    async def close(self) -> None:
        """Say that the push is over, and go once all of it has been sent."""
        out = self._out
        self._say(self._command("FCUnpublish", None, self.url.name))
        self._say(self._command("deleteStream", None, float(self._stream_id)))
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await out.drain()
        self._is_closing = True
        if self._listener is not None:
            await asyncio.wait({self._listener}, timeout=LINGER_S)
            self._listener.cancel()
        out.close()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(out.wait_closed(), CLOSE_S)

    def abort(self) -> None:
        """Drop the connection without a word, as a host that lost its power."""
        if self._listener is not None:
            self._listener.cancel()
        if self._writer is not None:
            self._writer.transport.abort()

    @property
    def _out(self) -> asyncio.StreamWriter:
        assert self._writer is not None, "connect first"
        return self._writer

    # --- the beginning ------------------------------------------------------------------

    async def _reach(self) -> None:
        tls = (self._tls or ssl.create_default_context()) if self.url.is_tls else None
        host = self.url.host
        reader, writer = await asyncio.open_connection(
            self._address or host, self.url.port, ssl=tls, server_hostname=host if tls else None
        )
        self._writer = writer
        _tune(writer.get_extra_info("socket"))
        writer.write(handshake.greet())
        s0_s1 = await reader.readexactly(handshake.C0_C1_BYTES)
        writer.write(handshake.reply(s0_s1[1:]))
        await reader.readexactly(handshake.C2_BYTES)
        self._listener = asyncio.create_task(self._listen(reader), name="rtmp-publisher")

    async def _negotiate(self) -> None:
        self._started = asyncio.get_running_loop().create_future()
        size = self._chunk_bytes.to_bytes(4, "big")
        self._write(Message(MessageType.SET_CHUNK_SIZE, 0, 0, size), messages.CONTROL_CHANNEL)
        if self._ack_bytes:
            self._say(messages.control(MessageType.WINDOW_ACK_SIZE, self._ack_bytes))
        await self._ask(
            "connect",
            amf0.Object(
                app=self.url.app,
                type="nonprivate",
                flashVer="FMLE/3.0 (compatible; Weir)",
                tcUrl=self.url.tc_url,
                **self._facts,
            ),
        )
        name = self.url.name
        self._say(self._command("releaseStream", None, name))
        self._say(self._command("FCPublish", None, name))
        stream = await self._ask("createStream", None)
        self._stream_id = int(stream) if isinstance(stream, float) else messages.STREAM_ID
        publish = self._command("publish", None, name, "live", stream_id=self._stream_id)
        self._say(publish)
        await self._started

    async def _ask(self, name: str, *values: Any) -> Any:
        """Send a command; the last value of its `_result`."""
        self._say(self._command(name, *values))
        answer = self._answers[self._transaction] = asyncio.get_running_loop().create_future()
        return await answer

    def _command(self, name: str, *values: Any, stream_id: int = 0) -> bytes:
        self._transaction += 1
        body = amf0.encode(name, self._transaction, *values)
        message = Message(MessageType.COMMAND, stream_id, 0, body)
        return write_message(
            message, channel_id=messages.COMMAND_CHANNEL, chunk_bytes=self._chunk_bytes
        )

    # --- what the server says -------------------------------------------------------------

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while data := await reader.read(READ_BYTES):
                self.received_bytes += len(data)
                for message in self._chunks.feed(data):
                    self._on_message(message)
                self._acknowledge()
            self._fail(self._unreachable("closed the connection"))
        except (OSError, RTMPViolation) as error:
            self._fail(self._unreachable(str(error)))

    def _on_message(self, message: Message) -> None:
        match message.type:
            case MessageType.COMMAND | MessageType.COMMAND_AMF3:
                self._on_command(messages.read_command(message))
            case MessageType.WINDOW_ACK_SIZE:
                self._window = int.from_bytes(message.body[:4], "big")
            case MessageType.ACKNOWLEDGEMENT:
                self.acknowledged_bytes = int.from_bytes(message.body[:4], "big")
            case MessageType.USER_CONTROL:
                event = int.from_bytes(message.body[:2], "big")
                if event == UserControl.PING_REQUEST:
                    value = int.from_bytes(message.body[2:6], "big")
                    self._say(messages.user_control(UserControl.PING_RESPONSE, value))
                self.pongs += event == UserControl.PING_RESPONSE
            case _:
                pass

    def _on_command(self, values: list[Any]) -> None:
        name, transaction, *rest = values
        facts = rest[-1] if rest else None
        if name == "onStatus" and isinstance(facts, dict):
            self._on_status(facts)
            return
        if transaction not in self._answers:
            return  # to a courtesy that we did not wait for
        if name == "_error":
            self._fail(_refusal(facts if isinstance(facts, dict) else {}))
        else:
            self._answers.pop(transaction).set_result(facts)

    def _on_status(self, facts: dict[str, Any]) -> None:
        if facts.get("level") == "error":
            self._fail(_refusal(facts))
        elif facts.get("code") == _PUBLISH_STARTED and self._started and not self._started.done():
            self._started.set_result(None)

    def _fail(self, error: RTMPRefused | RTMPUnreachable) -> RTMPRefused | RTMPUnreachable:
        """The push is over; the first reason counts. A goodbye is none."""
        if self._is_closing:
            return error
        self._failure = self._failure or error
        for waiting in (self._started, *self._answers.values()):
            if waiting is not None and not waiting.done():
                waiting.set_exception(self._failure)
                waiting.exception()  # whoever waits hears of it; if nobody does, `failure` tells
        self._answers.clear()
        return self._failure

    def _unreachable(self, reason: str) -> RTMPUnreachable:
        return RTMPUnreachable(f"{self.url.host}:{self.url.port}: {reason}.")

    # --- bytes ------------------------------------------------------------------------------

    def _say(self, wire: bytes) -> None:
        self.sent_bytes += len(wire)
        self._out.write(wire)

    def _wire(self, tag: Tag) -> bytes:
        message, channel_id = messages.published(tag, self._stream_id)
        return write_message(
            message,
            channel_id=channel_id,
            chunk_bytes=self._chunk_bytes,
            repeats_extended=self._repeats_extended,
        )

    def _write(self, message: Message, channel_id: int) -> None:
        self._say(write_message(message, channel_id=channel_id))

    def _acknowledge(self) -> None:
        if self._window and self.received_bytes - self._acknowledged >= self._window // 2:
            self._acknowledged = self.received_bytes
            said = self.received_bytes & 0xFFFFFFFF
            self._say(messages.control(MessageType.ACKNOWLEDGEMENT, said))


def _tune(connection: Any) -> None:
    """Let TCP say soon that a host has vanished, and keep little in the kernel (Linux)."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, VANISHED_MS)
        connection.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, UNSENT_BYTES)


def _refusal(facts: dict[str, Any]) -> RTMPRefused:
    code = str(facts.get("code") or "NetConnection.Call.Failed")
    return RTMPRefused(code, str(facts.get("description") or "The server gives no reason."))
