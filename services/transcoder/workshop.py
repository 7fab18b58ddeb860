"""Where this process's finite jobs have their folders: each its own, empty, gone after it.

A place is held by a lock that the kernel frees when the process dies; the next process that starts
clears it.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

MAX_PLACES = 256


class Workshop:
    def __init__(self, root: Path) -> None:
        """Blocking; once, at the start."""
        self.path, self._lock = _take(root)

    async def open(self) -> Path:
        return Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self.path))

    async def close(self, folder: Path) -> None:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def release(self) -> None:
        os.close(self._lock)


def _take(root: Path) -> tuple[Path, int]:
    """The first place that nobody holds; all of those are cleared."""
    taken: tuple[Path, int] | None = None
    for number in range(MAX_PLACES):
        place = root / str(number)
        if taken is not None and not place.exists():
            break
        place.mkdir(parents=True, exist_ok=True)
        lock = _lock(place)
        if lock is None:
            continue
        for left in place.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
        if taken is None:
            taken = place, lock
        else:
            os.close(lock)
    if taken is None:
        raise SystemExit(f"All {MAX_PLACES} folders below {root} are in use.")
    return taken


def _lock(place: Path) -> int | None:
    lock = os.open(place / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
