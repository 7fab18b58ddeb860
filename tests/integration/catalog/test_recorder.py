"""What the recorder orders of a session's rows, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from libs.events import (
    BeginJob,
    CancelJob,
    GetFile,
    JobCompleted,
    ListFiles,
    ListJobs,
    RecordedFile,
    StillsRequested,
    StillsStored,
    StoredStill,
    WantedStill,
)
from libs.names import DEFAULT_TENANT
from services.catalog.errors import DatabaseDown, FileUnknown, StreamFieldInvalid
from services.catalog.models import OutboxRow
from services.catalog.recorder import PATIENCE, Recorder
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import START, Said


async def on_air(catalog: Catalog, **item: Any) -> Said:
    await catalog.create(**item)
    said = Said(await catalog.open())
    await catalog.facts.stream_published(said.published())
    await catalog.facts.rendition_started(said.rendition_started())
    catalog.clock.now = START + timedelta(seconds=2)
    return said


async def look(catalog: Catalog, said: Said) -> None:
    recorder = Recorder(catalog.database, catalog.clock)
    recorder.note(said.grant.session)
    await recorder.tick()


async def files(catalog: Catalog, **ask: Any) -> list[RecordedFile]:
    page = await catalog.answers.list_files(ListFiles(tenant=DEFAULT_TENANT, stream="cam-1", **ask))
    return list(page.files)[::-1]


async def still_orders(catalog: Catalog) -> list[StillsRequested]:
    query = select(OutboxRow).where(OutboxRow.type == StillsRequested.name)
    async with catalog.database.transaction(read_only=True) as tx:
        rows = (await tx.execute(query.order_by(OutboxRow.seq))).scalars()
        return [StillsRequested.model_validate(row.data) for row in rows]


async def stills(catalog: Catalog) -> list[WantedStill]:
    return [still for order in await still_orders(catalog) for still in order.stills]


async def ends(catalog: Catalog, said: Said, last: int) -> None:
    await catalog.facts.rendition_ended(said.rendition_ended(said.first_msn + last))
    await catalog.facts.session_ended(said.ended())


async def test_files_are_jobs_under_the_known_names(catalog: Catalog) -> None:
    said = await on_air(catalog, isVideo="true", video_time="5")
    for index in range(7):
        await catalog.facts.segment_ready(said.ready(index))
        await look(catalog, said)
    await ends(catalog, said, 6)
    await look(catalog, said)
    found = await files(catalog)
    spans = [(each.first_msn - said.first_msn, each.last_msn - said.first_msn) for each in found]
    assert spans == [(0, 2), (3, 4), (5, 6)]
    assert {each.state for each in found} == {"pending"}
    assert [each.key for each in found] == [
        "cam-1/mp4/2031/5/6/capture-000-2031-05-06_07-08-10.mp4",
        "cam-1/mp4/2031/5/6/capture-001-2031-05-06_07-08-16.mp4",
        "cam-1/mp4/2031/5/6/capture-002-2031-05-06_07-08-20.mp4",
    ]
    assert found[0].duration_s == pytest.approx(3 * 2.002)
    jobs = (await catalog.answers.list_jobs(ListJobs(tenant=DEFAULT_TENANT))).jobs
    assert {job.id for job in jobs if job.kind == "remux"} == {each.job for each in found}


async def test_file_is_ready_with_its_job(catalog: Catalog) -> None:
    said = await on_air(catalog, isVideo=True, video_time=2)
    for index in (0, 1):
        await catalog.facts.segment_ready(said.ready(index))
    await look(catalog, said)
    (file,) = await files(catalog)
    assert file.job is not None
    await catalog.answers.begin_job(BeginJob(job=file.job, worker="one"))
    result = {"object_key": "jobs/default/x/1/out.mp4", "size_bytes": 77}
    await catalog.facts.job_completed(JobCompleted(job=file.job, attempt=1, result=result))
    ready = await catalog.answers.get_file(GetFile(tenant=DEFAULT_TENANT, key=file.key))
    assert (ready.state, ready.object_key, ready.size_bytes) == (
        "ready", "jobs/default/x/1/out.mp4", 77,
    )  # fmt: skip


async def test_file_of_a_cancelled_job_is_given_up(catalog: Catalog) -> None:
    said = await on_air(catalog, isVideo=True, video_time=2)
    for index in (0, 1):
        await catalog.facts.segment_ready(said.ready(index))
    await look(catalog, said)
    (file,) = await files(catalog)
    assert file.job is not None
    await catalog.answers.cancel_job(CancelJob(tenant=DEFAULT_TENANT, job=file.job))
    assert [each.state for each in await files(catalog)] == ["failed"]


async def test_pictures_are_ordered_once_and_ready_when_stored(catalog: Catalog) -> None:
    said = await on_air(catalog, isImage="true", image_time="4")
    for index in range(5):
        await catalog.facts.segment_ready(said.ready(index))
        await look(catalog, said)
    orders = await stills(catalog)
    assert [order.msn - said.first_msn for order in orders] == [0, 2, 4]
    row = said.ready(0).segment
    picture = orders[0].picture
    assert (picture.object_key, picture.offset, picture.size_bytes) == (row.object_key, 0, 1000)
    assert picture.init_key == f"{row.object_key.rpartition('/')[0]}/init-{'a' * 12}.mp4"
    assert orders[0].key == "cam-1/images/2031/5/6/capture-2031-05-06_07-08-10.jpg"
    stored = StoredStill(tenant=DEFAULT_TENANT, stream="cam-1", key=orders[0].key, size_bytes=9)
    await catalog.facts.stills_stored(StillsStored(stills=(stored,)))
    found = await files(catalog, kind="jpeg")
    assert [each.state for each in found] == ["ready", "pending", "pending"]


async def test_row_that_is_late_is_waited_for(catalog: Catalog) -> None:
    said = await on_air(catalog, isImage=True, image_time=1)
    for index in (0, 2):
        await catalog.facts.segment_ready(said.ready(index))
    await look(catalog, said)
    assert len(await stills(catalog)) == 1
    await catalog.facts.segment_ready(said.ready(1))
    await look(catalog, said)
    assert [order.msn - said.first_msn for order in await stills(catalog)] == [0, 1, 2]


async def test_what_was_noted_is_looked_at_once_the_database_is_back(catalog: Catalog) -> None:
    said = await on_air(catalog, isImage=True, image_time=1)
    await catalog.facts.segment_ready(said.ready(0))
    recorder = Recorder(catalog.database, catalog.clock)
    await recorder.tick()
    await catalog.facts.segment_ready(said.ready(1))
    recorder.note(said.grant.session)
    catalog.database.hold()
    with pytest.raises(DatabaseDown):
        await recorder.tick()
    catalog.database.open()
    await recorder.tick()
    assert len(await stills(catalog)) == 2


async def test_row_that_never_comes_is_not_waited_for_for_ever(catalog: Catalog) -> None:
    said = await on_air(catalog, isImage=True, image_time=1)
    for index in (0, 2):
        await catalog.facts.segment_ready(said.ready(index))
    catalog.clock.now += PATIENCE + timedelta(seconds=10)
    await look(catalog, said)
    assert [order.msn - said.first_msn for order in await stills(catalog)] == [0, 2]


async def test_stream_that_asks_for_nothing_is_left_alone(catalog: Catalog) -> None:
    said = await on_air(catalog, isVideo="false", video_time="60", isImage=False)
    await catalog.facts.segment_ready(said.ready(0))
    await look(catalog, said)
    assert (await files(catalog), await stills(catalog)) == ([], [])


@pytest.mark.parametrize(
    ("name", "value"),
    [("video_time", "1"), ("video_time", "soon"), ("image_time", 0), ("isVideo", "perhaps"),
     ("isImage", 3)],
)  # fmt: skip
async def test_senseless_recording_is_refused(catalog: Catalog, name: str, value: Any) -> None:
    with pytest.raises(StreamFieldInvalid, match=name):
        await catalog.create(**{name: value})


@pytest.mark.parametrize("key", ["nothing", "' OR 1=1--", "a\0b", "../x"])
async def test_unknown_file_is_not_found(catalog: Catalog, key: str) -> None:
    with pytest.raises(FileUnknown):
        await catalog.answers.get_file(GetFile(tenant=DEFAULT_TENANT, key=key))
