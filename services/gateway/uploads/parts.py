"""Direct uploads: a client puts the parts of one object into S3 itself, by presigned URLs."""

import math
from collections.abc import Sequence

from pydantic import BaseModel

from libs.events import AppendUpload, NoteMultipart, Upload, UploadPiece
from libs.storage import DirectStore, ObjectMissing, ObjectStore, StoredPart, direct
from services.gateway.api.house import Catalog
from services.gateway.errors import DirectImpossible, PartsWrong
from services.gateway.uploads.intake import PIECE_TYPE

PART_BYTES = 64 << 20
MAX_PARTS = 10_000
"""What S3 takes of one upload."""
URL_EXPIRES_S = 3600.0
URLS_AT_ONCE = 1000
_MIB = 1 << 20


class PartToPut(BaseModel):
    number: int
    """From 1."""
    offset: int
    """Of its first byte in the file."""
    size_bytes: int
    url: str
    """Where to PUT just these bytes."""


class PartsToPut(BaseModel):
    """What is still to be put; none: complete it."""

    part_bytes: int
    parts: tuple[PartToPut, ...]
    """At most 1,000 of them: ask again for the rest, or when a URL has expired."""
    urls_expire_s: float = URL_EXPIRES_S


class DirectUploads:
    def __init__(self, store: ObjectStore, catalog: Catalog) -> None:
        self._store = store
        self._direct = direct(store)
        self._catalog = catalog

    def check(self) -> DirectStore:
        """Raises `DirectImpossible`."""
        if self._direct is None:
            raise DirectImpossible(
                "Clients cannot put files into this store themselves: it is a directory, or "
                "WEIR_STORE_PUBLIC_URL does not say where they reach it. Upload with tus."
            )
        return self._direct

    async def begin(self, upload: Upload) -> Upload:
        key = whole_key(upload.folder)
        multipart = await self.check().begin_parts(key, content_type=PIECE_TYPE)
        ask = NoteMultipart(tenant=upload.tenant, upload=upload.id, multipart=multipart)
        return await self._catalog.ask(ask)

    async def missing(self, upload: Upload) -> PartsToPut:
        """Raises `PartsWrong`, and what the store raises."""
        store, multipart = self.check(), self._multipart(upload)
        key, part_bytes = whole_key(upload.folder), part_size(upload.size_bytes)
        try:
            there = await store.list_parts(key, multipart)
        except ObjectMissing:
            raise PartsWrong("The store knows nothing of this upload any more.") from None
        sizes = {part.number: part.size_bytes for part in there}
        wanted = [
            (number, offset, size)
            for number, offset, size in parts_of(upload.size_bytes)
            if sizes.get(number) != size
        ]
        parts = [
            PartToPut(
                number=number,
                offset=offset,
                size_bytes=size,
                url=store.part_url(key, multipart, number, expires_s=URL_EXPIRES_S),
            )
            for number, offset, size in wanted[:URLS_AT_ONCE]
        ]
        return PartsToPut(part_bytes=part_bytes, parts=tuple(parts))

    async def complete(self, upload: Upload) -> Upload:
        """Raises `PartsWrong`, and what the store and the catalog raise."""
        key = whole_key(upload.folder)
        if upload.state == "open":
            await self._put_together(upload, key)
        piece = UploadPiece(offset=0, size_bytes=upload.size_bytes, object_key=key)
        ask = AppendUpload(tenant=upload.tenant, upload=upload.id, pieces=(piece,))
        return await self._catalog.ask(ask)

    async def _put_together(self, upload: Upload, key: str) -> None:
        store, multipart = self.check(), self._multipart(upload)
        try:
            parts = await store.list_parts(key, multipart)
            _check(parts, upload.size_bytes)
            await store.complete_parts(key, multipart, parts)
        except ObjectMissing:
            # Somebody may have completed it before, and died before saying so.
            try:
                stat = await self._store.stat(key)
            except ObjectMissing:
                raise PartsWrong("The store knows nothing of this upload any more.") from None
            if stat.size_bytes != upload.size_bytes:
                raise PartsWrong(f"The store has {stat.size_bytes} bytes of it.") from None

    def _multipart(self, upload: Upload) -> str:
        if upload.multipart is None:
            raise PartsWrong(f"Upload {upload.id} is no direct one, or was never begun.")
        return upload.multipart


def whole_key(folder: str) -> str:
    return f"{folder}/whole"


def part_size(size_bytes: int) -> int:
    """Equal parts of whole MiB, no more of them than S3 takes."""
    return max(PART_BYTES, math.ceil(size_bytes / MAX_PARTS / _MIB) * _MIB)


def parts_of(size_bytes: int) -> list[tuple[int, int, int]]:
    """Number, offset and size of each."""
    each = part_size(size_bytes)
    offsets = range(0, size_bytes, each)
    return [(n, offset, min(each, size_bytes - offset)) for n, offset in enumerate(offsets, 1)]


def _check(parts: Sequence[StoredPart], size_bytes: int) -> None:
    """Raises `PartsWrong` unless they are all of the file, and each as large as it was to be."""
    wanted = {number: size for number, _, size in parts_of(size_bytes)}
    there = {part.number: part.size_bytes for part in parts}
    if there != wanted:
        wrong = sorted(n for n in wanted | there if wanted.get(n) != there.get(n))
        raise PartsWrong(f"Part {wrong[0]} is missing or not as large as it should be.")
