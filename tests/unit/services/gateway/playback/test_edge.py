"""The playback edge against an origin in memory."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import pytest

from libs.media.cmaf import Sample, write_chunk
from services.gateway.errors import OriginUnreachable
from services.gateway.playback import edge as edge_module
from services.gateway.playback.directory import SETTLING_S, Directory, Packager
from services.gateway.playback.edge import FRESH_S, HOLD_S, PATIENCE_S, STALE_S, Edge
from services.gateway.playback.origin import Fetched
from services.gateway.playback.reply import Asked, Reply
from services.gateway.playback.routes import match_media

SESSION = "69573000-0a0b0c0d"
MSN = 0x69573000 + 5
VIDEO = f"/cam/{SESSION}/source/{MSN}.video.m4s"
AUDIO = f"/cam/{SESSION}/source/{MSN}.audio.m4s"
INIT = f"/cam/{SESSION}/source/init-0123456789ab.mp4"
KEY = f"segments/default/cam/{SESSION}/source/{MSN}.m4s"


class Clock(Protocol):
    now: float

    def __call__(self) -> float: ...


class MemoryOrigin:
    """Packager and store; every call costs a second of the test's clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.packager: dict[str, Fetched] = {}
        self.is_packager_away = False
        self.store: dict[str, bytes] = {}
        self.calls: list[str] = []

    async def packaged(self, packager: Packager, path: str, *, wait_s: float) -> Fetched:
        self.calls.append(f"{packager.url}/{path}")
        self.clock.now += 1
        await asyncio.sleep(0)
        if self.is_packager_away:
            raise OriginUnreachable("away")
        return self.packager.get(path, Fetched(404, b""))

    async def stored(self, key: str) -> bytes | None:
        self.calls.append(key)
        self.clock.now += 1
        await asyncio.sleep(0)
        return self.store.get(key)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_module, "RETRY_S", 0)


@pytest.fixture
def origin(clock: Clock) -> MemoryOrigin:
    return MemoryOrigin(clock)


@pytest.fixture
def edge(directory: Directory, origin: MemoryOrigin, clock: Clock) -> Edge:
    return Edge(
        directory,
        origin,  # type: ignore[arg-type]
        cache_bytes=1_000_000,
        clock=clock,
        wall=lambda: 0x69573000 + 1000.0,
    )


@pytest.fixture
def live(directory: Directory, publish: Callable[..., None], clock: Clock) -> None:
    """The stream is live and its packager has settled."""
    publish(SESSION)
    directory.leased(SESSION, "http://packager", 1)
    clock.now += SETTLING_S


async def get(edge: Edge, path: str, **asked: bytes) -> Reply:
    route = match_media(path.encode())
    assert route is not None
    answer: Reply | Coroutine[Any, Any, Reply] = edge.answer(route, Asked(**asked))
    return await answer if inspect.isawaitable(answer) else answer


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
    assert b"max-age=1\r\n" in reply.headers


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


# --- media ------------------------------------------------------------------------------


def segment() -> tuple[bytes, bytes]:
    sample = Sample(duration=1, composition=0, is_sync=True, data=b"frame")
    video = write_chunk(1, 1, 0, [sample]) + write_chunk(1, 2, 1, [sample])
    audio = write_chunk(2, 3, 0, [sample])
    return video, audio


@pytest.mark.usefixtures("live")
async def test_segment_of_the_live_edge_comes_from_the_packager_once(
    edge: Edge, origin: MemoryOrigin
) -> None:
    origin.packager[f"source/{MSN}.video.m4s"] = Fetched(200, b"media")
    replies = await asyncio.gather(*(get(edge, VIDEO) for _ in range(100)))
    assert {bytes(reply.body) for reply in replies} == {b"media"}
    assert len(origin.calls) == 1
    again = await get(edge, VIDEO, range=b"bytes=1-2")
    assert (again.status, bytes(again.body)) == (206, b"ed")
    assert len(origin.calls) == 1


async def test_stored_segment_is_split_into_its_tracks(edge: Edge, origin: MemoryOrigin) -> None:
    video, audio = segment()
    origin.store[KEY] = video + audio
    found = await get(edge, VIDEO)
    assert (found.status, found.body) == (200, video)
    assert b"content-type: video/mp4" in found.headers
    other = await get(edge, AUDIO)
    assert other.body == audio
    assert b"content-type: audio/mp4" in other.headers
    assert origin.calls == [KEY], "both tracks of one read are kept"


async def test_track_that_the_segment_lacks_is_404(edge: Edge, origin: MemoryOrigin) -> None:
    origin.store[KEY] = segment()[1]
    assert (await get(edge, VIDEO)).status == 404
    assert (await get(edge, AUDIO)).status == 200


async def test_stored_init_segment(edge: Edge, origin: MemoryOrigin) -> None:
    origin.store[f"segments/default/cam/{SESSION}/source/init-0123456789ab.mp4"] = b"init"
    assert (await get(edge, INIT)).body == b"init"


@pytest.mark.usefixtures("live")
async def test_another_streams_session_is_not_shown(edge: Edge, origin: MemoryOrigin) -> None:
    origin.packager[f"source/{MSN}.video.m4s"] = Fetched(200, b"media")
    assert (await get(edge, VIDEO)).status == 200
    stolen = await get(edge, VIDEO.replace("/cam/", "/other/"))
    assert stolen.status == 404


@pytest.mark.usefixtures("live")
async def test_listed_segment_is_held_while_the_packager_is_replaced(
    edge: Edge, origin: MemoryOrigin, directory: Directory
) -> None:
    origin.is_packager_away = True
    waiting = asyncio.create_task(get(edge, VIDEO))
    await asyncio.sleep(0)
    origin.is_packager_away = False
    directory.leased(SESSION, "http://second", 2)
    await asyncio.sleep(0)
    origin.packager[f"source/{MSN}.video.m4s"] = Fetched(200, b"cut again")
    assert (await waiting).body == b"cut again"


@pytest.mark.usefixtures("live")
async def test_segment_that_does_not_come_is_503_in_the_end(
    edge: Edge, origin: MemoryOrigin
) -> None:
    origin.is_packager_away = True
    reply = await get(edge, VIDEO)
    assert (reply.status, b"retry-after" in reply.headers) == (503, True)


@pytest.mark.usefixtures("live")
async def test_packager_away_but_stored_is_served(edge: Edge, origin: MemoryOrigin) -> None:
    origin.is_packager_away = True
    origin.store[KEY] = segment()[0]
    assert (await get(edge, VIDEO)).status == 200


@pytest.mark.usefixtures("live")
async def test_missing_segment_is_404_at_once(edge: Edge, origin: MemoryOrigin) -> None:
    reply = await get(edge, VIDEO)
    assert reply.status == 404
    assert len(origin.calls) == 2


@pytest.mark.parametrize("msn", [1, 0x69573000 - 1, 0x69573000 + 1301, 4_294_967_295])
@pytest.mark.usefixtures("live")
async def test_impossible_number_costs_nothing(edge: Edge, origin: MemoryOrigin, msn: int) -> None:
    assert (await get(edge, f"/cam/{SESSION}/source/{msn}.video.m4s")).status == 404
    assert not origin.calls
