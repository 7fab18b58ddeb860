"""One running relay job: pulls a session and pushes it to one target, until either is over.

What ends it: the session's end, a target that is disabled or deleted, or a newer epoch (then
nothing more is sent). A push that fails is begun again and again, with growing pauses.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog
from opentelemetry import trace

from libs.back_off import BackOff
from libs.bus.tracing import within
from libs.ending import end
from libs.errors import Unavailable
from libs.events import Message, RelayGrant, RelayRequested
from libs.media.flv import Tag
from libs.names import SOURCE
from libs.tags import HeldLease, Ingest, IngestFenced, SessionUnknown, ask_wanted, hold
from services.relay import metrics
from services.relay.backlog import Backlog
from services.relay.errors import PushFailed
from services.relay.frames import is_frame
from services.relay.intake import Intake
from services.relay.outlet import Outlet
from services.relay.report import Report
from services.relay.timeline import Timeline
from services.relay.wakefulness import Wakefulness

log = structlog.get_logger()
tracer = trace.get_tracer("weir.relay")

BATCH_BYTES = 256 * 1024
CHECK_S = 0.5
"""How often a connection is looked at while nothing is sent."""
NUMBERS_S = 10.0
ASK_AGAIN_S = 15.0
"""A change of the target is heard at once; this is for news that was missed."""
RETRY_ASK_S = 1.0
RENDITION_S = 5.0
"""Without a frame of it for so long, it is said that the rendition is not there."""

OpenOutlet = Callable[[str, Collection[str], Sequence[str]], Awaitable[Outlet]]
"""Address, codecs that need Enhanced RTMP, the Weirs that the stream came through."""
AskGrant = Callable[[RelayRequested], Awaitable[RelayGrant]]


class Relaying:
    def __init__(
        self,
        order: RelayRequested,
        *,
        lease: HeldLease,
        ingest: Ingest,
        holder: str,
        ask_grant: AskGrant,
        open_outlet: OpenOutlet,
        say: Callable[[Message], None],
        wakefulness: Wakefulness,
        backlog: Backlog,
        keep_s: float,
        traceparent: str | None = None,
        back_off: BackOff | None = None,
    ) -> None:
        self.order = order
        self.changed = asyncio.Event()
        """Set when the target may have been changed, or the session may be over."""
        self.is_ending = False
        """Set when it has learned that it is not wanted, and only says goodbye."""
        self.lease = lease
        self._ingest = ingest
        self._holder = holder
        self._ask_grant = ask_grant
        self._open_outlet = open_outlet
        self._wakefulness = wakefulness
        self._backlog = backlog
        self._keep_s = keep_s
        self._traceparent = traceparent
        self._back_off = back_off or BackOff()
        self._timeline = Timeline()
        self._report = Report(order, epoch=lease.epoch, say=say)
        self._via: tuple[str, ...] = ()
        """The Weirs that the stream came through when the target was told."""
        self._passed_frames = 0
        """Frames that were left out before the first connection."""
        self._live_s = 0.0
        """How long the last push was live."""
        self._log = log.bind(
            stream=order.stream, session=order.session, target=order.target, epoch=lease.epoch
        )

    async def run(self) -> None:
        """Never raises; the lease is let go in the fitting way."""
        with within(self._traceparent):
            try:
                await hold(self.lease, self._work(), job=self.order.job)
            except IngestFenced:
                metrics.FENCED.inc()
            finally:
                self._report.leave()

    def look_again(self) -> bool:
        """An offer of what runs: is it still wanted? It may just be ending because it was not."""
        if self.is_ending:
            return False
        self.changed.set()
        return True

    async def _work(self) -> None:
        """Push as the catalog wants it, until it does not."""
        grant = await self._grant(None)
        while grant is not None:
            grant = await self._follow(grant)
        self._report.enter("idle")

    # --- what is wanted -------------------------------------------------------------------------

    async def _follow(self, grant: RelayGrant) -> RelayGrant | None:
        """Push as `grant` says, until another is wanted; None: none is, or the session is over."""
        rung = None if grant.rendition == SOURCE else grant.rendition
        self._backlog.clear()
        intake = Intake(self.order, self._ingest, self._backlog, epoch=self.lease.epoch, rung=rung)
        reading = asyncio.create_task(intake.run(), name="relay-intake")
        push = asyncio.create_task(self._push_to(grant), name="relay-push")
        try:
            return await self._next_grant(push, reading, grant)
        except IngestFenced:
            # Whoever pushes sees that the lease is lost, and says no more.
            self.lease.drop()
            raise
        finally:
            await end(push, reading)

    async def _next_grant(
        self, push: asyncio.Task[None], reading: asyncio.Task[None], grant: RelayGrant
    ) -> RelayGrant | None:
        """Wait for another grant; None when the push is over or not wanted any more."""
        ask_s = time.monotonic() + ASK_AGAIN_S
        while True:
            changing = asyncio.create_task(self.changed.wait())
            # The intake's end is the backlog's: what waits is still to be sent.
            waiting = {push, changing} | ({reading} if not reading.done() else set())
            await asyncio.wait(
                waiting, timeout=ask_s - time.monotonic(), return_when=asyncio.FIRST_COMPLETED
            )
            changing.cancel()
            if reading.done():
                reading.result()
            if push.done():
                push.result()
                return None
            if not self.changed.is_set() and time.monotonic() < ask_s:
                continue
            ask_s = time.monotonic() + ASK_AGAIN_S
            new = await self._grant(grant)
            self.is_ending = new is None
            if new is None or (new.url, new.rendition) != (grant.url, grant.rendition):
                self._back_off = BackOff()
                return new
            if await self._has_come_another_way():
                return new

    async def _has_come_another_way(self) -> bool:
        """Whether the target was told other Weirs than those that the stream comes through now."""
        try:
            return self._report.state == "live" and await self._ingest.via() != self._via
        except (SessionUnknown, Unavailable):
            return False

    async def _grant(self, known: RelayGrant | None) -> RelayGrant | None:
        """What the catalog wants now. While it does not answer, what it wanted before."""
        return await ask_wanted(
            lambda: self._ask_grant(self.order), known=known, changed=self.changed
        )

    # --- pushing --------------------------------------------------------------------------------

    async def _push_to(self, grant: RelayGrant) -> None:
        """Push until the session is over. Raises `IngestFenced`."""
        reconnects = -1
        while True:
            if not await self._backlog.filled(timeout_s=RENDITION_S):
                if grant.rendition != SOURCE:
                    self._report.enter(
                        "failed", "rendition_unavailable",
                        f"The stream has no rendition {grant.rendition!r} now.",
                    )  # fmt: skip
                continue
            if self._backlog.is_over:
                return
            reconnects += 1
            self._live_s = 0.0
            self._report.count(reconnects=self._report.numbers.reconnects + (reconnects > 0))
            try:
                await self._push_once(grant)
            except PushFailed as error:
                metrics.FAILURES.labels(error.cause).inc()
                self._report.enter("failed", error.cause, str(error))
                await asyncio.sleep(self._back_off.next_s(lasted_s=self._live_s))
            else:
                if not self._backlog.is_over:
                    self._report.enter("idle", "publisher_away")

    async def _push_once(self, grant: RelayGrant) -> None:
        """One connection, to its clean end. Raises `PushFailed`, `IngestFenced`."""
        if self._report.state != "failed":
            self._report.enter("connecting")
        outlet = await self._connect(grant)
        began_s = time.monotonic()
        try:
            self._backlog.jump()
            self._timeline.begin(self._backlog.configuration())
            await self._send_all(outlet)
        except (PushFailed, IngestFenced):
            outlet.abort()
            raise
        except asyncio.CancelledError:
            if self.lease.lost.is_set():
                outlet.abort()
            else:
                await outlet.close()
            raise
        finally:
            self._live_s = time.monotonic() - began_s
        await outlet.close()

    async def _connect(self, grant: RelayGrant) -> Outlet:
        with tracer.start_as_current_span("relay.connect") as span:
            span.set_attribute("weir.stream", self.order.stream)
            span.set_attribute("weir.session", self.order.session)
            span.set_attribute("weir.relay_target", self.order.target)
            try:
                outlet = await self._open(grant)
            except PushFailed as error:
                span.set_attribute("weir.relay_cause", error.cause)
                span.set_status(trace.Status(trace.StatusCode.ERROR, error.cause))
                metrics.CONNECTS.labels("failed").inc()
                raise
            metrics.CONNECTS.labels("connected").inc()
            return outlet

    async def _open(self, grant: RelayGrant) -> Outlet:
        try:
            self._via = await self._ingest.via()
        except (SessionUnknown, Unavailable) as error:
            raise PushFailed("ingest_away", str(error)) from None
        return await self._open_outlet(grant.url, self._backlog.fourccs, self._via)

    async def _send_all(self, outlet: Outlet) -> None:
        """Send what comes, until the session is over or its publisher away for long."""
        naps = self._wakefulness.naps
        has_sent = False
        sent_bytes = self._report.numbers.sent_bytes
        news_s = said_s = time.monotonic()
        while not self._backlog.is_over:
            tags = await self._backlog.take(max_bytes=BATCH_BYTES, timeout_s=CHECK_S)
            has_video = self._backlog.has_video
            wire = [each for tag in tags for each in self._timeline.place(tag, has_video=has_video)]
            if naps != self._wakefulness.naps:
                await self._claim_again()
                naps = self._wakefulness.naps
            if wire:
                await outlet.send(wire)
                self._count(wire, sent_bytes + outlet.sent_bytes)
                has_sent = True
            outlet.check()
            if has_sent and outlet.has_begun:
                self._report.enter("live")
            now_s = time.monotonic()
            news_s = now_s if tags else news_s
            if now_s - news_s > self._keep_s:
                return
            if now_s - said_s > NUMBERS_S:
                said_s = now_s
                self._report.say_numbers()

    async def _claim_again(self) -> None:
        """The process has slept: another may be at work. Raises `IngestFenced`."""
        while True:
            try:
                await self._ingest.claim(self.lease.epoch, self._holder)
            except SessionUnknown:
                return
            except Unavailable:
                await asyncio.sleep(RETRY_ASK_S)
            else:
                return

    def _count(self, wire: list[Tag], sent_bytes: int) -> None:
        known = self._report.numbers
        frames = sum(map(is_frame, wire))
        skipped = self._backlog.skipped_frames + self._timeline.skipped_frames
        if not known.sent_frames:
            # What passed before the first connection was never the target's.
            self._passed_frames = skipped
        skipped -= self._passed_frames
        metrics.SENT_FRAMES.inc(frames)
        metrics.SENT_BYTES.inc(sent_bytes - known.sent_bytes)
        metrics.SKIPPED_FRAMES.inc(skipped - known.skipped_frames)
        self._report.count(
            sent_bytes=sent_bytes,
            sent_frames=known.sent_frames + frames,
            skipped_frames=skipped,
            lag_ms=self._backlog.lag_ms,
        )
