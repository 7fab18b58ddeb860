"""An object store that takes its time, and counts what it is asked.

Usage: `slow_store.py PORT GET_DELAY_MS PUT_DELAY_MS`. Just enough of S3 over HTTP for the SDK: PUT,
GET and HEAD of objects. `GET /gets/<key>` says how often an object was read, `GET /puts` when each
was stored, in Unix seconds, and after `GET /die/<seconds>` there is no store for so long. Whoever
may reach it may do everything.
"""

import asyncio
import hashlib
import sys
import time

_OK = b"HTTP/1.1 200 OK\r\n"
_MISSING = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


class SlowStore:
    def __init__(self, get_delay_s: float, put_delay_s: float) -> None:
        self._get_delay_s = get_delay_s
        self._put_delay_s = put_delay_s
        self._objects: dict[str, bytes] = {}
        self._gets: dict[str, int] = {}
        self._puts: dict[str, float] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self._dead_s = 0.0
        self._dies = asyncio.Event()

    async def run(self, port: int) -> None:
        """Serve, but while it is dead."""
        while True:
            server = await asyncio.start_server(self.serve, "127.0.0.1", port, limit=1024 * 1024)
            await self._dies.wait()
            self._dies.clear()
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(self._dead_s)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request by request."""
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                method, target, _ = head.split(" ", 2)
                size = _length_of(head)
                body = await reader.readexactly(size) if size else b""
                writer.write(await self._answer(method, target.partition("?")[0], body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
        finally:
            self._writers.discard(writer)

    async def _answer(self, method: str, path: str, body: bytes) -> bytes:
        if path.startswith(("/gets/", "/puts", "/die/")):
            return _ok(self._tell(path).encode())
        if method == "PUT":
            await asyncio.sleep(self._put_delay_s)
            self._objects[path] = body
            self._puts.setdefault(path, time.time())
            return _ok(b"", body)
        if path.count("/") == 1:
            return _ok(b"")  # the bucket
        found = self._objects.get(path)
        if found is None:
            return _MISSING
        if method == "HEAD":
            return _ok(found)[: -len(found)]
        self._gets[path] = self._gets.get(path, 0) + 1
        await asyncio.sleep(self._get_delay_s)
        return _ok(found)

    def _tell(self, path: str) -> str:
        """What only the bench asks for."""
        if path.startswith("/gets/"):
            return str(self._gets.get(path.removeprefix("/gets"), 0))
        if path == "/puts":
            return "".join(f"{key} {at}\n" for key, at in self._puts.items())
        self._dead_s = float(path.removeprefix("/die/"))
        self._dies.set()
        return ""


def _ok(body: bytes, tagged: bytes | None = None) -> bytes:
    tag = hashlib.md5(body if tagged is None else tagged, usedforsecurity=False).hexdigest()
    return (
        b'%bcontent-length: %d\r\netag: "%b"\r\n'
        b"content-type: application/octet-stream\r\n"
        b"last-modified: Sat, 01 Jan 2000 00:00:00 GMT\r\n\r\n%b"
        % (_OK, len(body), tag.encode(), body)
    )


def _length_of(head: str) -> int:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


if __name__ == "__main__":
    delays_s = [int(delay) / 1000 for delay in sys.argv[2:]]
    asyncio.run(SlowStore(*delays_s).run(int(sys.argv[1])))
