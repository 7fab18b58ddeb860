"""What links to a session, or to a window, reach."""

from datetime import UTC, datetime

import pytest

from libs.events import LoggedRun
from services.gateway.playback.routes import MediaRoute, match_media
from services.gateway.viewers.scopes import ASK_AGAIN_S, SETTLED_S, Scopes

SESSION, LATER = "69573000-0a0b0c0d", "69573100-0a0b0c0d"
SPAN = "1767323000000-1767323100000"
END_S = 1767323100
NOT_TOLD = [
    "/cam/live.m3u8",
    "/cam/live.flv",
    "/cam/dvr.m3u8",
    "/cam/manifest.mpd",
    "/cam/source/video.m3u8",
    "/cam/vod-1767323000000.m3u8",
    "/cam/720p/1767323002.ts",
]


def route(path: str) -> MediaRoute:
    found = match_media(path.encode())
    assert found is not None, path
    return found


def run(first_msn: int, last_msn: int, session: str = SESSION) -> LoggedRun:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    return LoggedRun(
        session=session, first_msn=first_msn, last_msn=last_msn, starts_at=at, ends_at=at,
        start_ms=0, end_ms=0,
    )  # fmt: skip


class World:
    """The catalog, and the time."""

    def __init__(self, *runs: LoggedRun) -> None:
        self.runs = list(runs)
        self.asked = 0
        self.now_s = 0.0
        self.after_end_s = SETTLED_S + 1
        self.scopes = Scopes(
            self.list_runs, clock=lambda: self.now_s, wall=lambda: END_S + self.after_end_s
        )

    async def list_runs(
        self, stream: str, from_at: datetime, until_at: datetime
    ) -> list[LoggedRun]:
        assert (stream, until_at.timestamp() - from_at.timestamp()) == ("cam", 100)
        self.asked += 1
        return list(self.runs)

    async def reaches(self, view: str, path: str) -> bool:
        """As the gate asks: once more after it has learnt."""
        found = self.scopes.covers("cam", view, route(path))
        if found is None:
            await self.scopes.find("cam", view)
            found = self.scopes.covers("cam", view, route(path))
        assert found is not None
        return found


@pytest.mark.parametrize("view", [SESSION, SPAN])
async def test_view_reaches_its_own_playlists_and_no_others(view: str) -> None:
    world = World(run(1767323000, 1767323005))
    other = {SESSION: LATER, SPAN: "1767323000000-1767323100001"}[view]
    for name in ("index.m3u8", "manifest.mpd", "ts.m3u8", "source/video.m3u8", "480p/ts.m3u8"):
        assert await world.reaches(view, f"/cam/{view}/{name}"), name
        assert not await world.reaches(view, f"/cam/{other}/{name}"), name
    for path in NOT_TOLD:
        assert not await world.reaches(view, path), path
    assert world.scopes.covers("cam", view, None) is False, "all of the stream"


async def test_session_reaches_its_media_without_asking() -> None:
    world = World()
    for name in ("1767323000.video.m4s", "1767323000.0.audio.m4s", "1767323000.ts",
                 "init-0123456789ab.mp4"):  # fmt: skip
        assert await world.reaches(SESSION, f"/cam/{SESSION}/source/{name}"), name
        assert not await world.reaches(SESSION, f"/cam/{LATER}/source/{name}"), name
    assert world.asked == 0


async def test_window_reaches_the_segments_that_it_shows_of_each_session() -> None:
    world = World(
        run(1767323002, 1767323004), run(1767323007, 1767323009), run(1767323256, 1767323257, LATER)
    )

    for session, first, last in (
        (SESSION, 1767323002, 1767323009),
        (LATER, 1767323256, 1767323257),
    ):
        for msn in (first - 1, first, last, last + 1):
            path = f"/cam/{session}/480p/{msn}.video.m4s"
            assert await world.reaches(SPAN, path) == (first <= msn <= last), path
        assert await world.reaches(SPAN, f"/cam/{session}/source/init-0123456789ab.mp4")
    assert not await world.reaches(SPAN, "/cam/69573200-0a0b0c0d/source/1767323512.video.m4s")
    assert world.asked == 1, "it is over, and cannot have more"


async def test_window_that_may_still_grow_is_asked_for_again() -> None:
    world = World(run(1767323002, 1767323004))
    world.after_end_s = -10
    newest = f"/cam/{SESSION}/source/1767323005.ts"
    assert not await world.reaches(SPAN, newest)
    world.runs = [run(1767323002, 1767323005)]
    assert not await world.reaches(SPAN, newest), "not for each request"
    world.now_s += ASK_AGAIN_S
    assert await world.reaches(SPAN, newest)
    assert world.asked == 2
    world.now_s += ASK_AGAIN_S
    assert await world.reaches(SPAN, newest)
    assert world.asked == 2, "what is known is not asked for"
