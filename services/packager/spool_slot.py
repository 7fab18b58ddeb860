"""Which spool folder a process works in: the first one that no other living process holds.

A restarted process finds what its predecessor left, whatever its name; two processes that share a
data directory never share a spool.
"""

import fcntl
import os
from pathlib import Path

MAX_SLOTS = 64


class SpoolSlot:
    """Holds a folder by a lock that the kernel frees when the process dies."""

    def __init__(self, folder: Path, descriptor: int) -> None:
        self.folder = folder
        self._descriptor = descriptor

    @classmethod
    def take(cls, root: Path) -> "SpoolSlot":
        for number in range(MAX_SLOTS):
            folder = root / str(number)
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            return cls(folder, descriptor)
        raise SystemExit(f"All {MAX_SLOTS} spool folders below {root} are in use.")

    def release(self) -> None:
        os.close(self._descriptor)
