"""The spill file: where replay windows put what memory does not hold.

It is one file for all sessions of the process, made of slots, and has no name: whatever ends the
process, the kernel takes the space back. Nothing in it is needed after that, for a session ends
with its ingest.
"""

import os
import tempfile
from pathlib import Path

SLOT_BYTES = 256 * 1024


class SpillFile:
    """Stores byte strings in slots. `write` and `read` block; the rest does not."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        self._max_slots = max_bytes // SLOT_BYTES
        self._free: list[int] = []
        self._slots = 0

    @property
    def used_bytes(self) -> int:
        return (self._slots - len(self._free)) * SLOT_BYTES

    def reserve(self, size: int) -> list[int] | None:
        """Slots for `size` bytes; None when the file is full."""
        count = -(-size // SLOT_BYTES)
        fresh = max(0, count - len(self._free))
        if self._slots + fresh > self._max_slots:
            return None
        slots = [self._free.pop() for _ in range(count - fresh)]
        slots += range(self._slots, self._slots + fresh)
        self._slots += fresh
        return slots

    def release(self, slots: list[int]) -> None:
        self._free += slots

    def write(self, slots: list[int], data: bytes) -> None:
        """Put `data` into its slots. Raises `OSError` (disk full)."""
        view = memoryview(data)
        for index, slot in enumerate(slots):
            piece = view[index * SLOT_BYTES : (index + 1) * SLOT_BYTES]
            at = slot * SLOT_BYTES
            while piece:
                written = os.pwrite(self._file.fileno(), piece, at)
                piece, at = piece[written:], at + written

    def read(self, slots: list[int], size: int) -> bytes:
        """The `size` bytes that were put into `slots`."""
        pieces = [os.pread(self._file.fileno(), SLOT_BYTES, slot * SLOT_BYTES) for slot in slots]
        return b"".join(pieces)[:size]

    def close(self) -> None:
        self._file.close()
