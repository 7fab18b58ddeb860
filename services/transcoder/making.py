"""The work of an attempt: one child makes one file out of a range, which goes into the store."""

import asyncio
import hashlib
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from libs.egress import Egress
from libs.ending import end
from libs.events import ROOMS, JobFault, JobGrant, JobParams
from libs.storage import ObjectStore
from services.transcoder.child import Child
from services.transcoder.kinds import Output, plan
from services.transcoder.logbook import Logbook
from services.transcoder.material import ListRows, Material
from services.transcoder.pieces import ListPieces
from services.transcoder.workshop import Workshop

TICK_S = 1.0
STALL_S = 300.0
"""An encoder that writes nothing for so long, while it may run, hangs. (Bringing the index of a
large file to its front takes minutes, too.)"""
HASH_BYTES = 1 << 20


class Trouble(Exception):
    """How an attempt failed."""

    def __init__(self, code: str, reason: str, fault: JobFault = "job") -> None:
        super().__init__(reason)
        self.code = code
        self.fault: JobFault = fault


FindWatermark = Callable[[str], Awaitable[str]]
"""The secret of a session's forensic watermark, in hex."""


class Tools(NamedTuple):
    """What the work needs of the world."""

    store: ObjectStore
    workshop: Workshop
    binary: str
    list_rows: ListRows
    list_pieces: ListPieces
    egress: Egress
    find_watermark: FindWatermark
    preset: str = "veryfast"
    """x264's, of assets."""


class Making:
    def __init__(self, grant: JobGrant, params: JobParams, tools: Tools, logbook: Logbook) -> None:
        self.put: list[str] = []
        """Keys under which there may be something of this attempt."""
        self._grant = grant
        self._params = params
        self._tools = tools
        self._logbook = logbook
        self._child: Child | None = None
        self._is_paused = False
        self._span_s = 0.0

    @property
    def progress(self) -> float:
        if self._child is None or not self._span_s:
            return 0.0
        return round(min(self._child.done_s / self._span_s, 0.99), 3)

    def pause(self) -> None:
        self._is_paused = True
        if self._child is not None:
            self._child.pause()

    def resume(self) -> None:
        self._is_paused = False
        if self._child is not None:
            self._child.resume()

    async def run(self) -> dict[str, Any]:
        """The result. Raises `Trouble`, `WeirError`, `OSError`."""
        params, tools = self._params, self._tools
        material = await Material.gather(params, tools.list_rows)
        task = plan(params, material, ROOMS[self._grant.size], binary=tools.binary)
        self._span_s = material.span_s
        folder = await tools.workshop.open()
        try:
            child = self._child = await Child.start(
                task.build_argv,
                inputs=len(task.material.kinds),
                folder=folder,
                limits=task.limits,
                add_line=self._logbook.add,
            )
            try:
                if self._is_paused:
                    child.pause()
                await self._mind(child, task.material, task.wall_s)
            finally:
                await child.kill()
                self._child = None
            return await self._store(folder, task.output, material)
        finally:
            await tools.workshop.close(folder)

    async def _mind(self, child: Child, material: Material, wall_s: float) -> None:
        """Feed the child and wait for its end. Raises `Trouble`, and what the store raises."""
        feeding = [
            asyncio.create_task(inlet.pour(parts))
            for parts, inlet in zip(material.feeds(self._tools.store), child.inputs, strict=True)
        ]
        timing = asyncio.create_task(_time(child, wall_s))
        waiting = asyncio.create_task(child.wait())
        try:
            pending: set[asyncio.Task[Any]] = {waiting, timing, *feeding}
            while not waiting.done():
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {waiting}:
                    task.result()
            await asyncio.wait(feeding, timeout=TICK_S)
            # One that failed ended its pipe: the child may be quicker to end than we to see.
            read = [task.result() for task in feeding if task.done()]
        finally:
            await end(*feeding, timing, waiting)
        self._judge(waiting.result())
        frames = material.frames
        if read != [True] * len(feeding) or (frames and child.frames != frames):
            said = f"ffmpeg wrote {child.frames} of {frames} pictures: a segment cannot be read."
            raise Trouble("incomplete", said)

    def _judge(self, code: int) -> None:
        said = self._logbook.lines[-1] if self._logbook.lines else ""
        self._logbook.add(f"process ended with code {code}")
        if code == 0:
            return
        match -code:
            case signal.SIGKILL:
                raise Trouble("process_killed", "ffmpeg was killed from outside.", "worker")
            case signal.SIGXCPU:
                raise Trouble("too_slow", "ffmpeg used up the CPU time of the job.")
            case signal.SIGXFSZ:
                raise Trouble("result_too_large", "ffmpeg wrote more than the job may.")
        raise Trouble("ffmpeg_failed", f"ffmpeg ended with code {code}. {said}".strip())

    async def _store(self, folder: Path, output: Output, material: Material) -> dict[str, Any]:
        file = folder / output.name
        size_bytes, sha256 = await asyncio.to_thread(_measure, file)
        key = f"{self._grant.folder}/{output.name}"
        self.put.append(key)
        await self._tools.store.put_file(key, file, content_type=output.content_type)
        first, last = material.rows[0], material.rows[-1]
        return {
            "object_key": key,
            "content_type": output.content_type,
            "size_bytes": size_bytes,
            "sha256": sha256,
            "duration_s": round(material.span_s, 6),
            "starts_at": first.starts_at.isoformat(),
            "first_msn": first.msn,
            "last_msn": last.msn,
            "missing_segments": material.missing,
            **output.told,
        }


async def _time(child: Child, wall_s: float) -> None:
    """Raises `Trouble` when it has run for too long or hangs. Pauses do not count."""
    ran_s, last_s = 0.0, time.monotonic()
    news_s, done_s = 0.0, 0.0
    while True:
        await asyncio.sleep(TICK_S)
        now_s = time.monotonic()
        # What took much longer than asked for was no running either: we were stopped ourselves.
        if not child.is_paused:
            ran_s += min(now_s - last_s, 2 * TICK_S)
        last_s = now_s
        if child.done_s > done_s:
            news_s, done_s = ran_s, child.done_s
        if ran_s > wall_s:
            raise Trouble("too_slow", f"It was not done after {wall_s:.0f} s.")
        if ran_s - news_s > STALL_S:
            raise Trouble("stalled", f"ffmpeg has made nothing for {STALL_S:.0f} s.")


def _measure(file: Path) -> tuple[int, str]:
    digest, size_bytes = hashlib.sha256(), 0
    with file.open("rb") as opened:
        for chunk in _chunks(opened.read):
            digest.update(chunk)
            size_bytes += len(chunk)
    return size_bytes, digest.hexdigest()


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while chunk := read(HASH_BYTES):
        yield chunk
