"""The job that makes a live stream's ladder: when it is wanted, and what is said of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, select

from libs.events import (
    GetLadder,
    GetStream,
    GetTranscodePlan,
    Job,
    LadderChanged,
    ListJobs,
    ListRenditionStates,
    PublishGrant,
    RungReport,
    SoundChanged,
    TranscodeChanged,
    TranscodeReport,
    TranscodeRequested,
    UpdateStream,
    WantLadder,
)
from libs.names import DEFAULT_TENANT
from services.catalog.errors import SessionUnknown, StreamFieldInvalid, TranscodeUnwanted
from services.catalog.idle_ladders import IdleLadders
from services.catalog.models import OutboxRow
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said

IDLE_S = 60.0
"""As the setting is by default."""
ON = {"isCodec": "true", "hd": "true", "ld": True}


async def on_air(catalog: Catalog) -> PublishGrant:
    grant = await catalog.open()
    await catalog.facts.stream_published(Said(grant).published())
    return grant


async def change(catalog: Catalog, **item: Any) -> None:
    catalog.clock.pass_s(1)
    ask = UpdateStream(tenant=DEFAULT_TENANT, id="cam-1", item=item)
    await catalog.answers.update_stream(ask)


async def take_offers(catalog: Catalog) -> list[dict[str, Any]]:
    async with catalog.database.transaction() as tx:
        rows = list((await tx.execute(select(OutboxRow).order_by(OutboxRow.seq))).scalars())
        await tx.execute(delete(OutboxRow))
    return [row.data for row in rows if row.type == TranscodeRequested.name]


async def job_of(catalog: Catalog) -> Job:
    jobs = (await catalog.answers.list_jobs(ListJobs())).jobs
    return next(job for job in jobs if job.kind == "transcode")


def said(grant: PublishGrant, epoch: int, number: int, **more: Any) -> TranscodeChanged:
    report = TranscodeReport(
        epoch=epoch, number=number, since=datetime(2026, 1, 1, tzinfo=UTC), take=1,
        **{"state": "live"} | more,
    )  # fmt: skip
    return TranscodeChanged(
        job=f"transcode-{grant.session}", stream="cam-1", session=grant.session, report=report
    )


@pytest.fixture(autouse=True)
async def stream(catalog: Catalog) -> None:
    await catalog.create()


async def test_stream_without_a_ladder_is_not_transcoded(catalog: Catalog) -> None:
    grant = await on_air(catalog)
    assert await take_offers(catalog) == []
    with pytest.raises(TranscodeUnwanted):
        await catalog.answers.get_transcode_plan(GetTranscodePlan(session=grant.session))


async def test_ladder_is_offered_with_the_publish_and_the_fields_stay_as_sent(
    catalog: Catalog,
) -> None:
    await change(catalog, **ON)
    grant = await on_air(catalog)
    (offer,) = await take_offers(catalog)
    assert (offer["job"], offer["kind"]) == (f"transcode-{grant.session}", "live")
    plan = await catalog.answers.get_transcode_plan(GetTranscodePlan(session=grant.session))
    assert plan.ladder is not None
    assert [rung.name for rung in plan.ladder.rungs] == ["360p", "720p"]
    stream = await catalog.answers.get_stream(GetStream(tenant=DEFAULT_TENANT, id="cam-1"))
    assert (stream.ladder, plan.version) == (plan.ladder, stream.revision)
    assert stream.item | ON == stream.item


async def test_ladder_is_switched_on_changed_and_off_while_live(catalog: Catalog) -> None:
    grant = await on_air(catalog)
    await take_offers(catalog)
    await change(catalog, ladder={"rungs": ["sd"]})
    assert [offer["attempt"] for offer in await take_offers(catalog)] == [1]
    await change(catalog, ladder={"rungs": ["sd", "ld"]})
    assert await take_offers(catalog) == [], "its worker hears of it by stream.changed"
    await change(catalog, ladder=None)
    assert (await job_of(catalog)).state == "completed"
    with pytest.raises(TranscodeUnwanted):
        await catalog.answers.get_transcode_plan(GetTranscodePlan(session=grant.session))
    await change(catalog, ladder={"rungs": ["sd"]})
    assert [offer["attempt"] for offer in await take_offers(catalog)] == [2]


async def test_ladder_ends_with_its_session(catalog: Catalog) -> None:
    await change(catalog, **ON)
    grant = await on_air(catalog)
    await catalog.facts.session_ended(Said(grant).ended())
    assert (await job_of(catalog)).state == "completed"


LAZY = {"rungs": ["sd"], "mode": "lazy"}


async def want(catalog: Catalog, grant: PublishGrant) -> float:
    return (await catalog.answers.want_ladder(WantLadder(session=grant.session))).again_s


async def test_lazy_ladder_is_made_while_somebody_watches(catalog: Catalog) -> None:
    await change(catalog, ladder=LAZY)
    grant = await on_air(catalog)
    assert await take_offers(catalog) == [], "nobody watches"
    planned = await catalog.answers.get_ladder(GetLadder(session=grant.session))
    assert planned.ladder is not None, "players are told of its rungs all the same"
    assert [rung.name for rung in planned.ladder.rungs] == ["480p"]
    with pytest.raises(TranscodeUnwanted):
        await catalog.answers.get_transcode_plan(GetTranscodePlan(session=grant.session))

    again_s = await want(catalog, grant)
    assert again_s < IDLE_S
    assert [offer["attempt"] for offer in await take_offers(catalog)] == [1]
    plan = await catalog.answers.get_transcode_plan(GetTranscodePlan(session=grant.session))
    assert plan.ladder is not None
    idle = IdleLadders(catalog.database, catalog.clock, idle_s=IDLE_S)
    catalog.clock.pass_s(IDLE_S - 1)
    await idle.tick()
    await want(catalog, grant)
    assert await take_offers(catalog) == [], "it is made already"

    catalog.clock.pass_s(IDLE_S - 1)
    await idle.tick()
    assert (await job_of(catalog)).state == "offered"
    catalog.clock.pass_s(2)
    await idle.tick()
    assert (await job_of(catalog)).state == "completed"
    with pytest.raises(TranscodeUnwanted):
        await catalog.answers.get_transcode_plan(GetTranscodePlan(session=grant.session))
    await want(catalog, grant)
    assert [offer["attempt"] for offer in await take_offers(catalog)] == [2]


async def test_worker_of_marks_hears_that_somebody_watches(catalog: Catalog) -> None:
    """It has the job already: the rungs are one more thing to make."""
    await change(catalog, ladder=LAZY, isWaterMark=True, WaterMarkText="live")
    grant = await on_air(catalog)
    plan = await catalog.answers.get_transcode_plan(GetTranscodePlan(session=grant.session))
    assert plan.marks
    assert plan.ladder is None
    async with catalog.database.transaction() as tx:
        await tx.execute(delete(OutboxRow))
    await want(catalog, grant)
    assert await said_changes(catalog) == [True]
    plan = await catalog.answers.get_transcode_plan(GetTranscodePlan(session=grant.session))
    assert plan.ladder is not None
    catalog.clock.pass_s(IDLE_S + 1)
    await IdleLadders(catalog.database, catalog.clock, idle_s=IDLE_S).tick()
    assert await said_changes(catalog) == [True, False]
    assert (await job_of(catalog)).state == "offered", "the marks are still to be made"


def sound(grant: PublishGrant, codec: str | None, tag: int) -> SoundChanged:
    return SoundChanged(
        tenant=grant.tenant, stream="cam-1", session=grant.session, tag=tag, foreign_codec=codec
    )


async def test_sound_that_is_not_aac_is_a_job_without_a_ladder(catalog: Catalog) -> None:
    grant = await catalog.open()
    await catalog.facts.sound_changed(sound(grant, ".mp3", 3))
    assert await take_offers(catalog) == [], "it is not on air yet"
    await catalog.facts.stream_published(Said(grant).published())
    assert [offer["attempt"] for offer in await take_offers(catalog)] == [1]
    ask = GetTranscodePlan(session=grant.session)
    plan = await catalog.answers.get_transcode_plan(ask)
    assert (plan.ladder, plan.marks, plan.makes_sound) == (None, (), True)
    await catalog.facts.sound_changed(sound(grant, None, 70))
    await catalog.facts.sound_changed(sound(grant, ".mp3", 50))
    assert (await job_of(catalog)).state == "completed", "what is older counts no more"
    with pytest.raises(TranscodeUnwanted):
        await catalog.answers.get_transcode_plan(ask)
    await catalog.facts.sound_changed(sound(grant, "Opus", 90))
    assert [offer["attempt"] for offer in await take_offers(catalog)] == [2]
    await change(catalog, ladder={"rungs": ["sd"]})
    await change(catalog, ladder=None)
    assert (await job_of(catalog)).state == "offered"


async def states(catalog: Catalog, grant: PublishGrant) -> dict[str, tuple[str, str | None]]:
    ask = ListRenditionStates(tenant=DEFAULT_TENANT, session=grant.session)
    found = (await catalog.answers.list_rendition_states(ask)).renditions
    return {each.name: (each.state, each.cause) for each in found}


async def test_renditions_say_how_they_go(catalog: Catalog) -> None:
    await change(catalog, ladder={"rungs": ["ld", "sd", "ud"], "mode": "lazy"})
    grant = await on_air(catalog)
    await catalog.facts.rendition_started(Said(grant).rendition_started())
    assert await states(catalog, grant) == {
        "source": ("live", None),
        "360p": ("planned", "lazy"),
        "480p": ("planned", "lazy"),
        "1080p": ("planned", "lazy"),
    }
    await want(catalog, grant)
    assert (await states(catalog, grant))["480p"] == ("planned", None)
    rungs = [
        RungReport(name="360p", width=640, height=360),
        RungReport(name="480p", left_out="shed"),
        RungReport(name="1080p", left_out="not_smaller"),
    ]
    await catalog.facts.transcode_changed(said(grant, 1, 1, cause="shed", rungs=rungs))
    assert await states(catalog, grant) == {
        "source": ("live", None),
        "360p": ("live", None),
        "480p": ("left_out", "shed"),
        "1080p": ("left_out", "not_smaller"),
    }
    await catalog.facts.transcode_changed(said(grant, 1, 2, state="failed", cause="stalled"))
    assert (await states(catalog, grant))["360p"] == ("failed", "stalled")
    await catalog.facts.session_ended(Said(grant).ended())
    assert await states(catalog, grant) == {"source": ("ended", None)}
    unknown = ListRenditionStates(tenant=DEFAULT_TENANT, session="00000000-00000000")
    with pytest.raises(SessionUnknown):
        await catalog.answers.list_rendition_states(unknown)


async def said_changes(catalog: Catalog) -> list[bool]:
    async with catalog.database.transaction(read_only=True) as tx:
        rows = (await tx.execute(select(OutboxRow).order_by(OutboxRow.seq))).scalars()
        return [row.data["is_wanted"] for row in rows if row.type == LadderChanged.name]


async def test_watching_what_has_no_lazy_ladder_changes_nothing(catalog: Catalog) -> None:
    grant = await on_air(catalog)
    assert await want(catalog, grant) > 0
    await change(catalog, ladder={"rungs": ["sd"]})
    await take_offers(catalog)
    await want(catalog, grant)
    assert await take_offers(catalog) == []
    assert (await catalog.answers.want_ladder(WantLadder(session="00000000-00000000"))).again_s
    unknown = await catalog.answers.get_ladder(GetLadder(session="00000000-00000000"))
    assert unknown.ladder is None


async def test_refused_ladder_changes_nothing(catalog: Catalog) -> None:
    with pytest.raises(StreamFieldInvalid):
        await change(catalog, ladder={"rungs": ["8k"]})
    stream = await catalog.answers.get_stream(GetStream(tenant=DEFAULT_TENANT, id="cam-1"))
    assert stream.ladder is None


async def test_newest_report_is_shown_in_whatever_order_they_come(catalog: Catalog) -> None:
    await change(catalog, **ON)
    grant = await on_air(catalog)
    for epoch, number, cause in ((1, 2, "shed"), (1, 1, None), (2, 1, "stalled"), (1, 3, None)):
        fact = said(grant, epoch, number, cause=cause)
        await catalog.facts.transcode_changed(fact)
    report = (await job_of(catalog)).report
    assert report is not None
    assert (report.epoch, report.number, report.cause) == (2, 1, "stalled")
