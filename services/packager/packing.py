"""One running package job: claim, pull, cut, show, store, until the session ends.

Three things end it: the session's end cue, a newer epoch (then everything that is not spooled is
dropped at once), or an ingest that lost the session (then what is held is given out).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog

from libs.bus.tracing import within
from libs.cutting.cuts import Cut
from libs.cutting.cutter import Cutter
from libs.ending import end
from libs.errors import Unavailable
from libs.events import Checkpoint, JobFailed, Message, PackageRequested
from libs.names import SOURCE
from libs.pull import GATHER_S
from libs.storage import ObjectStore
from libs.tags import Claim, HeldLease, Ingest, IngestFenced, Pull, SessionUnknown, hold
from services.packager import metrics
from services.packager.demand import Demand
from services.packager.ladder_plan import AskLadder, LadderPlan
from services.packager.rendition import Rendition
from services.packager.rung_packing import RungPacking
from services.packager.rungs import Rungs
from services.packager.storing import Item, SpoolLike, Storing
from services.packager.window import Window

log = structlog.get_logger()

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 2.0
GIVE_UP_S = 120.0
"""An ingest that does not answer for this long is not coming back with the session."""

CHECKPOINT_MS = 5000
"""How much of a session lies between the checkpoints that ingest is told, at least. Telling costs
more than cutting what lies between; a successor stores so much again, under the same names.
"""

UNTOLD_GAP = "replay_window_passed"
"""Why tags are gone when ingest does not say."""


class Packing:
    def __init__(
        self,
        order: PackageRequested,
        *,
        lease: HeldLease,
        ingest: Ingest,
        holder: str,
        spool: SpoolLike,
        store: ObjectStore,
        say: Callable[[Message], None],
        ask_ladder: AskLadder,
        traceparent: str | None = None,
        max_pending_bytes: int = 256 << 20,
        give_up_s: float = GIVE_UP_S,
        checkpoint_ms: int = CHECKPOINT_MS,
    ) -> None:
        self.order = order
        self.lease = lease
        self._ingest = ingest
        self._holder = holder
        self._say = say
        self._traceparent = traceparent
        self._give_up_s = give_up_s
        self._checkpoint_ms = checkpoint_ms
        self._storing = Storing(
            order,
            spool=spool,
            store=store,
            say=say,
            acknowledge=lambda checkpoint: ingest.acknowledge(lease.epoch, checkpoint),
            max_pending_bytes=max_pending_bytes,
        )
        self._plan = LadderPlan(order, ask_ladder)
        self.demand = Demand(ingest.gather)
        self.source = self._rendition(SOURCE)
        self.rungs = Rungs(self.window, segment_s=order.segment_s, begin=self._begin_rung)
        self._checkpoints: deque[Checkpoint] = deque()
        """Those that wait until every rung has come there as well."""
        self._checkpoint_due_ms = 0
        """Session time from which the next segment's end is one."""
        self._shown_tag = 0
        self._told_refusals: set[str] = set()
        self._log = log.bind(stream=order.stream, session=order.session, epoch=lease.epoch)

    @property
    def window(self) -> Window:
        return self.source.window

    def rendition(self, name: str) -> Rendition | None:
        return self.source if name == SOURCE else self.rungs.find(name)

    def _rendition(self, name: str) -> Rendition:
        return Rendition(
            name,
            self.order,
            epoch=self.lease.epoch,
            put=self._storing.put,
            surroundings=lambda: self.rungs.surroundings(name, self.source),
        )

    def _begin_rung(self, name: str, *, is_only_planned: bool) -> RungPacking:
        rendition = self._rendition(name)
        rendition.acknowledged_msn = self.source.acknowledged_msn
        # A rung is cut where the source is: its tags must not come long before the source's.
        self.demand.bound(GATHER_S)
        return RungPacking(
            rendition,
            self.window,
            ingest=self._ingest,
            epoch=self.lease.epoch,
            session=self.order.session,
            on_progress=self._acknowledge,
            is_only_planned=is_only_planned,
        )

    # --- life -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Package until the end. Never raises; the lease is let go in the fitting way."""
        with within(self._traceparent):
            metrics.SESSIONS.inc()
            try:
                await hold(self.lease, self._work(), job=self.order.job)
            except IngestFenced:
                metrics.FENCED.inc()
                self._storing.discard()
            finally:
                self.window.close()
                self.rungs.close()
                metrics.SESSIONS.dec()

    def look_again(self) -> bool:
        """It is wanted until its session ends, which the tags tell."""
        return True

    def stream_changed(self) -> None:
        """Its ladder may have become another."""
        self._plan.changed.set()

    async def _work(self) -> None:
        storing = asyncio.create_task(self._storing.run())
        cutting = asyncio.create_task(self._cut_all())
        planning = asyncio.create_task(self._plan.follow(self.rungs.plan))
        failed = self.rungs.failed
        ends: set[asyncio.Future[Any]] = {storing, cutting, failed}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if storing.done():
                await storing  # it only ends first by being fenced
            if failed.done():
                await failed
            last_msn = await cutting
            self._storing.finish()
            await storing
        finally:
            await end(storing, cutting, planning)
            await self.rungs.stop()
            failed.cancel()
        for rung in self.rungs.renditions:
            self._say(rung.ended(rung.last_msn))
        self._say(self.source.ended(last_msn))
        self._log.info("packing.ended", last_msn=last_msn)

    # --- cutting ----------------------------------------------------------------------------------

    async def _cut_all(self) -> int | None:
        """Cut the source, and the rungs to their end; returns the source's last MSN."""
        last_msn = await self._cut()
        await self.rungs.finish()
        return last_msn

    async def _cut(self) -> int | None:
        """Cut the whole session; returns its last MSN."""
        cutter: Cutter | None = None
        pause_s, answered_at = FIRST_PAUSE_S, time.monotonic()
        while cutter is None or not cutter.is_ended:
            try:
                if cutter is None:
                    cutter = self._take_up(await self._ingest.claim(self.lease.epoch, self._holder))
                    continue
                before = cutter.next_tag
                await self._pull(cutter)
                if cutter.next_tag > before:
                    pause_s = FIRST_PAUSE_S
                answered_at = time.monotonic()
            except SessionUnknown:
                cutter = self._abandon(cutter)
            except Unavailable as error:
                self._log.warning("packing.pull_broke", reason=str(error))
                if time.monotonic() - answered_at > self._give_up_s:
                    cutter = self._abandon(cutter)
            if not cutter or not cutter.is_ended:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        return cutter.last_msn

    def _take_up(self, claim: Claim) -> Cutter:
        """From the first tag or oldest checkpoint, so that the live window comes back as well."""
        order = self.order
        self._shown_tag = claim.next_tag
        self.source.acknowledged_msn = claim.checkpoints[-1].msn if claim.checkpoints else 0
        self.window.catch_up(is_behind=True)
        self._log.info("packing.begun", acknowledged_msn=self.source.acknowledged_msn)
        if claim.oldest_tag == 0 or not claim.checkpoints:
            return Cutter(order.session, segment_s=order.segment_s, has_lead_in=True)
        return Cutter.resume(
            order.session, claim.checkpoints[0], segment_s=order.segment_s, has_lead_in=True
        )

    def _note_progress(self, cutter: Cutter) -> None:
        """Show playlists once everything is cut again that a predecessor may have shown."""
        if self.window.is_behind and cutter.next_tag >= self._shown_tag:
            newest_msn = self.window.newest_msn or 0
            if newest_msn >= self.source.acknowledged_msn - 1:
                self.window.catch_up(is_behind=False)

    async def _pull(self, cutter: Cutter) -> None:
        after = cutter.next_tag - 1
        metrics.PULLS.inc()
        async with self._ingest.pull(after, self.lease.epoch, near_ms=cutter.at_ms) as pull:
            prologue = await pull.prologue()
            position = prologue.position
            number = position.next_tag
            if number < cutter.next_tag:
                raise SessionUnknown(f"Ingest is at tag {number}, {cutter.next_tag} was next.")
            if number > cutter.next_tag:
                self._log.error("packing.gap", first_tag=cutter.next_tag, next_tag=number)
                cause = position.gap_cause or UNTOLD_GAP
                self._handle(cutter, cutter.skip_to(position, cause))
                for header in prologue.headers:
                    self._handle(cutter, cutter.configure(header))
            if number == 0:
                cutter.begin(position.generation)
            self.rungs.know(position.rungs, cutter)
            demand = asyncio.create_task(self.demand.run())
            try:
                await self._feed(cutter, number, pull)
            finally:
                await end(demand)

    async def _feed(self, cutter: Cutter, number: int, pull: Pull) -> None:
        async for tags in pull.tags():
            for tag in tags:
                cuts = cutter.feed(number, tag)
                number += 1
                if cuts:
                    self._handle(cutter, cuts)
            self._note_progress(cutter)
            self.rungs.know(cutter.rungs, cutter)
            self.rungs.follow((), cutter)
            if cutter.refusal is not None:
                self._tell_refusal(cutter)

    def _abandon(self, cutter: Cutter | None) -> Cutter:
        self._log.warning("packing.session_gone")
        order = self.order
        cutter = cutter or Cutter(order.session, segment_s=order.segment_s, has_lead_in=True)
        self._handle(cutter, cutter.abandon("ingest_lost"))
        return cutter

    # --- what was cut -----------------------------------------------------------------------------

    def _handle(self, cutter: Cutter, cuts: list[Cut]) -> None:
        is_boundary = self.source.take(cuts)
        is_due = is_boundary and cutter.at_ms >= self._checkpoint_due_ms
        if is_due or cutter.is_ended:
            checkpoint = cutter.checkpoint()
            if checkpoint.msn > self.source.acknowledged_msn:
                self._checkpoints.append(checkpoint)
                self._checkpoint_due_ms = cutter.at_ms + self._checkpoint_ms
        self.rungs.follow(cuts, cutter)
        self._acknowledge()

    def _acknowledge(self) -> None:
        """Tell ingest how far all renditions are cut: behind what is queued to be stored."""
        while self._checkpoints:
            msn = self._checkpoints[0].msn
            if self.rungs.safe_msn(msn) < msn:
                return
            self._storing.put(Item(checkpoint=self._checkpoints.popleft()))

    def _tell_refusal(self, cutter: Cutter) -> None:
        """Say once why tags are left out: a codec that is not carried, for example."""
        refusal, cutter.refusal = cutter.refusal, None
        if refusal is None or str(refusal) in self._told_refusals:
            return
        self._told_refusals.add(str(refusal))
        self._log.warning("packing.refused", code=refusal.code, reason=str(refusal))
        self._say(
            JobFailed(
                job=self.order.job,
                attempt=self.order.attempt,
                code=refusal.code,
                reason=str(refusal),
            )
        )
