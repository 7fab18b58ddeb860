"""The data directory: made if need be, and held by one Weir at a time."""

import fcntl
import os
from pathlib import Path
from typing import Self, TextIO

from libs.launcher.errors import DataDirBusy, DataDirUnusable


def kept_below(data_dir: Path) -> dict[str, str]:
    """Where a Weir keeps its rows and objects unless it is told otherwise, as settings."""
    return {
        "WEIR_DATABASE_URL": f"sqlite+aiosqlite:///{data_dir / 'catalog.sqlite'}",
        "WEIR_STORE_URL": f"file://{data_dir / 'store'}",
    }


class DataDirLock:
    """Held until `release`, or until the process ends in whatever way."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    @classmethod
    def take(cls, data_dir: Path) -> Self:
        """Raises `DataDirUnusable` and `DataDirBusy`."""
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            file = (data_dir / "lock").open("a+")
        except OSError as error:
            raise DataDirUnusable(
                f"The data directory {data_dir} cannot be written ({error.strerror}). "
                "Choose another with --data-dir or WEIR_DATA_DIR."
            ) from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise DataDirBusy(
                f"Weir runs already in {data_dir} (process {holder}). Stop it first, or start "
                "this one with --data-dir and ports of its own."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        return cls(file)

    def release(self) -> None:
        self._file.close()
