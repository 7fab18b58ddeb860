"""One answer of the catalog for all who watch; each change told to all who follow."""

import asyncio
from datetime import UTC, datetime

import pytest

from libs.errors import WeirError
from libs.events import (
    Recorded,
    SessionEnded,
    StreamChanged,
    StreamPublished,
    StreamUnpublished,
    WatchPage,
)
from services.gateway.errors import StreamUnknown
from services.gateway.playback.directory import Directory
from services.gateway.watch import noticeboard
from services.gateway.watch.noticeboard import Notice, Noticeboard

SESSION = "69573000-0a0b0c0d"
VIEWERS = 10_000


class Catalog:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.error: WeirError | None = None
        self.page = WatchPage(
            stream="cam", title="Gate", description="", view_policy="public", revision=5,
            recorded=None,
        )  # fmt: skip

    async def find(self, shown_id: str, session: str | None) -> WatchPage:
        self.asked.append((shown_id, session))
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.page


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def counts() -> dict[str, int]:
    return {"cam": 0}


@pytest.fixture
def board(
    catalog: Catalog, directory: Directory, clock: Clock, counts: dict[str, int]
) -> Noticeboard:
    return Noticeboard(directory, catalog.find, counts.__getitem__, clock=clock)


def changed(revision: int, title: str, *, is_deleted: bool = False) -> StreamChanged:
    return StreamChanged(
        tenant="default", stream="cam", revision=revision, view_policy="public", title=title,
        description="x", is_deleted=is_deleted,
    )  # fmt: skip


def published() -> StreamPublished:
    return StreamPublished(
        tenant="default", stream="cam", session=SESSION, generation=1,
        origin_url="http://ingest", started_at=datetime(2026, 1, 2, tzinfo=UTC),
    )  # fmt: skip


def said(notice: Notice) -> tuple[str, str]:
    assert notice.facts is not None
    return notice.facts.title, notice.facts.state


async def test_ten_thousand_viewers_are_one_ask(board: Noticeboard, catalog: Catalog) -> None:
    notices = await asyncio.gather(*(board.read("cam") for _ in range(VIEWERS)))
    assert len(catalog.asked) == 1
    assert all(notice is notices[0] for notice in notices)


async def test_title_that_changes_is_told_to_all_who_follow_without_an_ask(
    board: Noticeboard, catalog: Catalog
) -> None:
    notice = await board.read("cam")
    with board.reading(notice):
        waiting = [asyncio.create_task(notice.wait(5)) for _ in range(100)]
        await asyncio.sleep(0)
        board.hear(changed(6, "Back door"))
        await asyncio.gather(*waiting)
    assert said(notice) == ("Back door", "offline")
    assert b"Back door" in notice.text
    assert len(catalog.asked) == 1


async def test_older_news_changes_nothing(board: Noticeboard) -> None:
    notice = await board.read("cam")
    board.hear(changed(5, "Older"))
    assert said(notice)[0] == "Gate"


async def test_state_follows_the_stream(board: Noticeboard, directory: Directory) -> None:
    notice = await board.read("cam")
    directory.published(published())
    assert said(notice)[1] == "starting"
    directory.leased(SESSION, "http://packager", 1)
    await board.read("cam")
    assert said(notice)[1] == "live"
    assert notice.facts is not None
    assert notice.facts.since == datetime.fromtimestamp(0x69573000, UTC)
    at = {"tenant": "default", "stream": "cam", "session": SESSION, "generation": 1}
    directory.unpublished(
        StreamUnpublished(**at, cause="connection_lost", ended_at=datetime.now(UTC))
    )
    assert said(notice)[1] == "waiting"


async def test_end_of_a_session_asks_for_its_recording(
    board: Noticeboard, catalog: Catalog, directory: Directory
) -> None:
    directory.published(published())
    notice = await board.read("cam")
    began = datetime(2026, 1, 2, tzinfo=UTC)
    recorded = Recorded(session=SESSION, started_at=began, duration_s=60)
    catalog.page = catalog.page.model_copy(update={"recorded": recorded})
    directory.ended(
        SessionEnded(
            tenant="default",
            stream="cam",
            session=SESSION,
            cause="connection_lost",
            last_tag=1,
            ended_at=began,
        )
    )
    await board.read("cam")
    assert notice.facts is not None
    assert (notice.facts.state, notice.facts.recording) == ("offline", recorded)


async def test_viewers_are_counted_now_and_then(
    board: Noticeboard, clock: Clock, counts: dict[str, int]
) -> None:
    notice = await board.read("cam")
    counts["cam"] = 7
    await board.read("cam")
    assert notice.facts is not None
    assert notice.facts.viewers == 0
    clock.now += noticeboard.COUNT_S
    await board.read("cam")
    assert notice.facts.viewers == 7


async def test_what_is_old_is_asked_for_again_and_kept_while_nobody_answers(
    board: Noticeboard, catalog: Catalog, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noticeboard, "TICK_S", 0.0)
    notice = await board.read("cam")
    clock.now += noticeboard.STALE_S
    catalog.error = StreamUnknown("away")
    with board.reading(notice):
        running = asyncio.create_task(board.run())
        async with asyncio.timeout(5):
            while len(catalog.asked) < 2:
                await asyncio.sleep(0)
        assert said(notice)[0] == "Gate"
        catalog.error = None
        catalog.page = catalog.page.model_copy(update={"title": "Missed", "revision": 9})
        clock.now += noticeboard.STALE_S
        await notice.wait(5)
        running.cancel()
    assert said(notice)[0] == "Missed"


async def test_stream_that_is_deleted_is_asked_for_by_who_comes_next(
    board: Noticeboard, catalog: Catalog
) -> None:
    await board.read("cam")
    board.hear(changed(6, "", is_deleted=True))
    catalog.error = StreamUnknown("gone")
    with pytest.raises(StreamUnknown):
        await board.read("cam")


async def test_pages_that_nobody_reads_are_forgotten(
    board: Noticeboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noticeboard, "KEPT", 2)
    followed = await board.read("one")
    with board.reading(followed):
        for name in ("two", "three", "four"):
            await board.read(name)
        assert await board.read("one") is followed
    assert board.size == 2
