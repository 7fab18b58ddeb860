"""A relay job from its first tag to its last, with everything that may come between."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import cast

import pytest

from libs.back_off import BackOff
from libs.errors import Unavailable
from libs.events import RelayGrant
from libs.media.flv import Tag, TagType
from libs.tags import Ingest
from services.relay import intake, relaying
from services.relay.backlog import Backlog
from services.relay.errors import PushFailed
from services.relay.relaying import Relaying
from services.relay.wakefulness import Wakefulness
from tests.unit.services.relay.far_end import (
    ORDER,
    Catalog,
    Ears,
    FakeIngest,
    FakeLease,
    FakeOutlet,
    Unwanted,
)
from tests.unit.services.relay.tags import (
    AUDIO_CONFIG,
    VIDEO_CONFIG,
    cue,
    inter,
    key,
    pictures,
    sound,
)
from tests.waiting import until

KEEP_S = 0.3


class Job:
    """One job and all that it touches."""

    def __init__(self) -> None:
        self.ingest = FakeIngest([VIDEO_CONFIG, AUDIO_CONFIG])
        self.lease = FakeLease()
        self.catalog = Catalog()
        self.ears = Ears()
        self.outlets: list[FakeOutlet] = []
        self.refusals: list[PushFailed] = []
        self.is_slow = False
        self.told: list[tuple[str, ...]] = []
        self.wakefulness = Wakefulness()
        self.relaying = Relaying(
            ORDER,
            lease=self.lease,
            ingest=cast("Ingest", self.ingest),
            holder="me",
            ask_grant=self.catalog.ask,
            open_outlet=self.open,
            say=self.ears.say,
            wakefulness=self.wakefulness,
            backlog=Backlog(max_bytes=1 << 20, max_ms=5000),
            keep_s=KEEP_S,
            back_off=BackOff(uniform=lambda low, high: 0.05),
        )
        self.task = asyncio.create_task(self.relaying.run())

    async def open(self, url: str, fourccs: Collection[str], via: Sequence[str]) -> FakeOutlet:
        self.fourccs = set(fourccs)
        self.told.append(tuple(via))
        if self.refusals:
            raise self.refusals.pop()
        self.outlets.append(FakeOutlet(url))
        self.outlet.has_begun = not self.is_slow
        return self.outlets[-1]

    @property
    def outlet(self) -> FakeOutlet:
        return self.outlets[-1]

    def bodies(self) -> list[bytes]:
        return [tag.body for tag in self.outlet.tags]

    async def done(self) -> None:
        async with asyncio.timeout(10):
            await self.task


@pytest.fixture
async def job() -> AsyncIterator[Job]:
    made = Job()
    yield made
    made.task.cancel()
    await asyncio.gather(made.task, return_exceptions=True)


async def test_session_is_pushed_from_its_first_keyframe_to_its_end(job: Job) -> None:
    job.ingest.feed(
        cue("clock", wall_ms=1.0), key(0), sound(5), inter(40), cue("end", cause="idle")
    )
    await job.done()
    assert job.bodies() == [
        each.body for each in (VIDEO_CONFIG, AUDIO_CONFIG, key(0), sound(5), inter(40))
    ]
    assert (job.outlet.end, job.lease.end) == ("closed", "released")
    assert job.ears.states == [("connecting", None), ("live", None), ("idle", None)]
    numbers = job.ears.facts[-1].numbers
    assert (numbers.sent_frames, numbers.skipped_frames, numbers.reconnects) == (3, 0, 0)
    assert [fact.number for fact in job.ears.facts] == list(range(1, len(job.ears.facts) + 1))


async def test_connection_is_kept_over_a_short_pause_of_the_publisher(job: Job) -> None:
    job.ingest.feed(key(0))
    await until(lambda: job.outlets and job.outlet.tags)
    await asyncio.sleep(KEEP_S / 3)
    job.ingest.feed(inter(40))
    await until(lambda: inter(0).body in job.bodies())
    assert (len(job.outlets), job.outlet.end) == (1, None)


async def test_connection_is_closed_in_a_long_pause_and_begun_anew_after_it(job: Job) -> None:
    job.ingest.feed(*pictures(0, 30))
    await until(lambda: job.outlets and job.outlet.end == "closed")
    assert job.ears.states[-1] == ("idle", "publisher_away")
    first_ms = job.outlet.tags[-1].dts_ms
    job.ingest.feed(*pictures(9000, 20))
    await until(lambda: len(job.outlets) == 2 and len(job.outlet.tags) == 22)
    assert job.bodies()[:3] == [VIDEO_CONFIG.body, AUDIO_CONFIG.body, key(0).body]
    assert job.outlet.tags[0].dts_ms > first_ms
    assert job.ears.facts[-1].numbers.reconnects == 1


async def test_push_that_fails_is_tried_again_and_says_why(job: Job) -> None:
    job.refusals = [PushFailed("refused", "No."), PushFailed("unreachable", "Nobody.")]
    job.ingest.feed(key(0))
    await until(lambda: job.outlets and job.outlet.tags)
    job.outlet.failure = PushFailed("vanished", "Gone.")
    await until(lambda: job.outlet.end == "aborted")
    job.ingest.feed(key(1000))
    await until(lambda: len(job.outlets) == 2 and key(0).body in job.bodies())
    assert job.ears.states == [
        ("connecting", None), ("failed", "unreachable"), ("failed", "refused"), ("live", None),
        ("failed", "vanished"), ("live", None),
    ]  # fmt: skip
    assert job.ears.facts[-1].numbers.reconnects == 3


async def test_target_that_moves_is_left_and_found(job: Job) -> None:
    job.ingest.feed(key(0))
    await until(lambda: job.outlets and job.outlet.tags)
    job.catalog.grant = RelayGrant(url="rtmp://far/app/two", rendition="source", revision=2)
    job.relaying.changed.set()
    await until(lambda: job.outlets[0].end == "closed")
    job.ingest.feed(key(1000))
    await until(lambda: len(job.outlets) == 2 and job.outlet.tags)
    assert job.outlet.url.endswith("two")


async def test_target_that_is_not_wanted_any_more_is_left(job: Job) -> None:
    job.ingest.feed(key(0))
    await until(lambda: job.outlets and job.outlet.tags)
    job.catalog.grant = Unwanted("Off.")
    job.relaying.changed.set()
    await job.done()
    assert (job.outlet.end, job.lease.end) == ("closed", "released")


async def test_catalog_that_is_away_stops_nothing(job: Job) -> None:
    job.ingest.feed(key(0))
    await until(lambda: job.outlets and job.outlet.tags)
    job.catalog.grant = Unavailable("away")
    job.relaying.changed.set()
    job.ingest.feed(inter(40))
    await until(lambda: inter(0).body in job.bodies())
    assert job.outlet.end is None


async def test_lost_lease_ends_the_push_without_another_word(job: Job) -> None:
    job.ingest.feed(key(0))
    await until(lambda: job.outlets and job.outlet.tags)
    said = len(job.ears.facts)
    job.lease.lost.set()
    await job.done()
    assert (job.outlet.end, job.lease.end) == ("aborted", "dropped")
    assert len(job.ears.facts) == said


@pytest.mark.parametrize("is_fenced", [True, False])
async def test_worker_that_has_slept_asks_before_it_sends(job: Job, is_fenced: bool) -> None:
    job.ingest.feed(key(0))
    await until(lambda: job.outlets and job.outlet.tags)
    sent = len(job.outlet.tags)
    job.wakefulness._ticked_s -= 60
    job.ingest.is_fenced = is_fenced
    job.ingest.feed(inter(40))
    if is_fenced:
        await job.done()
        assert (job.outlet.end, job.lease.end) == ("aborted", "dropped")
        assert len(job.outlet.tags) == sent
    else:
        await until(lambda: len(job.outlet.tags) > sent)
        assert job.ingest.claims == [job.lease.epoch]


async def test_pull_that_breaks_is_taken_up_where_it_was(job: Job) -> None:
    job.ingest.feed(key(0), inter(40))
    await until(lambda: job.outlets and len(job.outlet.tags) == 4)
    job.ingest.break_off()
    await until(lambda: len(job.ingest.pulls) == 2)
    job.ingest.feed(inter(80))
    await until(lambda: len(job.outlet.tags) == 5)
    assert job.ingest.pulls == [None, 1]
    assert len(job.outlets) == 1


async def test_stop_says_goodbye_and_frees_the_lease(job: Job) -> None:
    job.ingest.feed(key(0))
    await until(lambda: job.outlets and job.outlet.tags)
    job.task.cancel()
    await asyncio.gather(job.task, return_exceptions=True)
    assert (job.outlet.end, job.lease.end) == ("closed", "released")


async def test_codecs_of_enhanced_rtmp_are_announced(job: Job) -> None:
    header = Tag(TagType.VIDEO, 10_000, b"\x90hvc1config")
    job.ingest.feed(header, Tag(TagType.VIDEO, 10_000, b"\x91hvc1\0\0\0picture"))
    await until(lambda: job.outlets and job.outlet.tags)
    assert job.fourccs == {"hvc1"}


async def test_rendition_that_is_not_there_is_said_and_pushed_once_it_is(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relaying, "RENDITION_S", 0.1)
    monkeypatch.setattr(intake, "LONGEST_PAUSE_S", 0.1)
    job.catalog.grant = RelayGrant(url="rtmp://far/app/one", rendition="720p", revision=1)
    job.relaying.changed.set()
    await until(lambda: not job.relaying.changed.is_set())
    job.ingest.feed(key(0))
    await until(lambda: ("failed", "rendition_unavailable") in job.ears.states)
    assert job.outlets == []
    job.ingest.renditions.add("720p")
    await until(lambda: job.outlets and job.outlet.tags)
    assert job.ears.states[-1] == ("live", None)


async def test_end_of_the_session_ends_a_rungs_push_and_that_of_a_take_does_not(job: Job) -> None:
    job.ingest.renditions.add("720p")
    job.catalog.grant = RelayGrant(url="rtmp://far/app/one", rendition="720p", revision=1)
    job.relaying.changed.set()
    await until(lambda: not job.relaying.changed.is_set())
    job.ingest.feed(key(0), cue("rung_end", cause="stopped"), inter(40))
    await until(lambda: job.outlets and inter(40).body in job.bodies())
    job.ingest.feed(cue("rung_end", cause="session_ended"))
    await job.done()
    assert (job.outlet.end, job.lease.end) == ("closed", "released")


async def test_push_is_not_live_before_the_other_side_has_taken_it(job: Job) -> None:
    job.is_slow = True
    job.ingest.feed(key(0))
    await until(lambda: job.outlets and job.outlet.tags)
    job.ingest.feed(inter(40))
    await until(lambda: len(job.outlet.tags) > 3)
    assert job.ears.states == [("connecting", None)]
    job.outlet.has_begun = True
    job.ingest.feed(inter(80))
    await until(lambda: job.ears.states[-1] == ("live", None))


async def test_target_is_told_anew_when_the_stream_comes_through_other_weirs(job: Job) -> None:
    job.ingest.came_through = ("b",)
    job.ingest.feed(key(0))
    await until(lambda: job.outlets and job.outlet.tags)
    job.relaying.changed.set()
    await until(lambda: not job.relaying.changed.is_set())
    assert job.told == [("b",)]
    job.ingest.came_through = ("b", "c")
    job.relaying.changed.set()
    await until(lambda: job.outlets[0].end == "closed")
    job.ingest.feed(key(1000))
    await until(lambda: len(job.outlets) == 2 and job.outlet.tags)
    assert job.told == [("b",), ("b", "c")]
