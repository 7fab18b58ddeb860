"""An object store that takes its time, and counts what it is asked: `slow_store.py PORT DELAY_MS`.

Just enough of S3 over HTTP for the SDK: PUT, GET and HEAD of objects; `GET /gets/<key>` says how
often an object was read. Whoever may reach it may do everything.
"""

import asyncio
import hashlib
import sys

_OK = b"HTTP/1.1 200 OK\r\n"
_MISSING = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


class SlowStore:
    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._objects: dict[str, bytes] = {}
        self._gets: dict[str, int] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request by request."""
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

    async def _answer(self, method: str, path: str, body: bytes) -> bytes:
        if path.startswith("/gets/"):
            return _ok(str(self._gets.get(path.removeprefix("/gets"), 0)).encode())
        if method == "PUT":
            self._objects[path] = body
            return _ok(b"", body)
        if path.count("/") == 1:
            return _ok(b"")  # the bucket
        found = self._objects.get(path)
        if found is None:
            return _MISSING
        if method == "HEAD":
            return _ok(found)[: -len(found)]
        self._gets[path] = self._gets.get(path, 0) + 1
        await asyncio.sleep(self._delay_s)
        return _ok(found)


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


async def main(port: int, delay_s: float) -> None:
    server = await asyncio.start_server(
        SlowStore(delay_s).serve, "127.0.0.1", port, limit=1024 * 1024
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) / 1000))
