"""What retention takes out of the segment log, and what it leaves, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from libs.events import (
    BeginJob,
    CreateClip,
    CreateHold,
    CreateJob,
    DeferDiscards,
    DeleteClip,
    DeleteHold,
    ExportClip,
    ForgetDiscards,
    GetFile,
    GetJob,
    Hold,
    JobCompleted,
    ListDiscards,
    ListFiles,
    ListHolds,
    ListSegments,
    ListSessions,
    RecordedFile,
    RemuxParams,
    SegmentPage,
    Session,
    StillsStored,
    StoredStill,
)
from libs.names import DEFAULT_TENANT
from services.catalog.errors import (
    CursorInvalid,
    FileUnknown,
    HoldInvalid,
    HoldUnknown,
    StreamFieldInvalid,
    StreamUnknown,
)
from services.catalog.listed import LISTED_AT_LEAST
from services.catalog.models import DiscardRow
from services.catalog.recorder import Recorder
from services.catalog.retention import Retention, Room, Rules
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import START, Said

SEGMENT = 2000
"""Bytes."""


async def recorded(catalog: Catalog, count: int = 10, **item: Any) -> Said:
    """A session of `count` segments of two seconds, which ended an hour ago."""
    await catalog.create(**item)
    said = Said(await catalog.open())
    await catalog.facts.stream_published(said.published())
    await catalog.facts.rendition_started(said.rendition_started())
    for index in range(count):
        await catalog.facts.segment_ready(said.ready(index))
    await record(catalog)
    await catalog.facts.rendition_ended(said.rendition_ended(said.first_msn + count - 1))
    await catalog.facts.session_ended(said.ended())
    await record(catalog)
    catalog.clock.now = START + timedelta(hours=1)
    return said


async def record(catalog: Catalog) -> None:
    """Ask for the files that the stream's settings want."""
    await Recorder(catalog.database, catalog.clock).tick()


def retention(catalog: Catalog, free_bytes: int | None = None, **rules: Any) -> Retention:
    room = Room()
    room.note(free_bytes)
    return Retention(catalog.database, catalog.clock, Rules(**rules), room)


async def page(catalog: Catalog, said: Said, rendition: str = "source") -> SegmentPage:
    ask = ListSegments(tenant=DEFAULT_TENANT, session=said.grant.session, rendition=rendition)
    return await catalog.answers.list_segments(ask)


async def left(catalog: Catalog, said: Said) -> list[int]:
    return [row.msn - said.first_msn for row in (await page(catalog, said)).segments]


async def session(catalog: Catalog) -> Session:
    return (await catalog.answers.list_sessions(ListSessions(stream="cam-1"))).sessions[0]


async def hold(catalog: Catalog, first_s: float, last_s: float) -> Hold:
    return await catalog.answers.create_hold(
        CreateHold(
            tenant=DEFAULT_TENANT,
            stream="cam-1",
            from_at=START + timedelta(seconds=first_s),
            until_at=START + timedelta(seconds=last_s),
            cause="legal",
        )
    )


async def due(catalog: Catalog) -> list[str]:
    return list((await catalog.answers.list_discards(ListDiscards())).keys)


async def test_without_rules_everything_stays(catalog: Catalog) -> None:
    said = await recorded(catalog)
    assert await retention(catalog).tick() == 0
    assert len(await left(catalog, said)) == 10


async def test_what_is_older_than_the_stream_keeps_goes(catalog: Catalog) -> None:
    said = await recorded(catalog, retentionHours="1")
    catalog.clock.pass_s(9)
    assert await retention(catalog, hours=1000).tick() == 5 * SEGMENT
    assert await left(catalog, said) == [5, 6, 7, 8, 9]
    known = await session(catalog)
    assert (known.segments, known.size_bytes) == (5, 5 * SEGMENT)
    assert known.duration_s == pytest.approx(5 * 2.002)


async def test_hours_of_kinesis_clients_count_where_the_stream_has_none_of_its_own(
    catalog: Catalog,
) -> None:
    said = await recorded(catalog, DataRetentionInHours=1)
    catalog.clock.pass_s(9)
    await retention(catalog).tick()
    assert await left(catalog, said) == [5, 6, 7, 8, 9]


async def test_what_the_house_keeps_holds_for_streams_that_say_nothing(catalog: Catalog) -> None:
    said = await recorded(catalog)
    await retention(catalog, hours=0.5).tick()
    assert await left(catalog, said) == []


async def test_gap_is_left_with_its_cause_and_grows(catalog: Catalog) -> None:
    said = await recorded(catalog, retentionHours=1)
    for seconds in (5, 4):
        catalog.clock.pass_s(seconds)
        await retention(catalog).tick()
    gaps = (await page(catalog, said)).gaps
    assert [(gap.first_msn - said.first_msn, gap.last_msn - said.first_msn, gap.cause)
            for gap in gaps] == [(0, 4, "retention")]  # fmt: skip


async def test_held_segments_survive_until_their_hold_is_deleted(catalog: Catalog) -> None:
    said = await recorded(catalog, retentionHours=0.5)
    held = await hold(catalog, 61.0, 70.0)
    assert await left(catalog, said) == list(range(10)), "nothing happens at once"
    await retention(catalog).tick()
    # A segment that begins a minute before the hold may reach into it.
    assert await left(catalog, said) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    ask = DeleteHold(tenant=DEFAULT_TENANT, stream="cam-1", id=held.id)
    await catalog.answers.delete_hold(ask)
    await retention(catalog).tick()
    assert await left(catalog, said) == []


async def test_a_stream_may_keep_so_many_bytes(catalog: Catalog) -> None:
    said = await recorded(catalog, retentionBytes=4 * SEGMENT)
    await retention(catalog).tick()
    assert await left(catalog, said) == [6, 7, 8, 9]


async def test_all_together_may_be_so_many_bytes(catalog: Catalog) -> None:
    said = await recorded(catalog)
    await retention(catalog, max_bytes=3 * SEGMENT + 1).tick()
    assert await left(catalog, said) == [7, 8, 9]


async def test_what_goes_by_its_age_counts_among_the_bytes(catalog: Catalog) -> None:
    said = await recorded(catalog, retentionHours=1, retentionBytes=6 * SEGMENT)
    catalog.clock.pass_s(9)
    assert await retention(catalog).tick() == 5 * SEGMENT
    assert await left(catalog, said) == [5, 6, 7, 8, 9]


async def test_stream_whose_oldest_is_held_gives_no_younger_ones_for_it(catalog: Catalog) -> None:
    """Of all streams the oldest go first that may go."""
    for stream, indices in (("cam-1", (0, 20, 21, 22)), ("cam-2", (10, 11, 12))):
        await catalog.create(stream)
        said = Said(await catalog.open(stream))
        await catalog.facts.stream_published(said.published())
        for index in indices:
            await catalog.facts.segment_ready(said.ready(index))
        if stream == "cam-1":
            held = said
    await hold(catalog, 0, 1)
    catalog.clock.now = START + timedelta(hours=1)
    assert await retention(catalog, max_bytes=4 * SEGMENT).tick() == 3 * SEGMENT
    assert await left(catalog, said) == []
    assert await left(catalog, held) == [0, 20, 21, 22]


async def test_room_is_made_before_a_disk_is_full_and_only_once(catalog: Catalog) -> None:
    said = await recorded(catalog)
    keeper = retention(catalog, free_bytes=1000, min_free_bytes=1000 + 2 * SEGMENT)
    assert await keeper.tick() == 2 * SEGMENT
    assert await keeper.tick() == 0, "what is about to be deleted counts as room"
    assert await left(catalog, said) == [2, 3, 4, 5, 6, 7, 8, 9]


async def test_what_playlists_list_stays_whatever_there_is_no_room_for(catalog: Catalog) -> None:
    said = await recorded(catalog)
    catalog.clock.now = START + LISTED_AT_LEAST + timedelta(seconds=5)
    await retention(catalog, free_bytes=0, min_free_bytes=2**40).tick()
    assert await left(catalog, said) == [3, 4, 5, 6, 7, 8, 9]


async def test_objects_go_a_while_after_their_rows_and_once(catalog: Catalog) -> None:
    said = await recorded(catalog, retentionHours=1)
    catalog.clock.pass_s(3)
    await retention(catalog).tick()
    assert await due(catalog) == []
    catalog.clock.now += Rules().grace
    expected = [said.ready(index).segment.object_key for index in (0, 1)]
    assert await due(catalog) == expected
    await catalog.answers.forget_discards(ForgetDiscards(keys=tuple(expected)))
    assert await due(catalog) == []


async def test_init_segments_go_with_the_last_row_that_needs_them(catalog: Catalog) -> None:
    said = await recorded(catalog, count=2, retentionHours=0.5)
    await retention(catalog).tick()
    catalog.clock.now += Rules().grace
    folder = said.ready(0).segment.object_key.rpartition("/")[0]
    assert set(await due(catalog)) == {
        *(said.ready(index).segment.object_key for index in (0, 1)),
        f"{folder}/init-{'a' * 12}.mp4",
        f"{folder}/init-{'b' * 12}.mp4",
    }


# --- files made of rows ---------------------------------------------------------------------

VIDEO, PICTURE = 5000, 300
"""Bytes."""


async def made(catalog: Catalog, **item: Any) -> Said:
    """The same session with an MP4 and a picture of every second segment, all of them stored."""
    item = {"isVideo": True, "video_time": 4, "isImage": True, "image_time": 4} | item
    said = await recorded(catalog, **item)
    for file in await files(catalog):
        if file.kind == "jpeg":
            for _ in range(2):  # facts come more than once
                await still_stored(catalog, file)
        else:
            await video_made(catalog, file)
    return said


async def still_stored(catalog: Catalog, file: RecordedFile) -> None:
    stored = StoredStill(tenant=DEFAULT_TENANT, stream="cam-1", key=file.key, size_bytes=PICTURE)
    await catalog.facts.stills_stored(StillsStored(stills=(stored,)))


async def video_made(catalog: Catalog, file: RecordedFile) -> None:
    assert file.job is not None
    await catalog.answers.begin_job(BeginJob(job=file.job, worker="one"))
    result = {"object_key": f"jobs/{file.job}/1/out.mp4", "size_bytes": VIDEO}
    await catalog.facts.job_completed(JobCompleted(job=file.job, attempt=1, result=result))


async def files(catalog: Catalog, kind: Any = None) -> list[RecordedFile]:
    page = await catalog.answers.list_files(
        ListFiles(tenant=DEFAULT_TENANT, stream="cam-1", kind=kind)
    )
    return list(page.files)[::-1]


async def firsts(catalog: Catalog, said: Said, kind: str) -> list[int]:
    return [file.first_msn - said.first_msn for file in await files(catalog, kind)]


async def test_files_go_by_the_age_of_what_they_show_last(catalog: Catalog) -> None:
    said = await made(catalog, retentionHours=1)
    assert await firsts(catalog, said, "mp4") == [0, 2, 4, 6, 8]
    catalog.clock.pass_s(9)
    gone = await retention(catalog).tick()
    assert gone == 5 * SEGMENT + 2 * VIDEO + 3 * PICTURE
    assert await firsts(catalog, said, "mp4") == [4, 6, 8], "the third one ends later"
    assert await firsts(catalog, said, "jpeg") == [6, 8]
    assert await retention(catalog).tick() == 0


async def test_object_of_a_file_goes_a_while_later_unless_somebody_reads_it(
    catalog: Catalog,
) -> None:
    await made(catalog, retentionHours=1)
    first, second, *_ = await files(catalog, "mp4")
    picture = (await files(catalog, "jpeg"))[0]
    catalog.clock.pass_s(9)
    await retention(catalog).tick()
    with pytest.raises(FileUnknown):
        await catalog.answers.get_file(GetFile(tenant=DEFAULT_TENANT, key=first.key))
    catalog.clock.now += Rules().grace - timedelta(seconds=1)
    assert await due(catalog) == []
    assert first.object_key
    await catalog.answers.defer_discards(DeferDiscards(keys=(first.object_key,), for_s=30))
    catalog.clock.pass_s(1)
    assert {second.object_key, picture.key} <= set(await due(catalog))
    assert first.object_key not in await due(catalog)
    catalog.clock.pass_s(29)
    assert first.object_key in await due(catalog)


async def test_bytes_of_files_count_and_the_oldest_of_both_go_first(catalog: Catalog) -> None:
    most = 4 * SEGMENT + 2 * VIDEO + 2 * PICTURE
    said = await made(catalog, retentionBytes=most)
    await retention(catalog).tick()
    assert await left(catalog, said) == [6, 7, 8, 9]
    assert await firsts(catalog, said, "mp4") == [6, 8]
    assert await firsts(catalog, said, "jpeg") == [6, 8]
    assert await retention(catalog, max_bytes=most).tick() == 0
    await retention(catalog, max_bytes=VIDEO).tick()
    assert (await left(catalog, said), await firsts(catalog, said, "mp4")) == ([], [8])


async def test_files_of_a_held_time_survive(catalog: Catalog) -> None:
    said = await made(catalog, retentionHours=0.5)
    await hold(catalog, 5.0, 9.0)
    await retention(catalog).tick()
    assert await firsts(catalog, said, "mp4") == [2, 4]
    assert await firsts(catalog, said, "jpeg") == [4]


async def wanted(catalog: Catalog, said: Said, first: int, last: int) -> str:
    """A job of these rows, done; returns its id."""
    params = RemuxParams(
        session=said.grant.session,
        first_msn=said.first_msn + first,
        last_msn=said.first_msn + last,
    )
    job = await catalog.answers.create_job(CreateJob(tenant=DEFAULT_TENANT, params=params))
    file = (await files(catalog, "export"))[-1]
    assert (file.job, file.state) == (job.id, "pending")
    await video_made(catalog, file)
    return job.id


async def result_of(catalog: Catalog, job: str) -> dict[str, Any]:
    found = await catalog.answers.get_job(GetJob(tenant=DEFAULT_TENANT, job=job))
    assert found.result is not None
    return found.result


async def test_what_jobs_made_goes_with_the_time_that_it_shows(catalog: Catalog) -> None:
    said = await recorded(catalog, retentionHours=1)
    older, younger = await wanted(catalog, said, 0, 2), await wanted(catalog, said, 2, 9)
    assert (await session(catalog)).size_bytes == 10 * SEGMENT
    catalog.clock.pass_s(9)
    assert await retention(catalog).tick() == 5 * SEGMENT + VIDEO
    assert [file.job for file in await files(catalog)] == [younger]
    catalog.clock.now += Rules().grace
    assert f"jobs/{older}/1/out.mp4" in await due(catalog)
    assert await result_of(catalog, older) == {"size_bytes": VIDEO}
    assert "object_key" in await result_of(catalog, younger)


async def test_file_of_a_clip_counts_and_stays_as_long_as_the_clip(catalog: Catalog) -> None:
    said = await recorded(catalog, retentionHours=0.5)
    of = {"tenant": DEFAULT_TENANT, "stream": "cam-1"}
    at = {"from_at": START, "until_at": START + timedelta(seconds=5)}
    clip = await catalog.answers.create_clip(CreateClip(**of, **at, title="Goal"))
    await catalog.answers.export_clip(ExportClip(**of, id=clip.id))
    (file,) = await files(catalog, "export")
    assert file.first_msn == said.first_msn
    await video_made(catalog, file)
    await retention(catalog, max_bytes=1).tick()
    assert await left(catalog, said) == [0, 1, 2]
    assert [each.state for each in await files(catalog)] == ["ready"]
    await catalog.answers.delete_clip(DeleteClip(**of, id=clip.id))
    assert await files(catalog) == []
    assert await retention(catalog, max_bytes=1).tick() == 3 * SEGMENT, "its bytes count no more"


async def test_file_that_is_being_made_waits_for_its_end(catalog: Catalog) -> None:
    said = await recorded(catalog, isVideo=True, video_time=10, retentionHours=0.5)
    await retention(catalog).tick()
    assert await left(catalog, said) == []
    first, second = await files(catalog)
    await video_made(catalog, first)
    await retention(catalog).tick()
    assert await files(catalog) == [second]


async def test_picture_that_comes_after_its_time_is_thrown_away(catalog: Catalog) -> None:
    await recorded(catalog, isImage=True, image_time=10, retentionHours=0.5)
    late = (await files(catalog))[0]
    await retention(catalog).tick()
    assert await files(catalog) == []
    await still_stored(catalog, late)
    assert await due(catalog) == [late.key]


async def test_row_that_is_said_again_keeps_its_object(catalog: Catalog) -> None:
    said = await recorded(catalog, count=1, retentionHours=0.5)
    await retention(catalog).tick()
    await catalog.facts.segment_ready(said.ready(0))
    async with catalog.database.transaction(read_only=True) as tx:
        keys = list((await tx.execute(select(DiscardRow.object_key))).scalars())
    assert said.ready(0).segment.object_key not in keys


async def test_holds_are_listed_in_order_and_checked(catalog: Catalog) -> None:
    await catalog.create()
    later, sooner = await hold(catalog, 10, 20), await hold(catalog, 0, 5)
    ask = ListHolds(tenant=DEFAULT_TENANT, stream="cam-1")
    assert (await catalog.answers.list_holds(ask)).holds == (sooner, later)
    with pytest.raises(HoldInvalid):
        await hold(catalog, 5, 5)
    with pytest.raises(HoldUnknown):
        await catalog.answers.delete_hold(
            DeleteHold(tenant=DEFAULT_TENANT, stream="cam-1", id="' OR 1=1--\0")
        )
    with pytest.raises(StreamUnknown):
        await catalog.answers.list_holds(ListHolds(tenant=DEFAULT_TENANT, stream="other"))


async def test_holds_come_in_pages(catalog: Catalog) -> None:
    await catalog.create()
    # Of the same moment there may be many: an order that moments alone make would lose some.
    made = {(await hold(catalog, at, 60)).id for at in (0, 0, 0, 10, 20)}
    ask = ListHolds(tenant=DEFAULT_TENANT, stream="cam-1", limit=2)
    pages = [await catalog.answers.list_holds(ask)]
    while (after := pages[-1].next_after) is not None:
        more = ask.model_copy(update={"after": after})
        pages.append(await catalog.answers.list_holds(more))
    assert [len(each.holds) for each in pages] == [2, 2, 1]
    listed = [each for found in pages for each in found.holds]
    assert {each.id for each in listed} == made
    assert [each.from_at for each in listed] == sorted(each.from_at for each in listed)
    with pytest.raises(CursorInvalid):
        await catalog.answers.list_holds(ask.model_copy(update={"after": "the third"}))


@pytest.mark.parametrize("value", [0, -1, "soon", 1e300, True])
@pytest.mark.parametrize("name", ["retentionHours", "retentionBytes"])
async def test_senseless_retention_is_refused(catalog: Catalog, name: str, value: Any) -> None:
    with pytest.raises(StreamFieldInvalid, match=name):
        await catalog.create(**{name: value})
