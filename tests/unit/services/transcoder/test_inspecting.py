"""Uploads that are inspected, from pieces in a store: what means ill, and what does not."""

import asyncio
import collections
import contextlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libs.egress import Egress
from libs.events import InspectParams, UploadPiece, UploadPieces
from libs.storage import open_store
from services.transcoder.inspecting import Inspecting
from services.transcoder.logbook import Logbook
from services.transcoder.making import Tools
from services.transcoder.untrusted.errors import MediaExcessive, MediaRefused
from services.transcoder.untrusted.sandbox import LIMITS, read_media
from services.transcoder.workshop import Workshop
from tests.hostile_files import CORPUS, KINDS, Hostile, Traps
from tests.odd_files import ODD, Odd, make
from tests.touched import Canary, Sentinel

PIECE_BYTES = 40_000
ROOT = Path(__file__).parents[4]
KIB = 1 << 10
CPU_S = 1.0
"""Of the reader, its own start included."""


class Inspector:
    def __init__(self, folder: Path) -> None:
        self.store = open_store(f"file://{folder / 'store'}")
        self.workshop = Workshop(folder / "jobs")
        self.folder = folder
        self.lines: list[str] = []

    async def inspect(self, data: bytes) -> dict[str, Any]:
        """The result of the job, of a file in pieces."""
        pieces = []
        for offset in range(0, len(data), PIECE_BYTES):
            part = data[offset : offset + PIECE_BYTES]
            key = f"uploads/default/upload-1/{offset}"
            await self.store.put(key, part, content_type="application/octet-stream")
            pieces.append(UploadPiece(offset=offset, size_bytes=len(part), object_key=key))

        async def list_pieces(_: str, after: int | None) -> UploadPieces:
            left = [piece for piece in pieces if after is None or piece.offset > after]
            following = left[99].offset if len(left) > 100 else None
            return UploadPieces(pieces=tuple(left[:100]), next_after=following)

        async def nothing(*_: object) -> Any:
            raise AssertionError("an inspection reads no segments")

        tools = Tools(self.store, self.workshop, "/none", nothing, list_pieces, Egress(), nothing)
        said: list[Any] = []
        logbook = Logbook("inspect-1", 1, worker="worker-1", say=said.append)
        params = InspectParams(upload="upload-1")
        try:
            return await Inspecting(params, tools, logbook).run()
        finally:
            self.lines = list(logbook.lines)
            assert [path for path in self.workshop.path.iterdir() if path.is_dir()] == []


@pytest.fixture
def inspector(tmp_path: Path) -> Iterator[Inspector]:
    made = Inspector(tmp_path)
    yield made
    made.workshop.release()


@pytest.fixture
def traps(tmp_path: Path) -> Iterator[tuple[Traps, Sentinel, Canary]]:
    sentinel, canary = Sentinel(tmp_path / "sentinel"), Canary()
    yield Traps(sentinel.path, canary.port), sentinel, canary
    canary.close()
    sentinel.close()


def test_corpus_has_eight_of_each_kind() -> None:
    counts = collections.Counter(hostile.kind for hostile in CORPUS)
    assert set(counts) == set(KINDS)
    assert min(counts.values()) >= 8
    assert len({(hostile.kind, hostile.name) for hostile in CORPUS}) == len(CORPUS) >= 60


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda each: f"{each.kind}: {each.name}")
async def test_file_that_means_ill_is_refused(
    hostile: Hostile, inspector: Inspector, traps: tuple[Traps, Sentinel, Canary]
) -> None:
    """With its reason; nothing is touched, little is spent."""
    where, sentinel, canary = traps
    data = hostile.make(where)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(MediaRefused) as refusal:
        await inspector.inspect(data)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert refusal.value.code == hostile.code, str(refusal.value)
    assert str(refusal.value).endswith((".", ")."))
    assert (sentinel.uses(), canary.hits) == (0, 0)
    spent_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent_s < CPU_S, f"{spent_s:.2f} s of CPU"


def test_memory_of_readers_is_bounded(tmp_path: Path) -> None:
    """Measured by a process that has no other children."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-c", f"from {__name__} import measure; measure()", str(tmp_path)]
    run = subprocess.run(argv, env=environment, cwd=ROOT, capture_output=True, check=True)
    assert 10 * KIB < int(run.stdout) < 400 * KIB, f"{int(run.stdout)} KiB"


def measure() -> None:
    """Inspect all bombs, and say what the greatest reader had, in KiB."""
    inspector = Inspector(Path(sys.argv[1]))

    async def inspect_all() -> None:
        for hostile in CORPUS:
            if hostile.kind == "bomb":
                with contextlib.suppress(MediaRefused):
                    await inspector.inspect(hostile.make(Traps(inspector.folder, 9)))

    asyncio.run(inspect_all())
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}\n")


@pytest.mark.parametrize("odd", ODD, ids=lambda each: each.name)
async def test_odd_file_is_accepted(odd: Odd, inspector: Inspector, tmp_path: Path) -> None:
    found = await inspector.inspect(make(odd, tmp_path))
    assert tuple(track["codec"] for track in found["tracks"]) == odd.codecs


async def test_reader_can_open_no_file_and_no_socket(inspector: Inspector, tmp_path: Path) -> None:
    """That its sandbox holds, whatever FFmpeg would do: asked of the process itself."""
    code = (
        "import errno, os, socket, sys; from pathlib import Path;"
        "from services.transcoder.untrusted.lockdown import lock_down\n"
        "tried = [lambda: os.open('/etc/passwd', os.O_RDONLY), lambda: os.open('x', os.O_CREAT),"
        " lambda: socket.socket(), lambda: os.pipe(), lambda: os.dup(1)]\n"
        "lock_down(Path(sys.argv[1]))\n"
        "for number, attempt in enumerate(tried):\n"
        "    try: attempt()\n"
        "    except OSError: pass\n"
        "    else: os._exit(10 + number)\n"
        "os._exit(7)\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(tmp_path))
    assert await process.wait() == 7


async def test_reader_that_asks_for_too_much_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("services.transcoder.untrusted.sandbox.MAX_BYTES", 1 << 20)
    data = make(ODD[0], tmp_path) * 30

    async def read(offset: int, size: int) -> bytes:
        return data[offset : offset + size]

    folder = tmp_path / "empty"
    folder.mkdir()
    with pytest.raises(MediaExcessive, match="too much of it"):
        await read_media(read, len(data), "mpegts", folder=folder, add_line=lambda _: None)


async def test_reader_that_takes_too_long_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It waits for bytes that do not come; nothing of it is left."""
    monkeypatch.setattr("services.transcoder.untrusted.sandbox.WALL_S", 1.0)

    async def read(offset: int, size: int) -> bytes:
        await asyncio.Event().wait()
        return b""

    others = children()  # tests before this one may have some, too
    began = time.monotonic()
    with pytest.raises(MediaExcessive, match="more than 1 s"):
        await read_media(read, 1000, "mov", folder=tmp_path, add_line=lambda _: None)
    assert time.monotonic() - began < 20
    assert children() <= others, "the reader is gone"


def children() -> set[str]:
    """Processes that this one has started, and that are not over."""
    return set(Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split())


def test_reader_has_limits() -> None:
    assert LIMITS.address_space_bytes is not None
    assert (LIMITS.file_bytes, LIMITS.cpu_s) == (0, 20)
