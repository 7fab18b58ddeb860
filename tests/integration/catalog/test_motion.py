"""Motion events: held, joined, and made files of, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from libs.events import (
    Hold,
    ListFiles,
    ListHolds,
    ListJobs,
    MotionDetected,
    MotionRequested,
    RecordedFile,
    SegmentReady,
    StillsRequested,
)
from libs.names import DEFAULT_TENANT
from services.catalog.errors import StreamFieldInvalid
from services.catalog.models import OutboxRow
from services.catalog.motion import MotionFiles
from services.catalog.recorder import Recorder
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import START, Said

OF = {"tenant": DEFAULT_TENANT, "stream": "cam-1"}


async def on_air(catalog: Catalog, count: int = 10, **item: Any) -> Said:
    await catalog.create(**{"isMotion": "true", "motion_duration": "3"} | item)
    said = Said(await catalog.open())
    await catalog.facts.stream_published(said.published())
    await catalog.facts.rendition_started(said.rendition_started())
    for index in range(count):
        await catalog.facts.segment_ready(said.ready(index))
    catalog.clock.now = START + timedelta(seconds=2 * count)
    return said


async def sees(catalog: Catalog, said: Said, *indices: int) -> None:
    for index in indices:
        row = said.ready(index).segment
        await catalog.facts.motion_detected(
            MotionDetected(**OF, session=row.session, msn=row.msn, at=row.starts_at, percent=50)
        )


async def events(catalog: Catalog) -> list[tuple[float, float]]:
    """Begin and end of each, in seconds."""
    found = (await catalog.answers.list_holds(ListHolds(**OF))).holds
    assert {hold.cause for hold in found} <= {"motion"}

    def at_s(hold: Hold) -> tuple[float, float]:
        bounds = (hold.from_at, hold.until_at)
        begin, end = ((at - START).total_seconds() for at in bounds)
        return round(begin, 3), round(end, 3)

    return [at_s(hold) for hold in found]


async def files(catalog: Catalog) -> list[RecordedFile]:
    return list((await catalog.answers.list_files(ListFiles(**OF))).files)[::-1]


async def said_of(catalog: Catalog, kind: type[Any]) -> list[Any]:
    query = select(OutboxRow).where(OutboxRow.type == kind.name).order_by(OutboxRow.seq)
    async with catalog.database.transaction(read_only=True) as tx:
        rows = (await tx.execute(query)).scalars()
        return [kind.model_validate(row.data) for row in rows]


async def test_keyframes_are_compared_as_the_stream_says(catalog: Catalog) -> None:
    said = await on_air(catalog, 3, motion_diff="20", motion_percent=5)
    await Recorder(catalog.database, catalog.clock).tick()
    await catalog.facts.segment_ready(said.ready(3))
    await Recorder(catalog.database, catalog.clock).tick()
    orders: list[MotionRequested] = await said_of(catalog, MotionRequested)
    assert [order.msn - said.first_msn for order in orders] == [1, 2, 3]
    assert {(order.difference, order.percent) for order in orders} == {(20, 5.0)}
    assert orders[2].before.object_key == said.ready(2).segment.object_key
    assert orders[2].now.object_key == said.ready(3).segment.object_key


async def test_event_lasts_from_before_the_first_change_to_behind_the_last(
    catalog: Catalog,
) -> None:
    said = await on_air(catalog)
    await sees(catalog, said, 3, 2, 3, 4)  # in any order, and more than once
    assert await events(catalog) == [(1.004, 11.008)]
    await sees(catalog, said, 9)
    assert len(await events(catalog)) == 2
    orders: list[StillsRequested] = await said_of(catalog, StillsRequested)
    stills = [still for order in orders for still in order.stills]
    assert [still.msn - said.first_msn for still in stills] == [3, 9]
    assert stills[0].key == "cam-1/motion/images/2031/5/6/capture-2031-05-06_07-08-16.jpg"


async def test_what_goes_on_for_long_becomes_several(catalog: Catalog) -> None:
    said = await on_air(catalog, motion_timeout="10")
    await sees(catalog, said, *range(10))
    found = await events(catalog)
    assert len(found) > 1
    assert all(end - begin <= 10 for begin, end in found)
    await sees(catalog, said, *range(10))
    assert await events(catalog) == found, "said twice, it is the same"


async def test_file_is_made_once_when_the_event_is_over(catalog: Catalog) -> None:
    said = await on_air(catalog)
    await sees(catalog, said, 4)
    keeper = MotionFiles(catalog.database, catalog.clock)
    await keeper.tick()
    assert [file.kind for file in await files(catalog)] == ["jpeg"], "it may go on"
    catalog.clock.pass_s(60)
    for _ in range(2):
        await keeper.tick()
    video = next(file for file in await files(catalog) if file.kind == "mp4")
    # From 8.008 - 3 to 8.008 + 3 seconds, in segments of 2.002.
    assert (video.first_msn - said.first_msn, video.last_msn - said.first_msn) == (2, 5)
    assert video.key == "cam-1/motion/mp4/2031/5/6/capture-2031-05-06_07-08-14.mp4"
    (job,) = (await catalog.answers.list_jobs(ListJobs(kind="remux"))).jobs
    assert job.id == video.job


async def comes_back(catalog: Catalog, before: Said, count: int, *, config: str = "") -> Said:
    """Another session begins `count` segments after the first one began, and lasts four."""
    await catalog.facts.rendition_ended(before.rendition_ended(before.first_msn + count - 1))
    await catalog.facts.session_ended(before.ended())
    catalog.clock.now = START + timedelta(seconds=2 * count)
    said = Said(await catalog.open())
    await catalog.facts.stream_published(said.published())
    tracks = tuple(
        each.model_copy(update={"config_id": config or each.config_id})
        for each in said.rendition_started().tracks
    )
    started = said.rendition_started().model_copy(update={"tracks": tracks})
    await catalog.facts.rendition_started(started)
    for index in range(4):
        row = said.ready(index).segment
        at = row.starts_at + timedelta(milliseconds=2002 * count)
        own = tuple(
            each.model_copy(update={"config_id": config or each.config_id}) for each in row.tracks
        )
        moved = row.model_copy(update={"starts_at": at, "tracks": own})
        await catalog.facts.segment_ready(SegmentReady(segment=moved))
    return said


async def test_event_over_a_reconnect_is_one_file_of_both_sessions(catalog: Catalog) -> None:
    first = await on_air(catalog, 5, motion_duration="5")
    await sees(catalog, first, 4)
    second = await comes_back(catalog, first, 5)
    catalog.clock.pass_s(90)
    await MotionFiles(catalog.database, catalog.clock).tick()
    (video,) = [file for file in await files(catalog) if file.kind == "mp4"]
    # From 8.008 - 5 to 8.008 + 5 seconds: four of the first session, two of the second.
    assert (video.first_msn - first.first_msn, video.last_msn - second.first_msn) == (1, 1)
    assert video.duration_s == pytest.approx(6 * 2.002, abs=0.01)
    (job,) = (await catalog.answers.list_jobs(ListJobs(kind="remux"))).jobs
    assert job.params is not None
    assert [each["session"] for each in (job.params, *job.params["then"])] == [
        first.grant.session, second.grant.session,
    ]  # fmt: skip


async def test_event_over_a_change_of_codec_settings_is_a_file_of_each(catalog: Catalog) -> None:
    first = await on_air(catalog, 5, motion_duration="5")
    await sees(catalog, first, 4)
    second = await comes_back(catalog, first, 5, config="c" * 12)
    catalog.clock.pass_s(90)
    keeper = MotionFiles(catalog.database, catalog.clock)
    for _ in range(2):
        await keeper.tick()
    videos = [file for file in await files(catalog) if file.kind == "mp4"]
    assert [file.session for file in videos] == [first.grant.session, second.grant.session]
    assert (videos[1].first_msn, videos[1].last_msn) == (second.first_msn, second.first_msn + 1)


async def test_stream_that_asks_no_more_holds_nothing(catalog: Catalog) -> None:
    said = await on_air(catalog, isMotion=False)
    await sees(catalog, said, 4)
    assert await events(catalog) == []


async def test_milliseconds_of_the_replaced_system_are_understood(catalog: Catalog) -> None:
    said = await on_air(catalog, motion_duration="5000")
    await sees(catalog, said, 3)
    assert await events(catalog) == [(1.006, 11.006)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("isMotion", "perhaps"), ("motion_diff", 0), ("motion_percent", 101), ("motion_timeout", 0),
     ("motion_duration", -1)],
)  # fmt: skip
async def test_senseless_motion_is_refused(catalog: Catalog, name: str, value: Any) -> None:
    with pytest.raises(StreamFieldInvalid, match=name):
        await catalog.create(**{name: value})
