"""One attempt at a finite job in this process, from its grant to what is said of it.

What it makes goes under a folder of the store that is its own, and counts once the catalog has
taken its result. Whatever ends it before, it leaves nothing: here, and in the store.
"""

import asyncio
import contextlib
import enum
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import structlog
from opentelemetry import trace

from libs.bus import BusUnavailable, Lease, within
from libs.ending import end
from libs.errors import Invalid, WeirError
from libs.events import (
    ROOMS,
    JobCompleted,
    JobDetail,
    JobFailed,
    JobGrant,
    JobProgressed,
    Message,
)
from libs.storage import ObjectMissing
from services.transcoder import metrics
from services.transcoder.logbook import Logbook
from services.transcoder.making import Tools, Trouble
from services.transcoder.work import open_work

log = structlog.get_logger()
_tracer = trace.get_tracer("weir.transcoder")

PROGRESS_S = 1.0
ASK_AGAIN_S = 10.0
"""That it is cancelled is heard at once; this is for news that was missed."""
PAUSED_S = 60.0
"""After so long without room another worker may have it."""
SETTLE_S, SETTLE_TICK_S = 30.0, 0.25
TELL_AGAIN_S = 0.5


class Stop(enum.Enum):
    """Why it is to end before its time."""

    CANCELLED = "cancelled"
    FENCED = "fenced"
    """The catalog has given it up, and may have begun another."""
    DRAINED = "drained"
    NO_ROOM = "no_room"


class Outside(NamedTuple):
    """What an attempt needs of the world."""

    tools: Tools
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
        self._work = open_work(grant, outside.tools, logbook)
        self._stop: asyncio.Future[Stop] = asyncio.get_running_loop().create_future()
        self._is_paused = False
        self._paused_at_s = 0.0
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
        self._work.pause()

    def resume(self) -> None:
        if self._is_paused:
            self._log.info("attempt.resumed")
        self._is_paused = False
        self._work.resume()

    # --- its life -------------------------------------------------------------------------------

    async def run(self) -> None:
        """Never raises but when it is cancelled. What came of it, the catalog has been told."""
        attributes = {"weir.job": self.grant.job, "weir.attempt": str(self.grant.attempt)}
        name = f"attempt {self.grant.params.kind}"
        with (
            within(self._traceparent),
            _tracer.start_as_current_span(name, attributes=attributes),
        ):
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
        work = asyncio.create_task(self._work.run(), name=f"work-{self.grant.job}")
        losing = asyncio.create_task(lease.lost.wait(), name="lease-lost")
        watching = asyncio.create_task(self._watch(), name="attempt-watch")
        try:
            racing: set[asyncio.Future[Any]] = {work, losing, self._stop, watching}
            await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
            if watching.done() and (error := watching.exception()) is not None:
                log.error("attempt.watch_failed", job=self.grant.job, exc_info=error)
            if losing.done():
                self.stop(Stop.FENCED)
            if work.done() and not self._stop.done():
                await self._settle(work)
            else:
                await end(work)
                await self._give_up(self._stop.result() if self._stop.done() else Stop.FENCED)
        finally:
            await end(work, losing, watching)

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
            # What is away says nothing against the job.
            await self._fail(Trouble(error.code, str(error), "away" if error.retry else "job"))
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
            if found is not None and (found.state, found.attempt) != ("completed", attempt):
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

    # --- meanwhile ------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Say how far it is; look whether it is still wanted; send it back when it waits long."""
        asked_s, said = time.monotonic(), 0.0
        while not await self._is_stopped_within(PROGRESS_S):
            now_s = time.monotonic()
            if self._is_paused and now_s - self._paused_at_s > PAUSED_S:
                self.stop(Stop.NO_ROOM)
            progress = self._work.progress
            if progress > said:
                said = progress
                await self._say_progress(progress)
            if now_s - asked_s > ASK_AGAIN_S:
                asked_s = now_s
                if not await self._is_wanted():
                    self.stop(Stop.FENCED)

    async def _say_progress(self, progress: float) -> None:
        grant = self.grant
        fact = JobProgressed(
            job=grant.job, attempt=grant.attempt, progress=progress, stream=grant.stream
        )
        with contextlib.suppress(BusUnavailable):  # the next one says more
            await self._outside.publish(fact)

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
        if self._work.put:
            with contextlib.suppress(WeirError):
                await self._outside.tools.store.delete(self._work.put)
