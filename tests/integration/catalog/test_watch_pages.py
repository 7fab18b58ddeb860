"""What watch pages say, and titles of streams, on both databases."""

from typing import Any

import pytest
from sqlalchemy import select

from libs.events import (
    CreateDomain,
    CreateStream,
    DeleteStream,
    GetWatchPage,
    UpdateStream,
    WatchPage,
)
from libs.names import DEFAULT_TENANT
from services.catalog import watch_pages
from services.catalog.domain_answers import DomainAnswers
from services.catalog.errors import SessionUnknown, StreamFieldInvalid, StreamUnknown
from services.catalog.fields import MAX_DESCRIPTION_CHARS, MAX_TITLE_CHARS
from services.catalog.models import AssetRow, OutboxRow
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.test_storyboards import recorded

TENANT = DEFAULT_TENANT


async def page(catalog: Catalog, shown: str = "cam-1", session: str | None = None) -> WatchPage:
    async with catalog.database.transaction(read_only=True) as tx:
        return await watch_pages.get(tx, GetWatchPage(tenant=TENANT, id=shown, session=session))


async def update(catalog: Catalog, **texts: Any) -> None:
    await catalog.answers.update_stream(UpdateStream(tenant=TENANT, id="cam-1", **texts))


async def test_title_is_kept_changed_and_said(catalog: Catalog) -> None:
    ask = CreateStream(tenant=TENANT, id="cam-1", item={}, title="  Gate ", description="a\r\nb")
    made = await catalog.answers.create_stream(ask)
    assert (made.title, made.description) == ("Gate", "a\nb")
    await update(catalog, title="Tür 门 🚪")
    shown = await page(catalog)
    assert (shown.title, shown.description, shown.recorded) == ("Tür 门 🚪", "a\nb", None)
    async with catalog.database.transaction(read_only=True) as tx:
        query = select(OutboxRow.data).where(OutboxRow.type == "stream.changed")
        said: list[Any] = list((await tx.execute(query.order_by(OutboxRow.seq))).scalars())
    assert "Gate" in str(said[0])
    assert shown.revision > made.revision


async def test_page_names_the_default_domain(catalog: Catalog) -> None:
    await catalog.create()
    assert (await page(catalog)).pull is None
    answers = DomainAnswers(catalog.database, catalog.clock)
    for kind, url in (("pull", "https://live.example.org"), ("push", "rtmp://in.example.org")):
        ask = {"tenant": TENANT, "kind": kind, "url": url, "is_default": True}
        await answers.create(CreateDomain.model_validate(ask))
    assert (await page(catalog)).pull == "https://live.example.org"


@pytest.mark.parametrize(
    "texts",
    [
        {"title": "x" * (MAX_TITLE_CHARS + 1)},
        {"title": "two\nlines"},
        {"title": "bell\a"},
        {"title": "a\u2028b"},
        {"description": "x" * (MAX_DESCRIPTION_CHARS + 1)},
        {"description": "\0"},
    ],
)
async def test_text_that_is_no_title_is_refused(catalog: Catalog, texts: dict[str, str]) -> None:
    await catalog.create()
    with pytest.raises(StreamFieldInvalid):
        await update(catalog, **texts)
    assert (await page(catalog)).title == ""


async def test_page_has_the_latest_recording_that_is_over(catalog: Catalog) -> None:
    said = await recorded(catalog)
    session = said.grant.session
    shown = await page(catalog)
    assert shown.recorded is not None
    assert shown.recorded.session == session
    assert shown.recorded.duration_s > 0
    assert (await page(catalog, session=session)).recorded == shown.recorded
    with pytest.raises(SessionUnknown):
        await page(catalog, session="69573fff-00000000")


async def test_what_is_on_air_is_no_recording(catalog: Catalog) -> None:
    said = await recorded(catalog, ends=False)
    assert (await page(catalog)).recorded is None
    with pytest.raises(SessionUnknown):
        await page(catalog, session=said.grant.session)


async def test_asset_is_shown_once_it_is_ready(catalog: Catalog) -> None:
    said = await recorded(catalog)
    now = catalog.clock.now
    async with catalog.database.transaction() as tx:
        row = AssetRow(
            id="asset-0123456789abcdef", tenant_id=TENANT, name="Film <b>", way="session",
            state="processing", stream_id="cam-1", session_id=said.grant.session,
            view_policy="signed", chunks=0, chunks_done=0, created_at=now, updated_at=now,
            is_litter=False, is_watermarked=False,
        )  # fmt: skip
        tx.add(row)
    with pytest.raises(StreamUnknown):
        await page(catalog, row.id)
    async with catalog.database.transaction() as tx:
        (await tx.get_one(AssetRow, row.id)).state = "ready"
    shown = await page(catalog, row.id)
    assert (shown.stream, shown.title, shown.is_asset) == ("cam-1", "Film <b>", True)
    assert (shown.view_policy, shown.recorded is not None) == ("signed", True)


async def test_nothing_is_shown_of_what_is_not_there(catalog: Catalog) -> None:
    await catalog.create()
    await catalog.answers.delete_stream(DeleteStream(tenant=TENANT, id="cam-1"))
    for name in ("cam-1", "nobody", "' OR 1=1--"):
        with pytest.raises(StreamUnknown):
            await page(catalog, name)
