"""A crowd in one chat, in a process of its own: `python -m tests.chat_crowd '<JSON of Plan>'`.

Writes JSON: how long messages took from who wrote them to each who reads, and who missed what.
Each comes from one of many addresses of this machine, as a crowd does.
"""

import asyncio
import json
import re
import resource
import socket
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop

WAVE = 50
"""Connect at once; a listener's backlog is finite, and so is a crowd's haste."""
PER_ADDRESS = 40
_TEXT = re.compile(rb'"text":"(\d+) (\d+)"')
_UNMASKED = b"\0\0\0\0"
"""A mask that changes nothing; RFC 6455 wants one."""


@dataclass(frozen=True)
class Plan:
    url: str
    """Of the chat, `http://…/watch/<id>/chat`."""
    readers: int
    speakers: int = 20
    """Of the readers; each speaks every two seconds."""
    seconds: float = 10.0
    stalled: int = 0
    """Others, who join and then read nothing more."""


@dataclass
class Found:
    joined: int = 0
    said: int = 0
    refused: int = 0
    heard: int = 0
    """Messages, by all readers together."""
    wanted: int = 0
    """As many should have been."""
    lost: int = 0
    """Readers whose connection ended."""
    connect_s: float = 0.0
    waits_ms: dict[str, float] = field(default_factory=dict)


class Reader(asyncio.Protocol):
    def __init__(self, crowd: "Crowd", *, stalls: bool = False) -> None:
        self._crowd = crowd
        self._stalls = stalls
        self._unread = b""
        self._is_open = False
        self.transport: asyncio.Transport
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._crowd.request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self._unread += data
        if not self._is_open:
            head, end, rest = self._unread.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.joined.set_exception(AssertionError(head))
                return
            self._is_open, self._unread = True, rest
            self.send({"type": "join", "name": "One of many"})
        self._take(now)

    def send(self, word: dict[str, str]) -> None:
        payload = json.dumps(word).encode()
        size = len(payload)
        head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
        self.transport.write(head + _UNMASKED + payload)

    def connection_lost(self, _: Exception | None) -> None:
        if not self.joined.done():
            self.joined.set_exception(AssertionError("the connection ended before the welcome"))
        elif not self._crowd.is_over and not self._stalls:
            self._crowd.found.lost += 1

    def _take(self, now: int) -> None:
        data, at = self._unread, 0
        while len(data) - at >= 4:
            size, begin = data[at + 1], at + 2
            if size == 126:
                size, begin = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            if len(data) < begin + size:
                break
            self._hear(data[at : begin + size], now)
            at = begin + size
        self._unread = data[at:]

    def _hear(self, frame: bytes, now: int) -> None:
        crowd = self._crowd
        if frame[0] == 0x89:
            self.transport.write(b"\x8a\x80" + _UNMASKED)
        elif (found := _TEXT.search(frame)) is not None:
            crowd.found.heard += 1
            crowd.waits_ns.append(now - int(found[1]))
        elif b'"type":"welcome"' in frame:
            if self._stalls:
                self.transport.pause_reading()
            self.joined.set_result(None)
        elif b'"type":"said"' in frame:
            crowd.found.said += 1
        elif b'"type":"refused"' in frame:
            crowd.found.refused += 1


class Crowd:
    def __init__(self, plan: Plan) -> None:
        parts = urlsplit(plan.url)
        self.plan = plan
        self.found = Found()
        self.waits_ns: list[int] = []
        self.is_over = False
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._count = 0
        self._addresses = (plan.readers + plan.stalled) // PER_ADDRESS + 1
        self.request = (
            f"GET {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\nconnection: Upgrade\r\n"
            "upgrade: websocket\r\nsec-websocket-version: 13\r\n"
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()

    async def run(self) -> Found:
        plan, found = self.plan, self.found
        began = time.monotonic()
        await self._gather(plan.stalled, stalls=True)
        readers = await self._gather(plan.readers)
        found.connect_s = round(time.monotonic() - began, 2)
        found.joined = len(readers)
        await asyncio.gather(
            *(self._speak(reader, number) for number, reader in enumerate(readers[: plan.speakers]))
        )
        await self._settle()
        self.is_over = True
        found.wanted = found.said * len(readers)
        waits = sorted(self.waits_ns)
        for name, share in {"p50": 0.5, "p99": 0.99, "p999": 0.999, "max": 1.0}.items():
            found.waits_ms[name] = round(
                waits[min(int(len(waits) * share), len(waits) - 1)] / 1e6, 1
            )
        return found

    async def _gather(self, count: int, *, stalls: bool = False) -> list[Reader]:
        readers: list[Reader] = []
        while len(readers) < count:
            wave = [self._connect(stalls=stalls) for _ in range(min(WAVE, count - len(readers)))]
            readers += await asyncio.gather(*wave)
        return readers

    async def _connect(self, *, stalls: bool) -> Reader:
        loop = asyncio.get_running_loop()
        self._count += 1
        third, fourth = divmod(self._count % self._addresses, 250)
        connection = socket.socket()
        connection.setblocking(False)
        connection.bind((f"127.0.{third + 1}.{fourth + 1}", 0))
        await loop.sock_connect(connection, (self._host, self._port))
        _, reader = await loop.create_connection(
            lambda: Reader(self, stalls=stalls), sock=connection
        )
        await reader.joined
        return reader

    async def _speak(self, reader: Reader, number: int) -> None:
        """Now and then, each at a time of its own."""
        pause_s = 2.0
        await asyncio.sleep(pause_s * number / self.plan.speakers)
        for count in range(int(self.plan.seconds / pause_s)):
            text = f"{time.monotonic_ns()} {number}"
            reader.send({"type": "say", "key": f"{number}-{count}", "text": text})
            await asyncio.sleep(pause_s)

    async def _settle(self) -> None:
        """Until nothing more comes."""
        heard = -1
        while heard != self.found.heard:
            heard = self.found.heard
            await asyncio.sleep(1.0)


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    crowd = Crowd(Plan(**json.loads(sys.argv[1])))
    sys.stdout.write(json.dumps(asdict(uvloop.run(crowd.run()))))


if __name__ == "__main__":
    main()
