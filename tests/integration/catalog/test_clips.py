"""Named clips: holds with a name, of which a file can be made, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from libs.events import (
    BeginJob,
    Clip,
    CreateClip,
    DeleteClip,
    DeleteHold,
    ExportClip,
    GetClip,
    GetJob,
    JobCompleted,
    ListClips,
    ListDiscards,
    ListHolds,
    SegmentReady,
)
from libs.names import DEFAULT_TENANT
from services.catalog.clips import GRACE
from services.catalog.errors import (
    ClipInvalid,
    ClipMixed,
    ClipNotOver,
    ClipUnknown,
    HoldOfClip,
    JobRangeEmpty,
    StreamUnknown,
)
from services.catalog.retention import Retention, Room, Rules
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import START, VIDEO, Said

OF = {"tenant": DEFAULT_TENANT, "stream": "cam-1"}


async def recorded(catalog: Catalog, count: int = 10) -> Said:
    await catalog.create()
    return await again(catalog, count)


async def again(
    catalog: Catalog, count: int, *, later_s: float = 0, config: str = VIDEO.config_id
) -> Said:
    said = Said(await catalog.open())
    await catalog.facts.stream_published(said.published())
    started = said.rendition_started()
    video = VIDEO.model_copy(update={"config_id": config})
    await catalog.facts.rendition_started(
        started.model_copy(update={"tracks": (video, *started.tracks[1:])})
    )
    for index in range(count):
        await catalog.facts.segment_ready(shown(said, index, later_s, config))
    await catalog.facts.session_ended(said.ended())
    catalog.clock.now += timedelta(hours=1)
    return said


def shown(said: Said, index: int, later_s: float, config: str) -> SegmentReady:
    """A row that is on air so much later, with that picture."""
    segment = said.ready(index).segment
    picture, sound = segment.tracks
    changes = {
        "starts_at": segment.starts_at + timedelta(seconds=later_s),
        "tracks": (picture.model_copy(update={"config_id": config}), sound),
    }
    return SegmentReady(segment=segment.model_copy(update=changes))


async def clip(catalog: Catalog, from_s: float, until_s: float, title: str = "Goal") -> Clip:
    return await catalog.answers.create_clip(
        CreateClip(
            **OF,
            title=title,
            from_at=START + timedelta(seconds=from_s),
            until_at=START + timedelta(seconds=until_s),
        )
    )


async def export(catalog: Catalog, made: Clip) -> Clip:
    return await catalog.answers.export_clip(ExportClip(**OF, id=made.id))


async def test_clips_are_listed_latest_first_and_found(catalog: Catalog) -> None:
    await recorded(catalog)
    first, second = await clip(catalog, 1, 5), await clip(catalog, 6, 9, "  Save ")
    assert (second.name, second.export) == ("Save", None)
    page = await catalog.answers.list_clips(ListClips(**OF, limit=1))
    rest = await catalog.answers.list_clips(ListClips(**OF, after=page.next_after))
    assert (page.clips, rest.clips, rest.next_after) == ((second,), (first,), None)
    assert await catalog.answers.get_clip(GetClip(**OF, id=first.id)) == first


async def test_clip_is_a_hold_that_goes_with_it_only(catalog: Catalog) -> None:
    said = await recorded(catalog)
    made = await clip(catalog, 7, 9)
    (hold,) = (await catalog.answers.list_holds(ListHolds(**OF))).holds
    assert (hold.id, hold.cause) == (made.id, "clip")
    with pytest.raises(HoldOfClip):
        await catalog.answers.delete_hold(DeleteHold(**OF, id=made.id))
    keeper = Retention(catalog.database, catalog.clock, Rules(hours=0.5), Room())
    await keeper.tick()
    kept = {key async for key in keys(catalog)}
    assert said.ready(4).segment.object_key not in kept
    await catalog.answers.delete_clip(DeleteClip(**OF, id=made.id))
    assert (await catalog.answers.list_holds(ListHolds(**OF))).holds == ()
    await keeper.tick()
    assert said.ready(4).segment.object_key in {key async for key in keys(catalog)}


async def keys(catalog: Catalog) -> Any:
    """Of what may be deleted."""
    catalog.clock.now += Rules().grace
    for key in (await catalog.answers.list_discards(ListDiscards())).keys:
        yield key


async def test_file_is_made_once_of_the_rows_that_show_the_clip(catalog: Catalog) -> None:
    said = await recorded(catalog)
    made = await export(catalog, await clip(catalog, 5, 9))
    assert made.export is not None
    assert made.export.state == "queued"
    assert await export(catalog, made) == made
    job = await catalog.answers.get_job(GetJob(tenant=DEFAULT_TENANT, job=made.export.job))
    assert job.params is not None
    # Rows last 2.002 s: the clip begins within the third, and ends within the fifth.
    assert [job.params[key] - said.first_msn for key in ("first_msn", "last_msn")] == [2, 4]
    await catalog.answers.begin_job(BeginJob(job=job.id, worker="one"))
    result = {"object_key": "jobs/x/1/out.mp4", "size_bytes": 77}
    await catalog.facts.job_completed(JobCompleted(job=job.id, attempt=1, result=result))
    ready = (await catalog.answers.get_clip(GetClip(**OF, id=made.id))).export
    assert ready is not None
    assert (ready.object_key, ready.size_bytes) == ("jobs/x/1/out.mp4", 77)
    await catalog.answers.delete_clip(DeleteClip(**OF, id=made.id))
    assert (await catalog.answers.list_discards(ListDiscards())).keys == ()
    catalog.clock.now += GRACE
    assert (await catalog.answers.list_discards(ListDiscards())).keys == ("jobs/x/1/out.mp4",)


async def test_deleting_a_clip_ends_its_job(catalog: Catalog) -> None:
    await recorded(catalog)
    made = await export(catalog, await clip(catalog, 5, 9))
    assert made.export is not None
    await catalog.answers.delete_clip(DeleteClip(**OF, id=made.id))
    job = await catalog.answers.get_job(GetJob(tenant=DEFAULT_TENANT, job=made.export.job))
    assert job.state == "cancelled"


async def test_file_of_what_cannot_be_one_is_refused(catalog: Catalog) -> None:
    await recorded(catalog)
    with pytest.raises(JobRangeEmpty):
        await export(catalog, await clip(catalog, 600, 700))
    with pytest.raises(ClipNotOver):
        await export(catalog, await clip(catalog, 5, 4000))


async def test_file_is_made_of_all_sessions_of_a_clip(catalog: Catalog) -> None:
    first = await recorded(catalog)
    second = await again(catalog, 5, later_s=60)
    made = await export(catalog, await clip(catalog, 15, 65))
    assert made.export is not None
    await catalog.answers.begin_job(BeginJob(job=made.export.job, worker="one"))
    job = await catalog.answers.get_job(GetJob(tenant=DEFAULT_TENANT, job=made.export.job))
    assert job.params == {
        "kind": "remux", "session": first.grant.session, "rendition": "source",
        "first_msn": first.first_msn + 7, "last_msn": first.first_msn + 9,
        "then": [
            {
                "session": second.grant.session, "rendition": "source",
                "first_msn": second.first_msn, "last_msn": second.first_msn + 2,
            }
        ],
    }  # fmt: skip


async def test_file_of_other_codec_settings_is_refused_with_their_time(catalog: Catalog) -> None:
    await recorded(catalog)
    await again(catalog, 5, later_s=60, config="c" * 12)
    with pytest.raises(ClipMixed, match=r"video .* from 2031-05-06T07:09:10\.000"):
        await export(catalog, await clip(catalog, 15, 65))
    # Each of the two on its own can be one.
    for from_s, until_s in ((15, 20), (60, 65)):
        assert (await export(catalog, await clip(catalog, from_s, until_s))).export is not None


@pytest.mark.parametrize(
    ("from_s", "until_s", "title"),
    [(5, 5, "a"), (6, 5, "a"), (0, 86_401, "a"), (0, 1, ""), (0, 1, " "), (0, 1, "a" * 201)],
)
async def test_senseless_clip_is_refused(
    catalog: Catalog, from_s: float, until_s: float, title: str
) -> None:
    await catalog.create()
    with pytest.raises(ClipInvalid):
        await clip(catalog, from_s, until_s, title)


async def test_what_is_unknown_is_not_found(catalog: Catalog) -> None:
    with pytest.raises(StreamUnknown):
        await clip(catalog, 0, 1)
    await catalog.create()
    for clip_id in ("nothing", "' OR 1=1--", "a\0b"):
        with pytest.raises(ClipUnknown):
            await catalog.answers.get_clip(GetClip(**OF, id=clip_id))
