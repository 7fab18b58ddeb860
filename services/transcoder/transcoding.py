"""One running transcode job: a session's rungs, by one take after another, and its sound.

A new take begins when the ladder or the source is changed, when the last one failed or was too
slow, or when rungs that were shed are tried again. While it can, the old take goes on until ingest
has switched to the new one.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import structlog

from libs.back_off import BackOff
from libs.bus.tracing import within
from libs.ending import end
from libs.events import (
    Ladder,
    Message,
    SoundReport,
    TranscodePlan,
    TranscodeRequested,
    TranscodeState,
)
from libs.events.marks import Mark
from libs.media.flv import Tag, is_sequence_header
from libs.names import MARKED
from libs.tags import HeldLease, IngestAway, IngestFenced, SessionUnknown, ask_wanted, hold
from services.transcoder import metrics
from services.transcoder.errors import SourceUnsupported, TakeFailed
from services.transcoder.missing_marks import LookFor, MissingMarks
from services.transcoder.recoding import Recoding
from services.transcoder.report import Report
from services.transcoder.shedding import Shedding
from services.transcoder.take import SHED, TOO_SLOW, End, Take, Wanted

log = structlog.get_logger()

TICK_S = 0.5
ASK_AGAIN_S = 15.0
"""A change of the ladder is heard at once; this is for news that was missed."""
OVERLAP_S = 10.0
"""How long an old take goes on beside a new one that is live, if ingest does not switch before."""
LAST_SOUND_S = 5.0
"""How long the last sound of a session may take."""
HAND_OVER_S = 2.5
"""How long a job that is let go goes on for its successor to take over without a gap."""

CODEC_REPLACED = "The FFmpeg of this worker has no x265: the rungs are H.264."

AskPlan = Callable[[TranscodeRequested], Awaitable[TranscodePlan]]
MakeTake = Callable[[int, Wanted, int | None], Take]
"""Its number, what it makes, and the tag behind which it begins (None: at the last keyframe)."""
MakeRecoding = Callable[[Callable[[Tag], None], Callable[[SoundReport | None], None]], Recoding]
"""What gets the tags that it makes, and what it says of itself."""


class Transcoding:
    def __init__(
        self,
        order: TranscodeRequested,
        *,
        lease: HeldLease,
        ask_plan: AskPlan,
        make_take: MakeTake,
        make_recoding: MakeRecoding,
        look_for: LookFor,
        say: Callable[[Message], None],
        traceparent: str | None = None,
        back_off: BackOff | None = None,
    ) -> None:
        self.order = order
        self.lease = lease
        self.changed = asyncio.Event()
        """Set when the ladder may have been changed, or the session may be over."""
        self.is_ending = False
        """Set when it has learned that it is not wanted."""
        self._ask_plan = ask_plan
        self._make_take = make_take
        self._make_recoding = make_recoding
        self._traceparent = traceparent
        self._back_off = back_off or BackOff()
        self._shedding = Shedding()
        self._missing_marks = MissingMarks(look_for)
        self._report = Report(order, epoch=lease.epoch, say=say)
        self._takes: dict[asyncio.Task[End], Take] = {}
        self._sound: tuple[asyncio.Task[None], Recoding] | None = None
        """What makes the publisher's sound AAC, while that is wanted."""
        self._sound_header: Tag | None = None
        self._makes_sound = False
        self._number = 0
        self._ladder: Ladder | None = None
        self._marks: tuple[Mark, ...] = ()
        self._begun_s = 0.0
        self._live_s: float | None = None
        """When the newest take was first seen live."""
        self._begin_s: float | None = None
        """When the next take is due."""
        self._is_over = False
        self._trouble: tuple[str, str] | None = None
        self._log = log.bind(stream=order.stream, session=order.session, epoch=lease.epoch)

    async def run(self) -> None:
        """Never raises; the lease is let go in the fitting way."""
        with within(self._traceparent):
            metrics.LADDERS.inc()
            try:
                await hold(self.lease, self._work(), job=self.order.job)
            except IngestFenced:
                metrics.FENCED.inc()
            finally:
                metrics.LADDERS.dec()

    def look_again(self) -> bool:
        """An offer of what runs: is it still wanted? It may just be ending because it was not."""
        if self.is_ending:
            return False
        self.changed.set()
        return True

    # --- what is wanted -------------------------------------------------------------------------

    async def _work(self) -> None:
        try:
            plan = await self._plan(None)
            while plan is not None and not self._is_over:
                await self._follow(plan)
                await self._until_news()
                if not self._is_over:
                    plan = await self._plan(plan)
            self.is_ending = True
            await self._see_marks_off()
        except asyncio.CancelledError:
            await self._hand_over()
            raise
        finally:
            self._missing_marks.close()
            await self._end_takes()
            await self._end_sound()
        self._report.enter("idle", None)

    async def _plan(self, known: TranscodePlan | None) -> TranscodePlan | None:
        return await ask_wanted(
            lambda: self._ask_plan(self.order), known=known, changed=self.changed
        )

    async def _follow(self, plan: TranscodePlan) -> None:
        self._makes_sound = plan.makes_sound
        self._follow_sound()
        if (plan.ladder, plan.marks) != (self._ladder, self._marks):
            if self._number:
                self._shedding, self._back_off = Shedding(), BackOff()
            self._ladder, self._marks = plan.ladder, plan.marks
            if plan.ladder is None and not plan.marks:
                await self._see_marks_off()
                await self._end_takes()
                self._begin_s = None
                self._report.enter("idle", None)
            else:
                self._begin()

    async def _until_news(self) -> None:
        """Keep the takes going, until the session is over or the plan is to be asked again."""
        ask_s = time.monotonic() + ASK_AGAIN_S
        while time.monotonic() < ask_s and not self.changed.is_set() and not self._is_over:
            changing = asyncio.create_task(self.changed.wait())
            running = [task for task in self._tasks if not task.done()]
            await asyncio.wait(
                {changing, *running}, timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED
            )
            changing.cancel()
            for task in [task for task in self._takes if task.done()]:
                self._settle(task, self._takes.pop(task))
            self._tick(time.monotonic())
            self._follow_sound()

    # --- sound ----------------------------------------------------------------------------------

    def _follow_sound(self) -> None:
        """Begin or end what makes the sound AAC. Raises `IngestFenced`, and what is a bug."""
        sound = self._sound
        is_wanted = self._makes_sound or any(
            take.has_foreign_sound for take in self._takes.values()
        )
        if sound is not None and sound[0].done():
            sound[0].result()
            # The session is over; the pictures' takes have yet to bring their last.
            self._is_over = self._is_over or not self._takes
        elif is_wanted and sound is None:
            recoding = self._make_recoding(self._on_made, self._report.tell_sound)
            self._sound = asyncio.create_task(recoding.run(), name="sound"), recoding
        elif not is_wanted and sound is not None:
            sound[0].cancel()
            self._sound = None
            self._report.tell_sound(None)

    @property
    def _tasks(self) -> list[asyncio.Task[End] | asyncio.Task[None]]:
        return [*self._takes, *([self._sound[0]] if self._sound is not None else [])]

    def _on_made(self, tag: Tag) -> None:
        if is_sequence_header(tag):
            self._sound_header = tag
        for take in self._takes.values():
            take.hear(tag)

    async def _end_sound(self) -> None:
        sound, self._sound = self._sound, None
        if sound is None:
            return
        if self._is_over:
            await asyncio.wait({sound[0]}, timeout=LAST_SOUND_S)
        await end(sound[0])

    # --- takes ----------------------------------------------------------------------------------

    @property
    def _newest(self) -> Take | None:
        return next(reversed(self._takes.values()), None)

    def _begin(self, after: int | None = None) -> None:
        for take in self._takes.values():
            if not take.is_live:
                take.retire()  # nobody misses it: however often a ladder is changed, two run
        self._number += 1
        ladder = self._ladder or Ladder(rungs=())
        wanted = Wanted(ladder.rungs, self._marks, ladder.codec, self._shedding.count)
        take = self._make_take(self._number, wanted, after)
        if self._sound_header is not None:
            take.hear(self._sound_header)
        self._takes[asyncio.create_task(take.run(), name=f"take-{self._number}")] = take
        self._begun_s, self._live_s, self._begin_s = time.monotonic(), None, None
        metrics.TAKES.inc()
        if self._report.state == "idle":
            self._report.enter("starting", None)

    def _begin_later(self, cause: str, detail: str) -> None:
        lasted_s = 0.0 if self._live_s is None else time.monotonic() - self._live_s
        self._begin_s = time.monotonic() + self._back_off.next_s(lasted_s=lasted_s)
        self._trouble = (cause, detail)
        if not self._takes:
            self._report.enter("failed", None, cause, detail)

    def _tick(self, now_s: float) -> None:
        newest = self._newest
        if self._begin_s is not None and now_s >= self._begin_s:
            self._begin()
        elif newest is not None and newest.shed and not newest.is_live:
            self._say_made("starting", newest)
        elif newest is not None and newest.is_live:
            self._live_s = self._live_s or now_s
            self._say_made("live", newest)
            self._retire_old(is_late=now_s - self._live_s > OVERLAP_S)
            is_alone = len(self._takes) == 1
            if is_alone and newest.shed and self._shedding.may_try(now_s):
                self._log.info("transcode.trying_more", shed=self._shedding.count)
                self._shedding.try_more(now_s)
                self._begin()
            elif is_alone and self._missing_marks.can_be_had(
                newest.wanted.marks, newest.marks, now_s
            ):
                self._log.info("transcode.mark_has_come")
                self._begin()

    def _say_made(self, state: TranscodeState, take: Take) -> None:
        if take.shed:
            self._report.enter(state, take, SHED, "The encoder is too slow for more rungs.")
        elif take.has_other_codec:
            self._report.enter(state, take, "codec_replaced", CODEC_REPLACED)
        else:
            self._report.enter(state, take)

    def _retire_old(self, *, is_late: bool) -> None:
        newest = self._newest
        assert newest is not None
        # A marked picture that is not wanted any more goes on until ingest shows the source.
        made = {MARKED, *(output.sized.rung.name for output in newest.outputs)}
        for take in self._takes.values():
            common = [each for each in take.outputs if each.sized.rung.name in made]
            if take is not newest and (is_late or all(each.is_superseded for each in common)):
                take.retire()

    def _settle(self, task: asyncio.Task[End], take: Take) -> None:
        """A take has ended. Raises `IngestFenced`, and what is a bug."""
        is_newest = not self._takes or take.number > max(t.number for t in self._takes.values())
        try:
            end = task.result()
        except SessionUnknown:
            self._is_over = True
        except TakeFailed as error:
            self._settle_failure(take, error, is_newest=is_newest)
        except (SourceUnsupported, IngestAway) as error:
            if is_newest:
                self._begin_later(error.code, str(error))
        else:
            if end is End.SESSION_OVER:
                self._is_over = True
            elif end is End.SOURCE_CHANGED and is_newest:
                self._begin(after=take.changed_tag - 1)

    def _settle_failure(self, take: Take, error: TakeFailed, *, is_newest: bool) -> None:
        metrics.FAILURES.labels(error.cause).inc()
        self._log.warning("take.failed", take=take.number, cause=error.cause, reason=str(error))
        if not is_newest:
            return
        if error.cause != "too_slow":
            self._begin_later(error.cause, str(error))
            return
        metrics.SHED.inc()
        self._shedding.too_slow(time.monotonic(), made=len(take.outputs))
        for old in self._takes.values():
            old.retire(TOO_SLOW)
        if len(take.outputs) > 1:
            self._begin()
        else:
            self._begin_later(error.cause, str(error))

    # --- the end --------------------------------------------------------------------------------

    async def _hand_over(self) -> None:
        """Let another worker have the job, and go on until it has taken the rungs over."""
        await self.lease.release()
        self.lease.drop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HAND_OVER_S):
                while not self._is_superseded:
                    await asyncio.wait(self._tasks, timeout=TICK_S / 5)
                    if any(task.done() for task in self._tasks):
                        return

    @property
    def _is_superseded(self) -> bool:
        """Whether another worker has everything."""
        has_sound = self._sound is None or self._sound[1].is_superseded
        return has_sound and all(take.is_superseded for take in self._takes.values())

    async def _see_marks_off(self) -> None:
        """Marks were taken away: the marked picture goes on until ingest shows the source."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OVERLAP_S):
                while not self._is_over and any(take.is_marking for take in self._takes.values()):
                    await asyncio.wait(self._takes, timeout=TICK_S / 5)
                    for task in [task for task in self._takes if task.done()]:
                        self._settle(task, self._takes.pop(task))

    async def _end_takes(self) -> None:
        for take in self._takes.values():
            take.retire()
        await end(*self._takes)
        self._takes.clear()
