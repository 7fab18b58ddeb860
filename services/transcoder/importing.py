"""The work of an import: a file that a user named by URL becomes an upload's pieces.

Each attempt begins anew, under a folder of its own: what stands at the address may have changed.
"""

import asyncio
from typing import Any

from libs.egress import EgressRefused, EgressUnresolved, FetchFailed, open_url
from libs.events import ImportParams, JobGrant
from services.transcoder.making import Tools, Trouble

PIECE_BYTES = 16 << 20
PIECE_TYPE = "application/octet-stream"
WALL_S = 6 * 3600.0
STALL_S = 30.0
"""A server that sends nothing for so long is gone."""


class Importing:
    def __init__(self, grant: JobGrant, params: ImportParams, tools: Tools) -> None:
        self.put: list[str] = []
        self._grant = grant
        self._params = params
        self._tools = tools
        self._wanted_bytes: int | None = None
        self._size_bytes = 0
        self._may_run = asyncio.Event()
        self._may_run.set()

    @property
    def progress(self) -> float:
        """As far as the server has said how much it is."""
        if not self._wanted_bytes:
            return 0.0
        return round(min(self._size_bytes / self._wanted_bytes, 0.99), 3)

    def pause(self) -> None:
        self._may_run.clear()

    def resume(self) -> None:
        self._may_run.set()

    async def run(self) -> dict[str, Any]:
        """Where the pieces are. Raises `Trouble`, and what the store does."""
        try:
            async with asyncio.timeout(WALL_S):
                content_type = await self._fetch()
        except TimeoutError:
            raise Trouble("too_slow", f"It was not all there after {WALL_S:.0f} s.") from None
        except EgressRefused as error:
            raise Trouble(error.code, str(error), "input") from None
        except (EgressUnresolved, FetchFailed) as error:
            raise Trouble(error.code, str(error)) from None
        if not self._size_bytes:
            raise Trouble("import_empty", "The server sent an empty file.", "input")
        return {
            "folder": self._grant.folder,
            "size_bytes": self._size_bytes,
            "piece_bytes": PIECE_BYTES,
            "content_type": content_type,
        }

    async def _fetch(self) -> str:
        held = bytearray()
        async with open_url(self._tools.egress, self._params.url, stall_s=STALL_S) as opened:
            self._wanted_bytes = opened.size_bytes
            self._check(opened.size_bytes or 0)
            async for chunk in opened.chunks():
                await self._may_run.wait()
                held += chunk
                self._check(self._size_bytes + len(held))
                while len(held) >= PIECE_BYTES:
                    await self._keep(bytes(held[:PIECE_BYTES]))
                    del held[:PIECE_BYTES]
        if held:
            await self._keep(bytes(held))
        return opened.content_type.partition(";")[0].strip().lower()[:128]

    async def _keep(self, data: bytes) -> None:
        key = f"{self._grant.folder}/{self._size_bytes:015d}"
        self.put.append(key)
        await self._tools.store.put(key, data, content_type=PIECE_TYPE)
        self._size_bytes += len(data)

    def _check(self, size_bytes: int) -> None:
        most = self._params.max_bytes
        if size_bytes > most:
            said = f"The file is larger than the {most} bytes that it may have."
            raise Trouble("upload_too_large", said, "input")
