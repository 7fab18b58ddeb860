"""The files of a spool: two for an entry, `<number>.data` and `<number>.json`.

The note (`.json`) is written last and makes the data count; it is removed first. So whatever a
crash leaves of an entry says whether it was accepted.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger()

_DRAFT = ".draft"
_BROKEN = ".broken"


@dataclass(frozen=True, slots=True)
class SpoolEntry:
    """One object on its way. `note` travels with it: JSON, for example the segment's row."""

    key: str
    content_type: str
    note: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpooledFile:
    """An entry as it lies in the folder; numbers grow in the order of acceptance."""

    number: int
    entry: SpoolEntry
    size_bytes: int


class SpoolFolder:
    """Blocking; `OSError` is the caller's to judge."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[SpooledFile]:
        """What earlier processes accepted, in order; halves of an entry are swept away."""
        self._path.mkdir(parents=True, exist_ok=True)
        for draft in self._path.glob(f"*{_DRAFT}"):
            draft.unlink()
        notes = self._numbers("json")
        for number in self._numbers("data") - notes:
            self._file(number, "data").unlink()
        return [spooled for number in sorted(notes) for spooled in self._load(number)]

    def write(self, number: int, entry: SpoolEntry, data: bytes) -> None:
        """On disk when it returns; leaves nothing behind when it raises."""
        note = json.dumps(asdict(entry)).encode()
        try:
            self._write_file(self._file(number, "data"), data)
            self._write_file(self._file(number, "json"), note)
            self._sync()
        except OSError:
            # A full disk needs this room back.
            self.remove(number)
            raise

    def read(self, number: int) -> bytes:
        return self._file(number, "data").read_bytes()

    def remove(self, number: int) -> None:
        self._file(number, "json").unlink(missing_ok=True)
        self._file(number, "data").unlink(missing_ok=True)

    def _load(self, number: int) -> Iterator[SpooledFile]:
        note, data = self._file(number, "json"), self._file(number, "data")
        if not data.exists():
            note.unlink()
            return
        try:
            entry = SpoolEntry(**json.loads(note.read_bytes()))
        except (ValueError, TypeError):
            # Kept for a person to look at; the other entries must not wait for that.
            log.exception("spool.note_broken", number=number)
            note.rename(f"{note}{_BROKEN}")
            data.rename(f"{data}{_BROKEN}")
            return
        yield SpooledFile(number, entry, data.stat().st_size)

    def _numbers(self, suffix: str) -> set[int]:
        return {int(path.stem) for path in self._path.glob(f"*.{suffix}") if path.stem.isdecimal()}

    def _write_file(self, path: Path, data: bytes) -> None:
        draft = path.with_suffix(path.suffix + _DRAFT)
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)

    def _sync(self) -> None:
        """Make the renames durable (POSIX leaves it to an fsync of the folder)."""
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _file(self, number: int, suffix: str) -> Path:
        return self._path / f"{number:010d}.{suffix}"
