"""One attempt at a finite job in this process, from its grant to what is said of it.

What it makes goes under a folder of the store that is its own, and counts once the catalog has
taken its result. Whatever ends it before, it leaves nothing: here, and in the store.
"""

import asyncio
import contextlib
import enum
import hashlib
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from libs.bus import BusUnavailable, Lease, within
from libs.errors import Invalid, WeirError
from libs.events import (
    ROOMS,
    JobCompleted,
    JobDetail,
    JobFailed,
    JobFault,
    JobGrant,
    JobProgressed,
    Message,
)
from libs.storage import ObjectMissing, ObjectStore
from services.transcoder import metrics
from services.transcoder.child import Child
from services.transcoder.job_argv import OUTPUT
from services.transcoder.kinds import plan
from services.transcoder.logbook import Logbook
from services.transcoder.material import ListRows, Material
from services.transcoder.workshop import Workshop

log = structlog.get_logger()

CONTENT_TYPE = "video/mp4"
PROGRESS_S = 1.0
ASK_AGAIN_S = 10.0
"""That it is cancelled is heard at once; this is for news that was missed."""
STALL_S = 60.0
"""An encoder that writes nothing for so long, while it may run, hangs."""
PAUSED_S = 60.0
"""After so long without room another worker may have it."""
SETTLE_S, SETTLE_TICK_S = 30.0, 0.25
TELL_AGAIN_S = 0.5
HASH_BYTES = 1 << 20


class Stop(enum.Enum):
    """Why it is to end before its time."""

    CANCELLED = "cancelled"
    FENCED = "fenced"
    """The catalog has given it up, and may have begun another."""
    DRAINED = "drained"
    NO_ROOM = "no_room"


class Trouble(Exception):
    """How an attempt failed."""

    def __init__(self, code: str, reason: str, fault: JobFault = "job") -> None:
        super().__init__(reason)
        self.code = code
        self.fault: JobFault = fault


class Outside(NamedTuple):
    """What an attempt needs of the world."""

    store: ObjectStore
    workshop: Workshop
    binary: str
    list_rows: ListRows
    take_lease: Callable[[JobGrant], Awaitable[Lease | None]]
    ask_job: Callable[[JobGrant], Awaitable[JobDetail]]
    publish: Callable[[Message], Awaitable[None]]


class Attempt:
    def __init__(
        self, grant: JobGrant, outside: Outside, logbook: Logbook, *, traceparent: str | None = None
    ) -> None:
        self.grant = grant
        self._outside = outside
        self._logbook = logbook
        self._traceparent = traceparent
        self._child: Child | None = None
        self._stop: asyncio.Future[Stop] = asyncio.get_running_loop().create_future()
        self._is_paused = False
        self._paused_at_s = 0.0
        self._has_put = False
        self._span_s = 0.0
        self._log = log.bind(job=grant.job, attempt=grant.attempt)

    @property
    def cores(self) -> float:
        return ROOMS[self.grant.size].cores

    def stop(self, why: Stop) -> None:
        """End it soon; the first reason counts."""
        if not self._stop.done():
            self._stop.set_result(why)

    def pause(self) -> None:
        if not self._is_paused:
            self._is_paused, self._paused_at_s = True, time.monotonic()
            metrics.PAUSED.inc()
            self._log.info("attempt.paused")
        if self._child is not None:
            self._child.pause()

    def resume(self) -> None:
        if self._is_paused:
            self._log.info("attempt.resumed")
        self._is_paused = False
        if self._child is not None:
            self._child.resume()

    # --- its life -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Never raises but when it is cancelled. What came of it, the catalog has been told."""
        with within(self._traceparent):
            self._log.info("attempt.begun", kind=self.grant.params.kind)
            lease = await self._lease()
            if lease is None:
                return
            try:
                await self._hold(lease)
            finally:
                self._logbook.flush()
                await lease.release()

    async def _lease(self) -> Lease | None:
        """None: a newer attempt has it. Without a lease that beats the catalog gives it up."""
        while True:
            try:
                return await self._outside.take_lease(self.grant)
            except WeirError as error:
                self._log.info("attempt.lease_untaken", reason=str(error))
                if await self._is_stopped_within(TELL_AGAIN_S):
                    return None

    async def _hold(self, lease: Lease) -> None:
        work = asyncio.create_task(self._work(), name=f"work-{self.grant.job}")
        losing = asyncio.create_task(lease.lost.wait(), name="lease-lost")
        watching = asyncio.create_task(self._watch(), name="attempt-watch")
        try:
            racing: set[asyncio.Future[Any]] = {work, losing, self._stop, watching}
            await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
            if losing.done():
                self.stop(Stop.FENCED)
            if work.done() and not self._stop.done():
                await self._settle(work)
            else:
                await _end(work)
                await self._give_up(self._stop.result() if self._stop.done() else Stop.FENCED)
        finally:
            await _end(work, losing, watching)

    async def _settle(self, work: "asyncio.Task[dict[str, Any]]") -> None:
        """Say what came of it. Only the catalog knows whether it counts."""
        try:
            result = work.result()
        except Trouble as trouble:
            await self._fail(trouble)
        except Invalid as error:
            await self._fail(Trouble(error.code, str(error), "input"))
        except ObjectMissing as error:
            await self._fail(Trouble("segment_missing", str(error)))
        except WeirError as error:
            # What it needs is away; that says nothing against the job, but is no reason to hurry.
            await self._fail(Trouble(error.code, str(error), "worker" if error.retry else "job"))
        except OSError as error:
            await self._fail(Trouble("worker_failed", f"The worker cannot: {error}.", "worker"))
        except Exception:
            # One job's bug must not end the live streams of this process.
            log.exception("attempt.crashed", job=self.grant.job, attempt=self.grant.attempt)
            await self._fail(Trouble("internal_error", "The worker has a bug; its log says more."))
        else:
            job, attempt = self.grant.job, self.grant.attempt
            self._logbook.flush()
            await self._tell(JobCompleted(job=job, attempt=attempt, result=result))
            metrics.ATTEMPTS.labels("completed").inc()
            found = await self._settled()
            made = (found.result or {}).get("object_key") if found is not None else None
            if found is not None and made != result["object_key"]:
                self._log.info("attempt.result_refused")
                await self._clean()

    async def _fail(self, trouble: Trouble) -> None:
        self._log.warning("attempt.failed", code=trouble.code, reason=str(trouble))
        metrics.ATTEMPTS.labels(trouble.code).inc()
        self._logbook.flush()
        await self._clean()
        await self._tell(
            JobFailed(
                job=self.grant.job,
                attempt=self.grant.attempt,
                code=trouble.code,
                reason=str(trouble),
                fault=trouble.fault,
            )
        )
        # As long as the lease beats, nobody takes us for dead and calls it a loss.
        await self._settled()

    async def _give_up(self, why: Stop) -> None:
        self._log.info("attempt.given_up", why=why.value)
        reasons = {
            Stop.DRAINED: "The worker was told to stop.",
            Stop.NO_ROOM: "Live streams need the worker's room.",
        }
        if why in reasons:
            await self._fail(Trouble(why.value, reasons[why], "none"))
        else:
            metrics.ATTEMPTS.labels(why.value).inc()
            await self._clean()

    # --- the work -------------------------------------------------------------------------------

    async def _work(self) -> dict[str, Any]:
        """The result. Raises `Trouble`, `WeirError`, `OSError`."""
        params, outside = self.grant.params, self._outside
        material = await Material.gather(params, outside.list_rows)
        task = plan(params, material, ROOMS[self.grant.size], binary=outside.binary)
        self._span_s = material.span_s
        folder = await outside.workshop.open()
        try:
            child = self._child = await Child.start(
                task.build_argv,
                inputs=len(material.kinds),
                folder=folder,
                limits=task.limits,
                add_line=self._logbook.add,
            )
            try:
                if self._is_paused:
                    child.pause()
                await self._mind(child, material, task.wall_s)
            finally:
                await child.kill()
                self._child = None
            return await self._store(folder / OUTPUT, material)
        finally:
            await outside.workshop.close(folder)

    async def _mind(self, child: Child, material: Material, wall_s: float) -> None:
        """Feed the child and wait for its end. Raises `Trouble`, and what the store raises."""
        feeding = [
            asyncio.create_task(inlet.pour(material.parts(kind, self._outside.store)))
            for kind, inlet in zip(material.kinds, child.inputs, strict=True)
        ]
        timing = asyncio.create_task(_time(child, wall_s))
        waiting = asyncio.create_task(child.wait())
        try:
            pending: set[asyncio.Task[Any]] = {waiting, timing, *feeding}
            while not waiting.done():
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {waiting}:
                    task.result()
            await asyncio.wait(feeding, timeout=PROGRESS_S)
            # One that failed ended its pipe: the child may be quicker to end than we to see.
            read = [task.result() for task in feeding if task.done()]
        finally:
            await _end(*feeding, timing, waiting)
        self._judge(waiting.result())
        frames = material.frames
        if read != [True] * len(feeding) or (frames and child.frames != frames):
            said = f"ffmpeg wrote {child.frames} of {frames} pictures: a segment cannot be read."
            raise Trouble("incomplete", said)

    def _judge(self, code: int) -> None:
        if code == 0:
            return
        said = self._logbook.lines[-1] if self._logbook.lines else ""
        self._logbook.add(f"process ended with code {code}")
        match -code:
            case signal.SIGKILL:
                raise Trouble("process_killed", "ffmpeg was killed from outside.", "worker")
            case signal.SIGXCPU:
                raise Trouble("too_slow", "ffmpeg used up the CPU time of the job.")
            case signal.SIGXFSZ:
                raise Trouble("result_too_large", "ffmpeg wrote more than the job may.")
        raise Trouble("ffmpeg_failed", f"ffmpeg ended with code {code}. {said}".strip())

    async def _store(self, file: Path, material: Material) -> dict[str, Any]:
        key = f"{self.grant.folder}/{OUTPUT}"
        size_bytes, sha256 = await asyncio.to_thread(_measure, file)
        self._has_put = True
        await self._outside.store.put_file(key, file, content_type=CONTENT_TYPE)
        first, last = material.rows[0], material.rows[-1]
        return {
            "object_key": key,
            "content_type": CONTENT_TYPE,
            "size_bytes": size_bytes,
            "sha256": sha256,
            "duration_s": round(material.span_s, 6),
            "starts_at": first.starts_at.isoformat(),
            "first_msn": first.msn,
            "last_msn": last.msn,
            "missing_segments": last.msn - first.msn + 1 - len(material.rows),
        }

    # --- meanwhile ------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Say how far it is; look whether it is still wanted; send it back when it waits long."""
        asked_s, said = time.monotonic(), 0.0
        while not await self._is_stopped_within(PROGRESS_S):
            now_s = time.monotonic()
            if self._is_paused and now_s - self._paused_at_s > PAUSED_S:
                self.stop(Stop.NO_ROOM)
            progress = self._progress()
            if progress > said:
                said = progress
                await self._say_progress(progress)
            if now_s - asked_s > ASK_AGAIN_S:
                asked_s = now_s
                if not await self._is_wanted():
                    self.stop(Stop.FENCED)

    def _progress(self) -> float:
        if self._child is None or not self._span_s:
            return 0.0
        return round(min(self._child.done_s / self._span_s, 0.99), 3)

    async def _say_progress(self, progress: float) -> None:
        job, attempt = self.grant.job, self.grant.attempt
        with contextlib.suppress(BusUnavailable):  # the next one says more
            await self._outside.publish(JobProgressed(job=job, attempt=attempt, progress=progress))

    async def _is_wanted(self) -> bool:
        try:
            found = await self._outside.ask_job(self.grant)
        except WeirError as error:
            return error.retry
        return (found.state, found.attempt) == ("running", self.grant.attempt)

    async def _settled(self) -> JobDetail | None:
        """The job once the catalog has judged what was said; None if that takes too long."""
        until_s = time.monotonic() + SETTLE_S
        while time.monotonic() < until_s:
            with contextlib.suppress(WeirError):
                found = await self._outside.ask_job(self.grant)
                if (found.state, found.attempt) != ("running", self.grant.attempt):
                    return found
            await asyncio.sleep(SETTLE_TICK_S)
        return None

    async def _is_stopped_within(self, seconds: float) -> bool:
        await asyncio.wait({self._stop}, timeout=seconds)
        return self._stop.done()

    async def _tell(self, message: Message) -> None:
        """Until the bus has it."""
        while True:
            try:
                await self._outside.publish(message)
            except BusUnavailable as error:
                self._log.info("attempt.untold", reason=str(error))
                await asyncio.sleep(TELL_AGAIN_S)
            else:
                return

    async def _clean(self) -> None:
        """Leave nothing in the store. What cannot be deleted now, the sweep deletes."""
        if self._has_put:
            with contextlib.suppress(WeirError):
                await self._outside.store.delete([f"{self.grant.folder}/{OUTPUT}"])


async def _time(child: Child, wall_s: float) -> None:
    """Raises `Trouble` when it has run for too long or hangs. Pauses do not count."""
    ran_s, last_s = 0.0, time.monotonic()
    news_s, done_s = 0.0, 0.0
    while True:
        await asyncio.sleep(PROGRESS_S)
        now_s = time.monotonic()
        # What took much longer than asked for was no running either: we were stopped ourselves.
        if not child.is_paused:
            ran_s += min(now_s - last_s, 2 * PROGRESS_S)
        last_s = now_s
        if child.done_s > done_s:
            news_s, done_s = ran_s, child.done_s
        if ran_s > wall_s:
            raise Trouble("too_slow", f"It was not done after {wall_s:.0f} s.")
        if ran_s - news_s > STALL_S:
            raise Trouble("stalled", f"ffmpeg has made nothing for {STALL_S:.0f} s.")


async def _end(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


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
