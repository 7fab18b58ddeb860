"""Marks of a stream: its job, its plan, and what ingest is told of them."""

from typing import Any

import pytest
from sqlalchemy import select

from libs.events import GetStream, GetTranscodePlan, StreamChanged, UpdateStream
from libs.events.marks import TextMark
from libs.names import DEFAULT_TENANT
from services.catalog.errors import StreamFieldInvalid, TranscodeUnwanted
from services.catalog.models import OutboxRow
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said

TEXT = {"isWaterMark": True, "WaterMarkText": "Weir", "WaterMarkFontColor": "white"}


async def change(catalog: Catalog, **item: Any) -> None:
    catalog.clock.pass_s(1)
    ask = UpdateStream(tenant=DEFAULT_TENANT, id="cam-1", item=item)
    await catalog.answers.update_stream(ask)


async def said(catalog: Catalog) -> list[bool]:
    """Of each change of the stream, whether its picture is marked since."""
    async with catalog.database.transaction() as tx:
        rows = (await tx.execute(select(OutboxRow).order_by(OutboxRow.seq))).scalars()
        return [row.data["is_marked"] for row in rows if row.type == StreamChanged.name]


@pytest.fixture(autouse=True)
async def stream(catalog: Catalog) -> None:
    await catalog.create()


async def test_marks_alone_are_a_job_and_the_publish_is_told(catalog: Catalog) -> None:
    assert not (await catalog.open()).is_marked
    await change(catalog, **TEXT)
    grant = await catalog.open()
    assert grant.is_marked
    await catalog.facts.stream_published(Said(grant).published())
    plan = await catalog.answers.get_transcode_plan(GetTranscodePlan(session=grant.session))
    assert plan.ladder is None
    assert plan.marks == (TextMark(text="Weir", color="#ffffff"),)
    known = await catalog.answers.get_stream(GetStream(tenant=DEFAULT_TENANT, id="cam-1"))
    assert known.marks == plan.marks
    await change(catalog, isWaterMark="false")
    assert await said(catalog) == [False, True, False]
    with pytest.raises(TranscodeUnwanted):
        await catalog.answers.get_transcode_plan(GetTranscodePlan(session=grant.session))


@pytest.mark.parametrize(
    ("marks", "why"),
    [
        ([{"kind": "text", "text": "\U00010330"}], "cannot be drawn"),
        ([{"kind": "clock", "size": 400}] * 9, "at most 8 marks"),
        ([{"kind": "image", "url": "http://localhost/logo.png"}], "WEIR_EGRESS_ALLOW"),
    ],
)
async def test_marks_that_cannot_be_change_nothing(catalog: Catalog, marks: Any, why: str) -> None:
    await change(catalog, **TEXT)
    with pytest.raises(StreamFieldInvalid, match=why):
        await change(catalog, watermark=marks)
    known = await catalog.answers.get_stream(GetStream(tenant=DEFAULT_TENANT, id="cam-1"))
    assert known.marks == (TextMark(text="Weir", color="#ffffff"),)
    assert "watermark" not in known.item
