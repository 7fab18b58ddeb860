"""A disk that is soon full."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.required import lacking

SIZE_BYTES = 2 << 20


class SmallDisk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Somebody else writes until nothing more fits; again, what has become free since."""
        with self._filler.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                return

    def free(self) -> None:
        self._filler.unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Of `SIZE_BYTES`, in memory. Only root may mount it."""
    if os.geteuid() != 0:
        lacking("The right to mount a small disk", "Run the tests as root.")
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder, size_bytes=SIZE_BYTES):
        yield SmallDisk(folder)


@contextmanager
def mounted(folder: Path, *, size_bytes: int) -> Iterator[None]:
    """A file system of its own, in memory."""
    size = f"size={size_bytes}"
    mount = ["mount", "-t", "tmpfs", "-o", size, "weir-test", str(folder)]
    told = subprocess.run(mount, capture_output=True, text=True, check=False)
    if told.returncode:
        lacking("A small disk", f"This machine does not mount one: {told.stderr.strip()}.")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
