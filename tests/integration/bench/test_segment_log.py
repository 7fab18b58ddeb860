"""What is written by the hundred thousand is what the catalog would have written."""

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bench import segment_log
from bench.rows import row18
from libs.events import ListWindow, WindowPage
from libs.names import DEFAULT_TENANT, SOURCE
from services.catalog import views
from services.catalog.database import Database
from services.catalog.migrate import migrate
from services.catalog.models import SegmentRow, SessionRow
from tests.postgres import Postgres

pytestmark = pytest.mark.integration

UNTIL = dt.datetime(2031, 5, 8, 9, 0, tzinfo=dt.UTC)
HOURS = 26
BEGIN_S = int(UNTIL.timestamp()) - HOURS * segment_log.HOUR_S
STREAMS = ("cam-1", "cam-2")
NOT_MOVED = ("sha256", "tracks", "first_tag", "last_tag")
"""Nothing that is measured looks at these, so that their first hour's stand for all."""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/catalog.db"
    server: Postgres = request.getfixturevalue("postgres")
    server.create("filled")
    return server.url("filled")


def test_copied_hour_is_as_if_written_row_by_row(url: str) -> None:
    asyncio.run(migrate(url))
    segment_log.fill(url, STREAMS, hours=HOURS, until=UNTIL)
    asyncio.run(_check(url))
    bare = row18.BareSQL()
    reading = bare.read(row18.Filled(url, HOURS, BEGIN_S, STREAMS), 20, iter([1]))
    bare.stop()
    assert reading.fault == ""
    assert 0 < reading.lag_p50_ms <= reading.lag_p99_ms


async def _check(url: str) -> None:
    database = Database(url)
    async with database.transaction(read_only=True) as tx:
        rows = await tx.scalar(select(func.count()).select_from(SegmentRow))
        assert rows == HOURS * 1800 * len(STREAMS)
        assert await tx.scalar(select(func.count()).select_from(SessionRow)) == 2 * len(STREAMS)
        # The second session's second hour.
        day_s = BEGIN_S + segment_log.DAY_S
        session = segment_log.session_id(day_s, 1)
        expected = segment_log.segment_values("cam-2", session, day_s, 1800 + 7)
        key = (DEFAULT_TENANT, session, SOURCE, expected["msn"])
        row = await tx.get_one(SegmentRow, key)
        found = {name: getattr(row, name) for name in expected}
        assert {k: v for k, v in found.items() if k not in NOT_MOVED} == {
            k: v for k, v in expected.items() if k not in NOT_MOVED
        }
        window = ListWindow(
            tenant=DEFAULT_TENANT,
            stream="cam-1",
            rendition=SOURCE,
            from_at=UNTIL - dt.timedelta(hours=2, seconds=20),
            until_at=UNTIL - dt.timedelta(hours=2, seconds=-20),
        )
        written = await views.list_window(tx, window)
        listed = WindowPage.model_validate_json(written.body).segments
        starts = [each.starts_at for each in listed]
        assert starts == [window.from_at + dt.timedelta(seconds=2 * n) for n in range(20)]
        assert len({each.session for each in listed}) == 2
    await database.close()
