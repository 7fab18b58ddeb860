"""Secrets of watermarked sessions, and who was served them, on both databases."""

import pytest

from libs.events import GetWatermark, ListWatermarked, NoteWatermarked
from libs.names import DEFAULT_TENANT
from services.catalog import watermarks
from services.catalog.errors import SessionNotWatermarked, SessionUnknown
from tests.integration.catalog.conftest import Catalog

pytestmark = pytest.mark.integration


@pytest.fixture
async def session(catalog: Catalog) -> str:
    await catalog.create()
    return (await catalog.open()).session


async def mark(catalog: Catalog, session: str) -> None:
    async with catalog.database.transaction() as tx:
        await watermarks.make(tx, DEFAULT_TENANT, session, now=catalog.clock())


def note(session: str, viewer: str) -> NoteWatermarked:
    return NoteWatermarked(tenant=DEFAULT_TENANT, session=session, viewer=viewer)


async def test_session_has_one_secret_for_ever(catalog: Catalog, session: str) -> None:
    ask = GetWatermark(tenant=DEFAULT_TENANT, session=session)
    assert (await catalog.answers.get_watermark(ask)).key is None
    await mark(catalog, session)
    key = (await catalog.answers.get_watermark(ask)).key
    assert key is not None
    assert len(bytes.fromhex(key)) == 32
    await mark(catalog, session)
    assert (await catalog.answers.get_watermark(ask)).key == key


async def test_viewer_is_noted_once_with_the_first_time(catalog: Catalog, session: str) -> None:
    await mark(catalog, session)
    first_at = catalog.clock()
    for _ in range(2):
        await catalog.answers.note_watermarked(note(session, "anna"))
        catalog.clock.pass_s(60)
    listed = await catalog.answers.list_watermarked(
        ListWatermarked(tenant=DEFAULT_TENANT, session=session)
    )
    assert [(each.viewer, each.first_at) for each in listed.viewers] == [("anna", first_at)]


async def test_viewers_come_in_pages(catalog: Catalog, session: str) -> None:
    await mark(catalog, session)
    names = [f"viewer {number}" for number in range(5)]
    for name in names:
        await catalog.answers.note_watermarked(note(session, name))
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await catalog.answers.list_watermarked(
            ListWatermarked(tenant=DEFAULT_TENANT, session=session, after=after, limit=2)
        )
        found += [each.viewer for each in page.viewers]
        after = page.next_after
    assert found == names


async def test_session_without_variants_takes_nobody(catalog: Catalog, session: str) -> None:
    with pytest.raises(SessionNotWatermarked):
        await catalog.answers.note_watermarked(note(session, "anna"))
    with pytest.raises(SessionNotWatermarked):
        await catalog.answers.list_watermarked(
            ListWatermarked(tenant=DEFAULT_TENANT, session=session)
        )


async def test_another_tenants_session_is_unknown(catalog: Catalog, session: str) -> None:
    await mark(catalog, session)
    with pytest.raises(SessionUnknown):
        await catalog.answers.get_watermark(GetWatermark(tenant="other", session=session))
