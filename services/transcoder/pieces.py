"""An upload as one file: its pieces are read as if they were end to end."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from libs.events import UploadPiece, UploadPieces
from libs.storage import ObjectStore

BLOCK_BYTES = 1 << 20
BLOCKS = 24
"""Kept: a demuxer goes to and fro between the index and what it indexes."""

ListPieces = Callable[[str, int | None], Awaitable[UploadPieces]]
"""The pieces of an upload behind an offset (None: from the first), a page of them."""


class PieceFile:
    def __init__(self, pieces: Sequence[UploadPiece], store: ObjectStore) -> None:
        self._pieces = pieces
        self._offsets = [piece.offset for piece in pieces]
        self._store = store
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self.size_bytes = pieces[-1].offset + pieces[-1].size_bytes if pieces else 0

    @classmethod
    async def open(cls, upload: str, list_pieces: ListPieces, store: ObjectStore) -> "PieceFile":
        """Raises what the catalog answers."""
        pieces: list[UploadPiece] = []
        after: int | None = None
        while True:
            page = await list_pieces(upload, after)
            pieces += page.pieces
            after = page.next_after
            if after is None:
                return cls(pieces, store)

    async def read(self, offset: int, size: int) -> bytes:
        """So many bytes from `offset`, or fewer at the end. Raises what the store does."""
        end = min(offset + size, self.size_bytes)
        found = bytearray()
        while offset < end:
            block = offset // BLOCK_BYTES
            begin = offset - block * BLOCK_BYTES
            data = (await self._block(block))[begin : begin + end - offset]
            if not data:
                break
            found += data
            offset += len(data)
        return bytes(found)

    async def _block(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        begin = number * BLOCK_BYTES
        data = await self._fetch(begin, min(begin + BLOCK_BYTES, self.size_bytes))
        self._blocks[number] = data
        if len(self._blocks) > BLOCKS:
            self._blocks.popitem(last=False)
        return data

    async def _fetch(self, begin: int, end: int) -> bytes:
        data = bytearray()
        while begin < end:
            piece = self._pieces[bisect_right(self._offsets, begin) - 1]
            within = begin - piece.offset
            size = min(piece.size_bytes - within, end - begin)
            found = await self._store.get(piece.object_key, offset=within, size=size)
            if not found:
                break
            data += found
            begin += len(found)
        return bytes(data)
