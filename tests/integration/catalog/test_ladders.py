"""The job that makes a live stream's ladder: when it is wanted, and what is said of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, select

from libs.events import (
    GetStream,
    GetTranscodePlan,
    Job,
    ListJobs,
    PublishGrant,
    TranscodeChanged,
    TranscodeReport,
    TranscodeRequested,
    UpdateStream,
)
from libs.names import DEFAULT_TENANT
from services.catalog.errors import StreamFieldInvalid, TranscodeUnwanted
from services.catalog.models import OutboxRow
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said

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
