"""What a rendition lacks is a gap with its cause or a hole without one, on both databases."""

import pytest

from libs.events import RenditionLog, ShowSessionLog
from libs.names import DEFAULT_TENANT
from services.catalog.errors import SessionUnknown
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said


async def log(catalog: Catalog, said: Said) -> list[RenditionLog]:
    ask = ShowSessionLog(tenant=DEFAULT_TENANT, session=said.grant.session)
    return list((await catalog.answers.show_session_log(ask)).renditions)


@pytest.fixture
async def said(catalog: Catalog) -> Said:
    await catalog.create()
    return Said(await catalog.open())


async def test_whole_rendition_has_no_hole(catalog: Catalog, said: Said) -> None:
    for index in range(5):
        await catalog.facts.segment_ready(said.ready(index))
    (source,) = await log(catalog, said)
    assert (source.segments, source.size_bytes, source.gaps, source.holes) == (5, 10_000, (), ())
    assert source.duration_s == pytest.approx(5 * 2.002)


async def test_holes_are_what_no_gap_tells_of(catalog: Catalog, said: Said) -> None:
    for index in (2, 3, 8, 12):
        await catalog.facts.segment_ready(said.ready(index))
    for gap in (said.lost(5, 6), said.lost(9, 11)):
        await catalog.facts.segment_lost(gap)
    (source,) = await log(catalog, said)
    holes = [(each.first_msn - said.first_msn, each.last_msn - said.first_msn)
             for each in source.holes]  # fmt: skip
    assert holes == [(0, 1), (4, 4), (7, 7)]
    assert [gap.cause for gap in source.gaps] == ["replay_window_passed"] * 2


async def test_what_was_cut_last_and_never_came_is_a_hole(catalog: Catalog, said: Said) -> None:
    await catalog.facts.segment_ready(said.ready(0))
    await catalog.facts.rendition_ended(said.rendition_ended(said.first_msn + 2))
    (source,) = await log(catalog, said)
    assert [(hole.first_msn - said.first_msn, hole.last_msn - said.first_msn)
            for hole in source.holes] == [(1, 2)]  # fmt: skip


async def test_rung_may_begin_late(catalog: Catalog, said: Said) -> None:
    for index in (0, 1, 2):
        await catalog.facts.segment_ready(said.ready(index))
    await catalog.facts.segment_ready(said.ready(2, "480p"))
    assert [each.holes for each in await log(catalog, said)] == [(), ()]


@pytest.mark.parametrize("session", ["00000001-00000001", "' OR 1=1--", "a\0b", ""])
async def test_unknown_session_is_not_found(catalog: Catalog, session: str) -> None:
    with pytest.raises(SessionUnknown):
        await catalog.answers.show_session_log(
            ShowSessionLog(tenant=DEFAULT_TENANT, session=session)
        )
