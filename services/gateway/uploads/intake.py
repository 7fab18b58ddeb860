"""A request's body becomes pieces of an upload: put into the store, then appended in the catalog.

Nothing of an upload stays here. A piece that was put and not taken is deleted, unless nobody said
so: then it may have been, and it goes with the upload.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import NamedTuple

import structlog
from starlette.requests import ClientDisconnect

from libs.errors import WeirError
from libs.events import AppendUpload, Upload, UploadPiece
from libs.storage import ObjectStore
from services.gateway.api.house import Catalog
from services.gateway.errors import BodyUnreadable, UploadOverflows, UploadsBusy
from services.gateway.uploads.checksum import Checksum

PIECE_BYTES = 8 << 20
PIECE_TYPE = "application/octet-stream"
SILENT_S = 30.0
"""A sender that sends nothing for so long is gone."""
APPEND_AGAIN_S, APPEND_FOR_S = 0.5, 20.0

log = structlog.get_logger()


class Body(NamedTuple):
    chunks: AsyncIterator[bytes]
    checksum: Checksum | None = None


class Intake:
    def __init__(self, store: ObjectStore, catalog: Catalog, *, slots: int) -> None:
        self._store = store
        self._catalog = catalog
        self._free = slots

    async def take(self, upload: Upload, body: Body) -> Upload:
        """Append the body to the upload; how it stands then.

        What came before a body breaks off is kept, unless it has a checksum: then it is all or
        nothing. Raises `UploadsBusy`, `UploadOverflows`, `ChecksumMismatch`, `BodyUnreadable`, and
        what the store and the catalog raise.
        """
        if not self._free:
            raise UploadsBusy("This gateway reads as many uploads as it may; try again soon.")
        self._free -= 1
        try:
            return await _Taking(self._store, self._catalog, upload, body).run()
        finally:
            self._free += 1


class _Taking:
    def __init__(self, store: ObjectStore, catalog: Catalog, upload: Upload, body: Body) -> None:
        self._store = store
        self._catalog = catalog
        self._upload = upload
        self._body = body
        self._held = bytearray()
        self._end = upload.offset_bytes
        """Of what was put."""
        self._untaken: list[UploadPiece] = []
        """Put, and not appended yet."""

    async def run(self) -> Upload:
        try:
            await self._read()
            if self._body.checksum is not None:
                self._body.checksum.check()
            await self._put()
        except BodyUnreadable:
            if self._body.checksum is None:
                await self._put()
                await self._append()
            raise
        else:
            await self._append()
        finally:
            await self._clean()
        return self._upload

    async def _read(self) -> None:
        while chunk := await self._next():
            if self._end + len(self._held) + len(chunk) > self._upload.size_bytes:
                raise UploadOverflows(
                    f"More came than the {self._upload.size_bytes} bytes that were declared."
                )
            if self._body.checksum is not None:
                self._body.checksum.update(chunk)
            self._held += chunk
            if len(self._held) >= PIECE_BYTES:
                await self._put()
                if self._body.checksum is None:
                    await self._append()

    async def _next(self) -> bytes:
        """b"" at the end. Raises `BodyUnreadable`."""
        try:
            async with asyncio.timeout(SILENT_S):
                while (chunk := await anext(self._body.chunks, None)) is not None:
                    if chunk:
                        return chunk
        except (ClientDisconnect, TimeoutError):
            raise BodyUnreadable("The body broke off: ask where the upload ends.") from None
        return b""

    async def _put(self) -> None:
        if not self._held:
            return
        data, self._held = bytes(self._held), bytearray()
        key = f"{self._upload.folder}/{self._end:015d}-{secrets.token_hex(4)}"
        piece = UploadPiece(offset=self._end, size_bytes=len(data), object_key=key)
        self._untaken.append(piece)
        await self._store.put(key, data, content_type=PIECE_TYPE)
        self._end += len(data)

    async def _append(self) -> None:
        """Until the catalog has said yes or no: a question that got lost may be answered by now."""
        if not self._untaken:
            return
        ask = AppendUpload(
            tenant=self._upload.tenant, upload=self._upload.id, pieces=tuple(self._untaken)
        )
        loop = asyncio.get_running_loop()
        until_s = loop.time() + APPEND_FOR_S
        while True:
            try:
                self._upload = await self._catalog.ask(ask)
            except WeirError as error:
                if not error.retry:
                    raise
                if loop.time() > until_s:
                    self._untaken = []
                    raise
                await asyncio.sleep(APPEND_AGAIN_S)
            else:
                self._untaken = []
                return

    async def _clean(self) -> None:
        if self._untaken:
            keys = [piece.object_key for piece in self._untaken]
            try:
                await self._store.delete(keys)
            except WeirError as error:
                log.info("upload.piece_left", upload=self._upload.id, reason=str(error))
