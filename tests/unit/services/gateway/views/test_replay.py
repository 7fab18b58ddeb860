"""A session's rows as they come: in order, late, and with holes."""

from datetime import datetime, timedelta

import pytest

from libs.events import Gap
from services.gateway.views.log import Log
from services.gateway.views.replay import PATIENCE, Replay
from tests.unit.services.gateway.views.logged import AT, FIRST, SESSION, VIDEO, MemoryCatalog, row

SOON = AT + timedelta(seconds=8)


@pytest.fixture
def catalog() -> MemoryCatalog:
    return MemoryCatalog(page=2)


async def read(
    catalog: MemoryCatalog, replay: Replay | None = None, rendition: str = "source",
    now: datetime = SOON,
) -> Replay:  # fmt: skip
    session = catalog.sessions[SESSION]
    replay = replay or Replay(session, rendition)
    await replay.read_on(Log(catalog, "default"), session, now=now)
    return replay


def msns(replay: Replay) -> list[int]:
    body = replay.render("video").decode().splitlines()
    return [int(line.split("/")[-1].split(".")[0]) - FIRST for line in body if line[0] != "#"]


async def test_rows_are_read_page_by_page_and_each_once(catalog: MemoryCatalog) -> None:
    catalog.rows = [row(index) for index in range(5)]
    replay = await read(catalog)
    assert msns(replay) == [0, 1, 2, 3, 4]
    catalog.rows.append(row(5))
    assert msns(await read(catalog, replay)) == [0, 1, 2, 3, 4, 5]


async def test_hole_that_may_be_filled_is_waited_for(catalog: MemoryCatalog) -> None:
    catalog.rows = [row(0), row(2), row(3)]
    replay = await read(catalog)
    assert msns(replay) == [0]
    catalog.rows.append(row(1))
    assert msns(await read(catalog, replay)) == [0, 1, 2, 3]


async def test_hole_with_a_cause_is_listed_at_once(catalog: MemoryCatalog) -> None:
    catalog.rows = [row(0), row(2)]
    catalog.gaps = [Gap(first_msn=FIRST + 1, last_msn=FIRST + 1, cause="spool_lost")]
    replay = await read(catalog)
    assert msns(replay) == [0, 1, 2]
    assert b"#EXT-X-GAP" in replay.render("video")


async def test_hole_without_a_cause_is_not_waited_for_for_ever(catalog: MemoryCatalog) -> None:
    catalog.rows = [row(0), row(2)]
    assert msns(await read(catalog, now=SOON + PATIENCE)) == [0, 1, 2]


async def test_first_segment_that_is_missing_is_waited_for(catalog: MemoryCatalog) -> None:
    catalog.rows = [row(1)]
    assert len(await read(catalog)) == 0


async def test_live_session_grows_and_an_ended_one_is_whole(catalog: MemoryCatalog) -> None:
    catalog.rows = [row(0)]
    assert b"#EXT-X-PLAYLIST-TYPE:EVENT" in (await read(catalog)).render("video")
    catalog.begin(ended_at=SOON)
    replay = await read(catalog, now=SOON + 2 * PATIENCE)
    assert b"#EXT-X-PLAYLIST-TYPE:VOD" in replay.render("video")
    assert replay.render("video").endswith(b"#EXT-X-ENDLIST\n")
    assert replay.is_whole


async def test_target_duration_of_a_live_session_stands_from_its_first_row(
    catalog: MemoryCatalog,
) -> None:
    catalog.rows = [row(0, duration_s=0.4)]
    assert b"#EXT-X-TARGETDURATION:3\n" in (await read(catalog)).render("video")


async def test_rung_is_listed_on_the_source_timeline(catalog: MemoryCatalog) -> None:
    catalog.rows = [row(index) for index in range(4)]
    catalog.rows += [row(index, rendition="480p", tracks=(VIDEO,)) for index in (1, 2)]
    replay = await read(catalog, rendition="480p")
    body = replay.render("video").decode()
    assert msns(replay) == [0, 1, 2]
    assert body.count("#EXT-X-GAP") == 1
    assert f"../../{SESSION}/480p/{FIRST + 1}.video.m4s" in body


async def test_rung_that_ended_early_has_gaps_once_the_session_is_over(
    catalog: MemoryCatalog,
) -> None:
    catalog.rows = [row(index) for index in range(3)]
    catalog.rows.append(row(0, rendition="480p", tracks=(VIDEO,)))
    catalog.begin(ended_at=SOON)
    replay = await read(catalog, rendition="480p", now=SOON + 2 * PATIENCE)
    assert replay.render("video").count(b"#EXT-X-GAP") == 2
