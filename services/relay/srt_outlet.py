"""One SRT connection to a target: tags as MPEG-TS, their codecs as they are.

A thread remuxes what comes through a pipe, and sends. The address and its secrets stay in this
process: there is no command line that could show them.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import av

from libs.egress import Place
from libs.media.flv import FLV_HEADER, Tag, TagType, write_tag
from libs.push_url import PushURL
from services.relay.errors import PushFailed
from services.relay.libsrt import PAYLOAD_BYTES, Option, SRTError, SRTSocket, is_available
from services.relay.pulse import STALL_S

LINGER_S = 2.0
"""What was sent last gets so long to arrive when a push is over."""
HOLD_S = 0.1
PROBE = {"fpsprobesize": "0", "analyzeduration": "500000"}
_OPTIONS = {
    "streamid": Option.STREAM_ID,
    "passphrase": Option.PASSPHRASE,
    "pbkeylen": Option.KEY_BYTES,
}


class SRTOutlet:
    def __init__(self, srt: SRTSocket, target: PushURL) -> None:
        self.sent_bytes = 0
        self._srt = srt
        self._target = target
        reading, self._writing = os.pipe()
        self._reading = os.fdopen(reading, "rb", 0)
        self._writer: asyncio.StreamWriter | None = None
        self._pumping: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, target: PushURL, place: Place) -> "SRTOutlet":
        """Raises `PushFailed`."""
        if not is_available():
            raise PushFailed(
                "srt_unavailable",
                "This Weir's machine has no libsrt 1.5: install it (Debian: libsrt1.5-gnutls, "
                "which comes with ffmpeg), or push by RTMP or RTMPS.",
            )
        srt = await asyncio.to_thread(SRTSocket)
        try:
            await asyncio.to_thread(_connect, srt, target, place)
        except SRTError as error:
            srt.close()
            cause = "refused" if error.is_refusal else "unreachable"
            raise PushFailed(cause, f"{target.host}:{target.port}: {error}") from None
        except BaseException:
            srt.close()
            raise
        outlet = cls(srt, target)
        await outlet._begin()
        return outlet

    @property
    def has_begun(self) -> bool:
        return self.sent_bytes > 0

    async def send(self, tags: Iterable[Tag]) -> None:
        assert self._writer is not None
        self.check()
        media = [tag for tag in tags if tag.type is not TagType.SCRIPT]
        self._writer.write(b"".join(map(write_tag, media)))
        try:
            async with asyncio.timeout(STALL_S):
                await self._writer.drain()
        except TimeoutError:
            raise PushFailed(
                "stalled", f"{self._target.host} keeps its connection and takes nothing any more."
            ) from None
        except OSError:
            self.check()
            raise self._vanished("the connection is gone") from None

    def check(self) -> None:
        assert self._pumping is not None
        if self._pumping.done():
            raise self._vanished(str(self._pumping.exception() or "the push has ended"))
        if not self._srt.is_connected:
            raise self._vanished("nothing has been heard of it for seconds")

    async def close(self) -> None:
        """Let what was sent arrive, if the other side takes it."""
        assert self._pumping is not None
        self._end_input()
        with contextlib.suppress(Exception):  # it is over, however
            async with asyncio.timeout(2 * LINGER_S):
                await asyncio.shield(self._pumping)
        self.abort()
        await asyncio.gather(self._pumping, return_exceptions=True)

    def abort(self) -> None:
        self._srt.close()
        self._end_input()

    # --- within ---------------------------------------------------------------------------------

    async def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(self._writing, "wb", 0)
        transport, protocol = await loop.connect_write_pipe(
            lambda: asyncio.streams.FlowControlMixin(loop), pipe
        )
        self._writer = asyncio.StreamWriter(transport, protocol, None, loop)
        self._writer.write(FLV_HEADER)
        # A thread of its own, for as long as the push lasts: those of the loop are few, and shared.
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="srt")
        self._pumping = loop.run_in_executor(executor, self._pump)
        executor.shutdown(wait=False)
        # An end that nobody asks for any more is no news.
        self._pumping.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _pump(self) -> None:
        """Remux and send until the pipe ends. In a thread of its own. Raises `SRTError`."""
        packets = _Packets(self._send)
        try:
            with (
                self._reading,
                av.open(self._reading, "r", format="flv", options=PROBE) as source,
                av.open(packets, "w", format="mpegts") as sink,
            ):
                streams = {
                    stream.index: sink.add_stream_from_template(stream)
                    for stream in source.streams
                    if stream.type in ("video", "audio")
                }
                for packet in source.demux():
                    if packet.dts is not None and packet.stream_index in streams:
                        packet.stream = streams[packet.stream_index]
                        sink.mux(packet)
                    if packets.failure is not None:
                        break
        except (av.error.FFmpegError, ValueError) as error:
            if packets.failure is None and self._srt.is_connected:
                raise SRTError(f"MPEG-TS cannot carry the stream: {error}") from None
        if packets.failure is not None:
            raise packets.failure
        self._linger()

    def _linger(self) -> None:
        until_s = time.monotonic() + LINGER_S
        while self._srt.is_connected and self._srt.unsent and time.monotonic() < until_s:
            time.sleep(0.02)
        # What has arrived is read only when its time has come, and is lost if we close before.
        time.sleep(min(self._srt.latency_ms / 1000 + HOLD_S, LINGER_S))

    def _send(self, payload: bytes) -> None:
        self._srt.send(payload)
        self.sent_bytes += len(payload)

    def _end_input(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def _vanished(self, said: str) -> PushFailed:
        return PushFailed("vanished", f"{self._target.host}:{self._target.port}: {said}")


class _Packets:
    """What PyAV writes to: whole packets of SRT go out. It raises nothing through C."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.failure: SRTError | None = None
        self._send_one = send
        self._rest = b""

    def write(self, data: Any) -> int:
        self._rest += bytes(data)
        while len(self._rest) >= PAYLOAD_BYTES:
            self._send(self._rest[:PAYLOAD_BYTES])
            self._rest = self._rest[PAYLOAD_BYTES:]
        return len(data)

    def close(self) -> None:
        if self._rest:
            self._send(self._rest)
            self._rest = b""

    def _send(self, payload: bytes) -> None:
        if self.failure is None:
            try:
                self._send_one(payload)
            except SRTError as error:
                self.failure = error


def _connect(srt: SRTSocket, target: PushURL, place: Place) -> None:
    options = dict(target.options)
    for name, option in _OPTIONS.items():
        if name in options:
            value = options[name]
            srt.set(option, int(value) if option is Option.KEY_BYTES else value)
    if "latency" in options:
        # FFmpeg and OBS give it in microseconds, and addresses are copied from there.
        srt.set(Option.LATENCY, round(int(options["latency"]) / 1000))
    srt.connect(place.address, place.port)
