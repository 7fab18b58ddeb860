"""Playlists by way of the edge, from an origin in memory."""

import asyncio
from collections.abc import Callable

import pytest

from services.gateway.playback import edge as edge_module
from services.gateway.playback.directory import Directory
from services.gateway.playback.edge import FRESH_S, HOLD_S, STALE_S, Edge
from services.gateway.playback.origin import Fetched
from services.gateway.playback.packagers import PATIENCE_S
from tests.unit.services.gateway.playback.origins import (
    INIT,
    SESSION,
    VIDEO,
    Clock,
    MemoryOrigin,
    get,
)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_module, "RETRY_S", 0)


# --- playlists --------------------------------------------------------------------------


async def test_playlist_of_a_stream_that_is_not_live_is_404(edge: Edge) -> None:
    for path in ("/cam/live.m3u8", "/cam/manifest.mpd", "/cam/source/video.m3u8", VIDEO, INIT):
        reply = await get(edge, path)
        assert (reply.status, bytes(reply.body)) == (404, b"cam is not streaming live now")


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    ("path", "packaged_as", "content_type"),
    [
        ("/cam/live.m3u8", "master.m3u8", b"application/vnd.apple.mpegurl"),
        ("/hls/cam/index.m3u8", "master.m3u8", b"application/vnd.apple.mpegurl"),
        ("/cam/manifest.mpd", "manifest.mpd", b"application/dash+xml"),
        ("/dash/cam/index.mpd", "manifest.mpd", b"application/dash+xml"),
        ("/cam/source/audio.m3u8", "source/audio.m3u8", b"application/vnd.apple.mpegurl"),
    ],
)
async def test_playlist_comes_from_the_packager(
    edge: Edge, origin: MemoryOrigin, path: str, packaged_as: str, content_type: bytes
) -> None:
    origin.packager[packaged_as] = Fetched(200, b"list")
    reply = await get(edge, path)
    assert (reply.status, reply.body) == (200, b"list")
    assert b"content-type: " + content_type in reply.headers
    assert b"cache-control: max-age=0, s-maxage=1\r\n" in reply.headers


@pytest.mark.usefixtures("live")
async def test_herd_costs_one_fetch_per_moment(
    edge: Edge, origin: MemoryOrigin, clock: Clock
) -> None:
    origin.packager["source/video.m3u8"] = Fetched(200, b"list")
    await asyncio.gather(*(get(edge, "/cam/source/video.m3u8") for _ in range(500)))
    assert len(origin.calls) == 1
    await get(edge, "/cam/source/video.m3u8")
    assert len(origin.calls) == 1
    clock.now += FRESH_S
    await get(edge, "/cam/source/video.m3u8")
    assert len(origin.calls) == 2


@pytest.mark.usefixtures("live")
async def test_playlist_is_stale_but_there_while_the_packager_is_replaced(
    edge: Edge, origin: MemoryOrigin, directory: Directory, clock: Clock
) -> None:
    origin.packager["master.m3u8"] = Fetched(200, b"old")
    await get(edge, "/cam/live.m3u8")
    origin.is_packager_away = True
    clock.now += STALE_S - 5
    assert (await get(edge, "/cam/live.m3u8")).body == b"old"
    calls = len(origin.calls)
    assert (await get(edge, "/cam/live.m3u8")).body == b"old"
    assert len(origin.calls) == calls, "nobody waits for a packager that has just failed"
    clock.now += PATIENCE_S
    origin.is_packager_away = False
    origin.packager["master.m3u8"] = Fetched(200, b"new")
    directory.leased(SESSION, "http://second", 2)
    assert (await get(edge, "/cam/live.m3u8")).body == b"new"
    assert origin.calls[-1] == "http://second/master.m3u8"


def listing(first: int, count: int) -> Fetched:
    segments = b"#EXTINF:2,\n1.video.m4s\n" * count
    return Fetched(200, b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:%d\n" % first + segments)


@pytest.mark.usefixtures("live")
async def test_playlist_never_goes_back_while_a_packager_catches_up(
    edge: Edge, origin: MemoryOrigin, clock: Clock
) -> None:
    path = "source/video.m3u8"
    for packaged, served in (
        (listing(100, 6), listing(100, 6)),
        (listing(98, 3), listing(100, 6)),
        (listing(101, 4), listing(100, 6)),
        (listing(101, 5), listing(101, 5)),
        (listing(105, 2), listing(105, 2)),
    ):
        origin.packager[path] = packaged
        clock.now += FRESH_S
        assert (await get(edge, f"/cam/{path}")).body == served.body
    origin.packager[path] = listing(90, 1)
    clock.now += STALE_S
    assert (await get(edge, f"/cam/{path}")).body == listing(90, 1).body, "not for ever"


@pytest.mark.usefixtures("live")
async def test_playlist_too_old_to_serve_is_503_in_the_end(
    edge: Edge, origin: MemoryOrigin, clock: Clock
) -> None:
    origin.packager["master.m3u8"] = Fetched(200, b"old")
    await get(edge, "/cam/live.m3u8")
    origin.is_packager_away = True
    clock.now += STALE_S
    began = clock.now
    reply = await get(edge, "/cam/live.m3u8")
    assert reply.status == 503
    assert b"retry-after" in reply.headers
    assert clock.now - began >= HOLD_S


async def test_first_playlist_is_waited_for(
    edge: Edge, origin: MemoryOrigin, directory: Directory, publish: Callable[..., None]
) -> None:
    publish(SESSION)
    waiting = asyncio.create_task(get(edge, "/cam/live.m3u8"))
    await asyncio.sleep(0)
    origin.packager["master.m3u8"] = Fetched(200, b"first")
    directory.leased(SESSION, "http://packager", 1)
    assert (await waiting).body == b"first"


@pytest.mark.usefixtures("live")
async def test_list_that_a_settled_packager_does_not_have_is_404(edge: Edge) -> None:
    reply = await get(edge, "/cam/r720p/video.m3u8")
    assert (reply.status, reply.body) == (404, b"cam has no r720p/video.m3u8")


@pytest.mark.usefixtures("live")
async def test_waiting_ends_when_the_stream_does(
    edge: Edge, origin: MemoryOrigin, end: Callable[[str], None], clock: Clock
) -> None:
    origin.is_packager_away = True
    waiting = asyncio.create_task(get(edge, "/cam/live.m3u8"))
    await asyncio.sleep(0)
    began = clock.now
    end(SESSION)
    assert (await waiting).body == b"cam is not streaming live now"
    assert clock.now - began < HOLD_S


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize("is_released_first", [True, False])
async def test_ended_stream_shows_its_last_playlist_for_its_tail(
    edge: Edge,
    origin: MemoryOrigin,
    directory: Directory,
    end: Callable[[str], None],
    clock: Clock,
    is_released_first: bool,
) -> None:
    """The packager lets go of the session as soon as it is cut to its end."""
    origin.packager["source/video.m3u8"] = Fetched(200, b"#EXTM3U")
    await get(edge, "/cam/source/video.m3u8")
    origin.packager["source/video.m3u8"] = Fetched(200, b"#EXT-X-ENDLIST")
    steps = [end, directory.released]
    for step in reversed(steps) if is_released_first else steps:
        step(SESSION)
    clock.now += 1
    assert (await get(edge, "/cam/source/video.m3u8")).body == b"#EXT-X-ENDLIST"
