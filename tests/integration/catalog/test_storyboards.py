"""Storyboards: ordered once, and gone with the rows that they show, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from libs.events import (
    BeginJob,
    GetJob,
    GetStoryboard,
    JobCompleted,
    ListJobs,
    SegmentReady,
    Storyboard,
)
from libs.names import DEFAULT_TENANT
from services.catalog.errors import (
    SessionUnknown,
    StoryboardEmpty,
    StoryboardsTooMany,
    StoryboardTooEarly,
)
from services.catalog.retention import Retention, Room, Rules
from services.catalog.storyboards import MAX_PENDING
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import START, Said

OF = {"tenant": DEFAULT_TENANT, "stream": "cam-1"}


async def recorded(catalog: Catalog, *, ends: bool = True) -> Said:
    await catalog.create()
    said = Said(await catalog.open())
    await catalog.facts.stream_published(said.published())
    await catalog.facts.rendition_started(said.rendition_started())
    for index in range(10):
        await catalog.facts.segment_ready(said.ready(index))
    if ends:
        await catalog.facts.session_ended(said.ended())
    catalog.clock.now = START + timedelta(hours=1)
    return said


async def ask(catalog: Catalog, **of: Any) -> Storyboard:
    return await catalog.answers.get_storyboard(GetStoryboard(**OF, **of))


async def window(catalog: Catalog, from_s: float, until_s: float) -> Storyboard:
    at = {"from_at": START + timedelta(seconds=from_s), "until_at": START + timedelta(0, until_s)}
    return await ask(catalog, **at)


async def make(catalog: Catalog, said: Said) -> None:
    """Do the job that is open; of several the oldest."""
    *_, job = (await catalog.answers.list_jobs(ListJobs(kind="storyboard", state="queued"))).jobs
    await catalog.answers.begin_job(BeginJob(job=job.id, worker="one"))
    result = {
        "object_key": f"jobs/{job.id}/1/out.jpg", "size_bytes": 500, "columns": 10,
        "tile_width": 160, "tile_height": 90,
        "tiles_ms": [said.ready(index).segment.start_ms for index in (2, 3)],
    }  # fmt: skip
    await catalog.facts.job_completed(JobCompleted(job=job.id, attempt=1, result=result))


async def test_sheet_is_ordered_once_and_told_when_it_is_there(catalog: Catalog) -> None:
    said = await recorded(catalog)
    first = await window(catalog, 5, 7)
    assert [sheet.state for sheet in first.sheets] == ["pending"]
    assert await window(catalog, 5, 7) == first
    await make(catalog, said)
    (sheet,) = (await window(catalog, 5, 7)).sheets
    assert (sheet.state, sheet.size_bytes, sheet.tiles) == ("ready", 500, (0.0, 2.002))
    assert sheet.begins_s == 0.0
    assert sheet.ends_s == pytest.approx(2 * 2.002)


async def test_storyboard_of_a_session_shows_all_of_it(catalog: Catalog) -> None:
    said = await recorded(catalog)
    (sheet,) = (await ask(catalog, session=said.grant.session)).sheets
    assert sheet.ends_s == pytest.approx(10 * 2.002)
    (job,) = (await catalog.answers.list_jobs(ListJobs(kind="storyboard"))).jobs
    detail = await catalog.answers.get_job(GetJob(tenant=DEFAULT_TENANT, job=job.id))
    assert detail.params is not None
    assert detail.params["last_msn"] - said.first_msn == 9


async def test_sheet_goes_with_the_rows_that_it_shows(catalog: Catalog) -> None:
    said = await recorded(catalog)
    await window(catalog, 5, 7)
    await make(catalog, said)
    keeper = Retention(catalog.database, catalog.clock, Rules(hours=0.5), Room())
    assert await keeper.tick() == 10 * 2000 + 500
    with pytest.raises(StoryboardEmpty):
        await window(catalog, 5, 7)


async def test_what_is_not_over_has_none_yet(catalog: Catalog) -> None:
    said = await recorded(catalog, ends=False)
    with pytest.raises(StoryboardTooEarly):
        await ask(catalog, session=said.grant.session)
    catalog.clock.now = START + timedelta(seconds=10)
    with pytest.raises(StoryboardTooEarly):
        await window(catalog, 0, 5)


async def test_who_asks_for_ever_other_windows_is_told_to_wait(catalog: Catalog) -> None:
    await recorded(catalog)
    spans = [(first, last) for first in range(4) for last in range(first + 1, 10)]
    for first, last in spans[:MAX_PENDING]:
        await window(catalog, 2.002 * first + 0.5, 2.002 * last + 0.5)
    first, last = spans[MAX_PENDING]
    with pytest.raises(StoryboardsTooMany):
        await window(catalog, 2.002 * first + 0.5, 2.002 * last + 0.5)


async def test_view_of_very_many_sessions_gets_its_sheets_some_at_a_time(
    catalog: Catalog,
) -> None:
    await catalog.create()
    for number in range(MAX_PENDING + 1):
        said = Said(await catalog.open())
        await catalog.facts.stream_published(said.published())
        row = said.ready(0).segment
        starts_at = row.starts_at + timedelta(seconds=10 * number)
        changed = SegmentReady(segment=row.model_copy(update={"starts_at": starts_at}))
        await catalog.facts.segment_ready(changed)
        await catalog.facts.session_ended(said.ended())
        catalog.clock.pass_s(10)
    catalog.clock.now = START + timedelta(hours=1)
    states = [sheet.state for sheet in (await window(catalog, 0, 3000)).sheets]
    assert states == ["pending"] * (MAX_PENDING + 1)
    for _ in range(MAX_PENDING):
        await make(catalog, said)
    for _ in range(2):
        states = [sheet.state for sheet in (await window(catalog, 0, 3000)).sheets]
        assert states == ["ready"] * MAX_PENDING + ["pending"]
    await make(catalog, said)
    assert {sheet.state for sheet in (await window(catalog, 0, 3000)).sheets} == {"ready"}


async def test_unknown_session_is_not_found(catalog: Catalog) -> None:
    await catalog.create()
    with pytest.raises(SessionUnknown):
        await ask(catalog, session="00000000-00000000")
