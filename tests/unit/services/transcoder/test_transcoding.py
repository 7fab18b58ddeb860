"""Which take follows which, without an encoder."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple, cast

import pytest

from libs.back_off import BackOff
from libs.errors import NotFound
from libs.events import (
    TEMPLATES,
    Ladder,
    MarkReport,
    Rung,
    SoundReport,
    TranscodeChanged,
    TranscodePlan,
    TranscodeRequested,
)
from libs.events.marks import ImageMark, Mark
from libs.media.flv import Tag, TagType
from libs.rung_sizes import SizedRung
from libs.tags import IngestFenced, SessionUnknown
from services.transcoder import missing_marks
from services.transcoder.errors import TakeFailed
from services.transcoder.recoding import Recoding
from services.transcoder.take import End, Take, Wanted
from services.transcoder.transcoding import Transcoding
from tests.waiting import until

LD, SD, HD, _ = TEMPLATES.values()
ORDER = TranscodeRequested(
    job="transcode-s", attempt=1, tenant="default", stream="cam", session="s",
    origin_url="http://ingest",
)  # fmt: skip


class Unwanted(NotFound):
    code = "transcode_unwanted"


class FakeLease:
    epoch = 3

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self.ends: list[str] = []

    async def release(self) -> None:
        self.ends.append("released")

    def drop(self) -> None:
        self.ends.append("dropped")


class FakeOutput:
    def __init__(self, rung: Rung) -> None:
        self.sized = SizedRung(rung, rung.width, rung.height)
        self.is_superseded = False


class FakeTake:
    """Lives until the test ends it, or it is retired."""

    def __init__(self, number: int, wanted: Wanted, after: int | None) -> None:
        self.number, self.wanted, self.after = number, wanted, after
        made = wanted.rungs[: len(wanted.rungs) - wanted.shed]
        self.outputs = [FakeOutput(rung) for rung in made]
        self.shed = list(wanted.rungs[len(made) :])
        self.left_out: list[Rung] = []
        self.marks: tuple[MarkReport, ...] = ()
        self.changed_tag = 0
        self.is_live = False
        self.is_retired = False
        self.is_marking = False
        self.has_foreign_sound = False
        self.has_other_codec = False
        self.heard: list[Tag] = []
        self.end: asyncio.Future[End] = asyncio.get_running_loop().create_future()

    @property
    def is_superseded(self) -> bool:
        return all(output.is_superseded for output in self.outputs)

    def retire(self, cause: str | None = None) -> None:
        self.is_retired = True
        if not self.end.done():
            self.end.set_result(End.RETIRED)

    async def run(self) -> End:
        return await self.end

    def hear(self, tag: Tag) -> None:
        self.heard.append(tag)

    def supersede(self) -> None:
        for output in self.outputs:
            output.is_superseded = True


class FakeRecoding:
    """Lives until the test ends it."""

    def __init__(
        self, on_made: Callable[[Tag], None], on_report: Callable[[SoundReport | None], None]
    ) -> None:
        self.on_made, self.on_report = on_made, on_report
        self.is_superseded = False
        self.end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        await self.end


class Said(NamedTuple):
    state: str
    cause: str | None
    made: list[str]


class Job:
    def __init__(self) -> None:
        self.lease = FakeLease()
        self.takes: list[FakeTake] = []
        self.said: list[Said] = []
        self.recodings: list[FakeRecoding] = []
        self.sounds: list[SoundReport | None] = []
        self.makes_sound = False
        self.marks: tuple[Mark, ...] = ()
        self.ladder: Ladder | None = Ladder(rungs=(LD, SD))
        self.transcoding = Transcoding(
            ORDER,
            lease=self.lease,
            ask_plan=self.ask,
            make_take=self.make,
            make_recoding=self.recode,
            look_for=self.look_for,
            say=self.hear,
            back_off=BackOff(uniform=lambda low, high: 0.05),
        )
        self.task = asyncio.create_task(self.transcoding.run())

    async def ask(self, _: TranscodeRequested) -> TranscodePlan:
        if self.ladder is None and not self.makes_sound:
            raise Unwanted("no ladder")
        return TranscodePlan(
            version=1, ladder=self.ladder, marks=self.marks, makes_sound=self.makes_sound
        )

    async def look_for(self, _: Mark) -> bool:
        return True

    def recode(
        self, on_made: Callable[[Tag], None], on_report: Callable[[SoundReport | None], None]
    ) -> Recoding:
        self.recodings.append(FakeRecoding(on_made, on_report))
        return cast("Recoding", self.recodings[-1])

    def make(self, number: int, wanted: Wanted, after: int | None) -> Take:
        self.takes.append(FakeTake(number, wanted, after))
        return cast("Take", self.takes[-1])

    def hear(self, message: Any) -> None:
        assert isinstance(message, TranscodeChanged)
        report = message.report
        made = [rung.name for rung in report.rungs if rung.left_out is None]
        if self.sounds[-1:] != [report.sound] and (self.sounds or report.sound):
            self.sounds.append(report.sound)
        else:
            self.said.append(Said(report.state, report.cause, made))

    def change(self, *rungs: Rung) -> None:
        self.ladder = Ladder(rungs=rungs) if rungs else None
        self.transcoding.changed.set()

    async def live(self, count: int) -> FakeTake:
        """The `count`th take is there, and gets live."""
        await until(lambda: len(self.takes) == count, within_s=5)
        take = self.takes[-1]
        take.is_live = True
        await until(lambda: self.said[-1].state == "live", within_s=5)
        return take


@pytest.fixture
async def job() -> AsyncIterator[Job]:
    made = Job()
    yield made
    for take in made.takes:
        take.supersede()
    made.task.cancel()
    await asyncio.gather(made.task, return_exceptions=True)


async def test_one_take_makes_all_rungs_until_the_session_is_over(job: Job) -> None:
    take = await job.live(1)
    take.end.set_result(End.SESSION_OVER)
    await asyncio.wait_for(job.task, 5)
    assert job.lease.ends == ["released"]
    made = ["360p", "480p"]
    assert job.said == [("starting", None, []), ("live", None, made), ("idle", None, [])]


async def test_old_take_goes_on_until_the_new_one_has_its_rungs(job: Job) -> None:
    old = await job.live(1)
    job.change(LD, HD)
    await until(lambda: len(job.takes) == 2)
    new = job.takes[-1]
    old.outputs[0].is_superseded = True
    await asyncio.sleep(0.7)
    assert not old.is_retired, "the new one is not live yet"
    new.is_live = True
    await until(lambda: old.is_retired)
    assert not new.is_retired
    await until(lambda: job.said[-1].made == ["360p", "720p"])


async def test_however_often_the_ladder_is_changed_two_takes_run(job: Job) -> None:
    first = await job.live(1)
    for count, rungs in ((2, (LD, HD)), (3, (LD,)), (4, (SD,))):
        job.change(*rungs)
        await until(lambda: len(job.takes) == count)  # noqa: B023 - at once
    await until(lambda: len(job.transcoding._takes) == 2)
    assert [take.is_retired for take in job.takes] == [False, True, True, False]
    assert not first.is_retired


async def test_another_codec_is_another_take_and_said_if_it_cannot_be_made(job: Job) -> None:
    await job.live(1)
    job.ladder = Ladder(rungs=(LD, SD), codec="libx265")
    job.transcoding.changed.set()
    take = await job.live(2)
    assert take.wanted.codec == "libx265"
    await until(lambda: job.said[-1] == ("live", None, ["360p", "480p"]))
    take.has_other_codec = True
    await until(lambda: job.said[-1] == ("live", "codec_replaced", ["360p", "480p"]))


async def test_plan_that_says_the_same_changes_nothing(job: Job) -> None:
    await job.live(1)
    job.change(LD, SD)
    await until(lambda: not job.transcoding.changed.is_set())
    await asyncio.sleep(0.6)
    assert len(job.takes) == 1


async def test_ladder_that_is_switched_off_ends_the_job(job: Job) -> None:
    take = await job.live(1)
    job.change()
    await asyncio.wait_for(job.task, 5)
    assert (take.is_retired, job.lease.ends) == (True, ["released"])
    assert not job.transcoding.look_again(), "an offer waits for its end"


async def test_take_that_fails_is_followed_by_another_and_the_cause_is_said(job: Job) -> None:
    take = await job.live(1)
    take.end.set_exception(TakeFailed("ffmpeg_failed", "ffmpeg ended with code 1."))
    await until(lambda: job.said[-1] == ("failed", "ffmpeg_failed", []))
    await job.live(2)
    assert job.said[-1] == ("live", None, ["360p", "480p"])


async def test_too_slow_sheds_the_largest_rung_at_once(job: Job) -> None:
    take = await job.live(1)
    take.end.set_exception(TakeFailed("too_slow", "4 s behind"))
    await until(lambda: len(job.takes) == 2)
    await until(lambda: job.said[-1] == ("starting", "shed", ["360p"]))
    await job.live(2)
    assert job.said[-1] == ("live", "shed", ["360p"])
    job.takes[-1].end.set_exception(TakeFailed("too_slow", "4 s behind"))
    await until(lambda: job.said[-1].state == "failed")
    assert len((await job.live(3)).outputs) == 1, "the last is never shed"


async def test_changed_source_is_taken_up_where_it_changed(job: Job) -> None:
    take = await job.live(1)
    take.changed_tag = 77
    take.end.set_result(End.SOURCE_CHANGED)
    await until(lambda: len(job.takes) == 2)
    assert job.takes[-1].after == 76


async def test_fence_ends_every_take_and_the_lease_is_dropped(job: Job) -> None:
    take = await job.live(1)
    take.end.set_exception(IngestFenced("newer"))
    await asyncio.wait_for(job.task, 5)
    assert job.lease.ends == ["dropped"]


async def test_session_that_ingest_does_not_have_is_over(job: Job) -> None:
    take = await job.live(1)
    take.end.set_exception(SessionUnknown("gone"))
    await asyncio.wait_for(job.task, 5)
    assert job.lease.ends == ["released"]


async def test_stop_frees_the_lease_before_the_rungs_end(job: Job) -> None:
    take = await job.live(1)
    job.task.cancel()
    await until(lambda: "released" in job.lease.ends)
    assert not take.is_retired, "a successor takes over meanwhile"
    take.supersede()
    await asyncio.gather(job.task, return_exceptions=True)
    assert take.is_retired


async def test_mark_that_can_be_had_at_last_is_a_reason_for_another_take(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missing_marks, "FIRST_S", 0.1)
    job.marks = (ImageMark(url="http://pictures.example/logo.png", width=10, height=10),)
    job.transcoding.changed.set()
    await until(lambda: len(job.takes) == 2)
    job.takes[0].supersede()
    await job.live(2)
    assert len(job.takes) == 2
    job.takes[1].marks = (MarkReport(kind="image", left_out="fetch_failed"),)
    await until(lambda: len(job.takes) == 3)
    assert job.takes[2].wanted == job.takes[1].wanted


# --- sound --------------------------------------------------------------------------------------

AAC_HEADER = Tag(TagType.AUDIO, 10_000, b"\xaf\x00\x11\x90")
AAC = Tag(TagType.AUDIO, 10_000, b"\xaf\x01aac")
LIVE = SoundReport(codec=".mp3", state="live")


async def test_foreign_sound_is_made_once_and_every_take_hears_it(job: Job) -> None:
    first = await job.live(1)
    assert job.recodings == []
    first.has_foreign_sound = True
    await until(lambda: len(job.recodings) == 1)
    (recoding,) = job.recodings
    recoding.on_report(LIVE)
    assert job.sounds == [LIVE]
    for tag in (AAC_HEADER, AAC):
        recoding.on_made(tag)
    job.change(LD, HD)
    await until(lambda: len(job.takes) == 2)
    recoding.on_made(AAC)
    assert first.heard == [AAC_HEADER, AAC, AAC]
    assert job.takes[1].heard == [AAC_HEADER, AAC]
    for take in job.takes:
        take.has_foreign_sound = False
    await until(recoding.end.cancelled)
    assert job.sounds == [LIVE, None]


async def test_sound_alone_is_a_job_that_ends_with_its_session(job: Job) -> None:
    take = await job.live(1)
    job.makes_sound = True
    job.change()
    await until(lambda: take.is_retired)
    await until(lambda: job.said[-1].state == "idle")
    assert not job.task.done()
    assert len(job.recodings) == 1
    job.recodings[0].end.set_result(None)
    await asyncio.wait_for(job.task, 5)
    assert job.lease.ends == ["released"]


async def test_sound_goes_on_whatever_becomes_of_the_pictures(job: Job) -> None:
    job.makes_sound = True
    job.transcoding.changed.set()
    take = await job.live(1)
    await until(lambda: len(job.recodings) == 1)
    take.end.set_exception(TakeFailed("too_slow", "4 s behind"))
    await job.live(2)
    assert len(job.recodings) == 1
    assert not job.recodings[0].end.done()


async def test_fence_of_the_sound_ends_the_job(job: Job) -> None:
    job.makes_sound = True
    job.transcoding.changed.set()
    await until(lambda: len(job.recodings) == 1)
    job.recodings[0].end.set_exception(IngestFenced("newer"))
    await asyncio.wait_for(job.task, 5)
    assert job.lease.ends == ["dropped"]


async def test_stop_waits_for_a_successor_to_have_the_sound(job: Job) -> None:
    job.makes_sound = True
    job.transcoding.changed.set()
    take = await job.live(1)
    await until(lambda: len(job.recodings) == 1)
    job.task.cancel()
    await until(lambda: "released" in job.lease.ends)
    take.supersede()
    await asyncio.sleep(0.3)
    assert not job.task.done()
    job.recodings[0].is_superseded = True
    await asyncio.wait({job.task}, timeout=5)
    assert job.task.cancelled()
