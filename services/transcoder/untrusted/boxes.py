"""A look at an MP4's boxes before FFmpeg has one: it names no other file, and its index is not
too large (ISO/IEC 14496-12, sections 4.2 and 8.7.2).
"""

import struct
from collections.abc import Awaitable, Callable, Iterator

from services.transcoder.untrusted.errors import MediaBroken, MediaDisguised, MediaExcessive

MAX_INDEX_BYTES = 64 << 20
"""Of `moov`: that of a day at 60 frames a second is smaller."""
MAX_BOXES = 1000
"""In front of `moov`, and of one kind within it."""
MAX_ENTRIES = 64
_HEADER, _LARGE_HEADER = 8, 16
_TO_REFERENCES = (b"trak", b"mdia", b"minf", b"dinf")
_SELF_CONTAINED = 1

Read = Callable[[int, int], Awaitable[bytes]]
"""So many bytes of the file from an offset, or fewer at its end."""


async def check_boxes(read: Read, size_bytes: int) -> None:
    """Raises `MediaBroken`, `MediaDisguised`, `MediaExcessive`."""
    offset = 0
    for _ in range(MAX_BOXES):
        head = await read(offset, _LARGE_HEADER)
        if len(head) < _HEADER:
            break
        kind, header, size = _box(head, size_bytes - offset)
        if kind == b"moov":
            if size > MAX_INDEX_BYTES:
                raise MediaExcessive(f"Its index says that it is {size} bytes long.")
            if offset + size > size_bytes:
                raise MediaBroken("It ends within its index: it was not uploaded whole.")
            _check_references(await read(offset + header, size - header))
            return
        offset += size
    raise MediaBroken("It has no index (moov): whoever recorded it did not finish it.")


def _check_references(moov: bytes) -> None:
    for track in _within(moov, 0, len(moov), _TO_REFERENCES):
        for kind, begin, end in _boxes(moov, *track):
            if kind == b"dref":
                _check_entries(moov, begin, end)


def _check_entries(data: bytes, begin: int, end: int) -> None:
    if end - begin < _HEADER:
        raise MediaBroken("An index of its parts cannot be read.")
    (count,) = struct.unpack_from(">I", data, begin + 4)
    entries = list(_boxes(data, begin + _HEADER, end))
    if count != len(entries) or count > MAX_ENTRIES:
        raise MediaBroken("An index of its parts cannot be read.")
    for _, at, entry_end in entries:
        flags = int.from_bytes(data[at + 1 : min(at + 4, entry_end)], "big")
        if not flags & _SELF_CONTAINED:
            raise MediaDisguised("A track of it lies in another file. Make one file of them.")


def _within(
    data: bytes, begin: int, end: int, path: tuple[bytes, ...]
) -> Iterator[tuple[int, int]]:
    """Where the boxes at the end of `path` have their content."""
    for kind, at, until in _boxes(data, begin, end):
        if kind == path[0]:
            if len(path) == 1:
                yield at, until
            else:
                yield from _within(data, at, until, path[1:])


def _boxes(data: bytes, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, and where the content begins and ends. Raises `MediaBroken`, `MediaExcessive`."""
    count = 0
    while end - begin >= _HEADER:
        kind, header, size = _box(data[begin : begin + _LARGE_HEADER], end - begin)
        if size > end - begin:
            raise MediaBroken("A box of its index is larger than what holds it.")
        yield kind, begin + header, begin + size
        begin += size
        count += 1
        if count > MAX_BOXES:
            raise MediaExcessive("Its index has too many parts.")


def _box(head: bytes, left: int) -> tuple[bytes, int, int]:
    """Kind, size of the header, and size of all."""
    size, kind = struct.unpack_from(">I4s", head)
    header = _HEADER
    if size == 1 and len(head) >= _LARGE_HEADER:
        (size,) = struct.unpack_from(">Q", head, _HEADER)
        header = _LARGE_HEADER
    elif size == 0:
        size = left  # to the end of what holds it
    if size < header:
        raise MediaBroken("A box of it is smaller than its own header.")
    return kind, header, size
