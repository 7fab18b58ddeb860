"""`weir backup` and `weir restore`: the catalog's rows, and every object that they name.

A backup is a store of its own, which holds many moments of one Weir:

    moments/<when>/catalog.jsonl.gz    the rows, see `services.catalog.dump`
    moments/<when>/credentials.json    where this machine keeps them; they are secrets
    objects/<key>                      never change, so that a later backup adds what is new

Objects of rows that lie cold are restored into the cold store, where there is one.

Rows are read first: what they name is kept for a minute longer even where retention lets it go.
"""

import asyncio
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from libs.errors import Conflict, NotFound
from libs.launcher import credentials
from libs.segment_keys import folder, init_key
from libs.storage import ObjectMissing, ObjectStore, TieredStore

COPIES_AT_ONCE = 16
PIECE_BYTES = 16 * 1024 * 1024
"""A larger object is copied by way of a file."""
CATALOG = "catalog.jsonl.gz"
_TYPES = {".mp4": "video/mp4", ".m4s": "video/mp4", ".jpg": "image/jpeg", ".vtt": "text/vtt"}
MARKS = "tiers"
"""The table that says until when a stream's rows lie cold."""
SIGNED_IN = "console_sessions"
"""The table of who was signed in; they may have been signed out since."""
_UPLOADS = "images/"
"""Pictures for marks, which their marks name by hash."""


class BackupMissing(NotFound):
    code = "backup_missing"


class CredentialsDiffer(Conflict):
    code = "credentials_differ"


class CatalogRefused(Conflict):
    """The catalog's part failed, and has said why."""

    code = "catalog_refused"


@dataclass
class Copied:
    """What a backup, or a restore, came to."""

    moment: str
    rows: int = 0
    objects: int = 0
    """All that the rows name."""
    new: int = 0
    """Those that were not there yet."""
    new_bytes: int = 0
    missing: list[str] = field(default_factory=list)
    """Named by a row, and not there to be copied."""


class _Object(NamedTuple):
    key: str
    is_cold: bool = False


class Backup:
    """`place` holds backups, `store` the objects; `environment` tells the catalog's database."""

    def __init__(
        self,
        place: ObjectStore,
        store: ObjectStore,
        *,
        data_dir: Path,
        environment: Mapping[str, str],
        on_progress: Callable[[Copied], None] = lambda _: None,
    ) -> None:
        self._place = place
        self._store = store
        self._data_dir = data_dir
        self._environment = environment
        self._on_progress = on_progress

    async def make(self) -> Copied:
        """Add this moment."""
        done = Copied(datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"))
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / CATALOG
            await self._catalog("dump", rows)
            uploads = [found.key async for found in self._store.list(_UPLOADS)]
            await self._copy_all(rows, uploads, done, is_back=False)
            secrets = self._data_dir / credentials.NAME
            if secrets.exists():
                key = f"moments/{done.moment}/{credentials.NAME}"
                await self._place.put_file(key, secrets, content_type="application/json")
            # Comes last: a moment that has it is whole.
            key = f"moments/{done.moment}/{CATALOG}"
            await self._place.put_file(key, rows, content_type="application/gzip")
        return done

    async def restore(self, moment: str | None) -> Copied:
        """Bring back a moment, or the newest, into an empty database.

        Raises `BackupMissing`, `CredentialsDiffer` and `CatalogRefused`.
        """
        done = Copied(await self._found(moment))
        secrets = await self._credentials_of(done.moment)
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / CATALOG
            rows.write_bytes(await self._place.get(f"moments/{done.moment}/{CATALOG}"))
            # Without a cold store all lies hot, and no mark may say otherwise.
            without = () if isinstance(self._store, TieredStore) else (MARKS,)
            await self._catalog("load", rows, SIGNED_IN, *without)
            if secrets is not None:
                self._keep_credentials(secrets)
            prefix = f"objects/{_UPLOADS}"
            uploads = [
                found.key.removeprefix("objects/") async for found in self._place.list(prefix)
            ]
            await self._copy_all(rows, uploads, done, is_back=True)
        return done

    async def moments(self) -> list[str]:
        """Of all whole backups, the oldest first."""
        return [
            found.key.split("/")[1]
            async for found in self._place.list("moments/")
            if found.key.endswith(f"/{CATALOG}")
        ]

    async def _found(self, moment: str | None) -> str:
        known = await self.moments()
        if not known:
            raise BackupMissing("There is no backup in that place.")
        if moment is not None and moment not in known:
            raise BackupMissing(f"There is no backup of {moment}; there are {', '.join(known)}.")
        return moment or known[-1]

    async def _credentials_of(self, moment: str) -> bytes | None:
        """Without them, push URLs and API keys would change. None: there is nothing to keep."""
        try:
            kept = await self._place.get(f"moments/{moment}/{credentials.NAME}")
        except ObjectMissing:
            return None
        path = self._data_dir / credentials.NAME
        if path.exists():
            if json.loads(path.read_bytes()) != json.loads(kept):
                raise CredentialsDiffer(
                    f"{path} has other secrets than the backup. Restore into a new --data-dir, or "
                    "move that file away first."
                )
            return None
        return kept

    def _keep_credentials(self, kept: bytes) -> None:
        path = self._data_dir / credentials.NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(kept)

    async def _catalog(self, verb: str, rows: Path, *more: str) -> None:
        # A service's module is run, not imported: the libs never import a service.
        argv = [sys.executable, "-m", f"services.catalog.{verb}", str(rows), *more]
        environment = os.environ | dict(self._environment)
        run = await asyncio.to_thread(
            subprocess.run, argv, env=environment, capture_output=True, text=True, check=False
        )
        if run.returncode:
            said = run.stderr.strip().rpartition("\n")[2]
            raise CatalogRefused(said.partition(": ")[2] or said)

    async def _copy_all(
        self, rows: Path, uploads: list[str], done: Copied, *, is_back: bool
    ) -> None:
        with gzip.open(rows, "rt", encoding="utf-8") as lines:
            marks = _marks(lines)
        with gzip.open(rows, "rt", encoding="utf-8") as lines:
            named = _named(lines, uploads, marks, done)
            while found := list(islice(named, COPIES_AT_ONCE)):
                await asyncio.gather(*(self._copy(each, done, is_back=is_back) for each in found))
                self._on_progress(done)

    async def _copy(self, each: _Object, done: Copied, *, is_back: bool) -> None:
        key, kept = each.key, f"objects/{each.key}"
        own = self._store
        if is_back and each.is_cold and isinstance(own, TieredStore):
            own = own.cold
        source, source_key = (self._place, kept) if is_back else (own, key)
        target, target_key = (own, key) if is_back else (self._place, kept)
        done.objects += 1
        try:
            size = (await source.stat(source_key)).size_bytes
            if await _size_of(target, target_key) == size:
                return
            await _copy(source, source_key, target, target_key, size)
        except ObjectMissing:
            done.missing.append(key)
            return
        done.new += 1
        done.new_bytes += size


def _marks(lines: Iterable[str]) -> dict[tuple[str, str], datetime]:
    """Until when each stream's rows lie cold, by tenant and stream."""
    beginning = json.dumps({"table": MARKS})[:-1]
    rows = [json.loads(line)["row"] for line in lines if line.startswith(beginning)]
    return {
        (row["tenant_id"], row["stream_id"]): datetime.fromisoformat(row["cold_until_at"])
        for row in rows
    }


def _named(
    lines: Iterator[str],
    uploads: Iterable[str],
    marks: Mapping[tuple[str, str], datetime],
    done: Copied,
) -> Iterator[_Object]:
    """The objects that rows name, each once if its rows stand together; counts the rows."""
    yield from map(_Object, uploads)
    inits: set[str] = set()
    last = ""
    next(lines)
    for line in lines:
        done.rows += 1
        said = json.loads(line)
        row = said["row"]
        is_cold = False
        if said["table"] == "segments":
            for track in row["tracks"]:
                its = (row["tenant_id"], row["stream_id"], row["session_id"], row["rendition"])
                init = init_key(folder(*its), track["config_id"])
                if init not in inits:
                    inits.add(init)
                    yield _Object(init)
            mark = marks.get((row["tenant_id"], row["stream_id"]))
            is_cold = mark is not None and datetime.fromisoformat(row["starts_at"]) < mark
        for key in _keys(said["table"], row):
            if key != last:
                last = key
                yield _Object(key, is_cold)


def _keys(table: str, row: Mapping[str, Any]) -> Iterator[str]:
    """What a row names, but not what is only waiting to be deleted."""
    if table != "discards" and row.get("object_key"):
        yield row["object_key"]
    if table == "jobs" and row["result"] and row["result"].get("object_key"):
        yield row["result"]["object_key"]


async def _size_of(store: ObjectStore, key: str) -> int | None:
    try:
        return (await store.stat(key)).size_bytes
    except ObjectMissing:
        return None


async def _copy(
    source: ObjectStore, source_key: str, target: ObjectStore, target_key: str, size: int
) -> None:
    kind = _TYPES.get(Path(target_key).suffix, "application/octet-stream")
    if size <= PIECE_BYTES:
        await target.put(target_key, await source.get(source_key), content_type=kind)
        return
    with tempfile.NamedTemporaryFile() as file:
        async for piece in _pieces(source, source_key, size):
            await asyncio.to_thread(file.write, piece)
        file.flush()
        await target.put_file(target_key, Path(file.name), content_type=kind)


async def _pieces(store: ObjectStore, key: str, size: int) -> AsyncIterator[bytes]:
    for offset in range(0, size, PIECE_BYTES):
        yield await store.get(key, offset=offset, size=PIECE_BYTES)
