"""Playlists by way of the edge, from an origin in memory."""

import asyncio
import re
from collections.abc import Callable

import pytest

from services.gateway.errors import ReloadWrong
from services.gateway.playback import packagers as packagers_module
from services.gateway.playback import playlists as module
from services.gateway.playback.directory import Directory
from services.gateway.playback.edge import Edge
from services.gateway.playback.origin import Fetched
from services.gateway.playback.packagers import PATIENCE_S
from services.gateway.playback.playlists import FRESH_S, HOLD_S, STALE_S
from tests.unit.services.gateway.playback.origins import (
    INIT,
    MSN,
    SESSION,
    VIDEO,
    Clock,
    MemoryOrigin,
    get,
)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0)


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


def listing(msn: int, part: int = 0, *, parts_before: int = 10, target_s: int = 3) -> Fetched:
    """What the packager gives when its playlist lacks part `part` of segment `msn` next."""
    body = b"#EXTM3U\n#EXT-X-VERSION:7\n#%d.%d\n" % (msn, part)
    headers = {"weir-position": f"{msn}.{part}.{parts_before}", "weir-target-s": str(target_s)}
    return Fetched(200, body, headers)


@pytest.mark.usefixtures("live")
async def test_playlist_never_goes_back_while_a_packager_catches_up(
    edge: Edge, origin: MemoryOrigin, clock: Clock
) -> None:
    path = "source/video.m3u8"
    for packaged, served in (
        (listing(106, 3), listing(106, 3)),
        (listing(101, 9), listing(106, 3)),
        (listing(106, 2), listing(106, 3)),
        (listing(106, 4), listing(106, 4)),
        (listing(107, 0), listing(107, 0)),
    ):
        origin.packager[path] = packaged
        clock.now += FRESH_S
        assert (await get(edge, f"/cam/{path}")).body == served.body
    origin.packager[path] = listing(90)
    clock.now += STALE_S
    assert (await get(edge, f"/cam/{path}")).body == listing(90).body, "not for ever"


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


# --- blocking reload --------------------------------------------------------------------

LIST = "/cam/source/video.m3u8"


def reload(msn: int, part: int | None = None, *, more: bytes = b"") -> bytes:
    return b"_HLS_msn=%d" % msn + (b"" if part is None else b"&_HLS_part=%d" % part) + more


@pytest.mark.usefixtures("live")
async def test_all_who_wait_for_a_part_cost_one_request(edge: Edge, origin: MemoryOrigin) -> None:
    origin.packager["source/video.m3u8?_HLS_msn=100&_HLS_part=3"] = listing(100, 4)
    origin.held = asyncio.Event()
    waiting = [
        asyncio.create_task(get(edge, LIST, query=reload(100, 3, more=more)))
        for more in (b"", b"&_HLS_skip=YES", b"&cmcd=x") * 100
    ]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    origin.held.set()
    replies = await asyncio.gather(*waiting)
    assert {bytes(reply.body) for reply in replies} == {listing(100, 4).body}
    await get(edge, LIST, query=reload(100, 3))
    await get(edge, LIST, query=reload(100, 0))
    await get(edge, LIST, query=reload(99))
    await get(edge, LIST, query=reload(99, 9))
    assert len(origin.calls) == 1, "what came later was in memory already"


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    ("wanted", "part"), [((MSN, 3), f"{MSN}.3"), ((MSN, 9), f"{MSN}.9"), ((MSN, None), f"{MSN}.9")]
)
async def test_part_goes_out_before_the_playlist_that_tells_of_it(
    edge: Edge, origin: MemoryOrigin, wanted: tuple[int, int | None], part: str
) -> None:
    query, path = reload(*wanted), f"source/{part}.video.m4s"
    now = listing(MSN, 4) if wanted[1] == 3 else listing(MSN + 1, 0)
    origin.packager = {f"source/video.m3u8?{query.decode()}": now, path: Fetched(200, b"part")}
    origin.slow[path] = asyncio.Event()
    order: list[str] = []
    waiting = [
        asyncio.create_task(get(edge, f"/cam/{SESSION}/{path}"), name="part"),
        asyncio.create_task(get(edge, LIST, query=query), name="playlist"),
    ]
    for task in waiting:
        task.add_done_callback(lambda done: order.append(done.get_name()))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not order
    origin.slow[path].set()
    assert (await waiting[0]).body == b"part"
    assert (await waiting[1]).body == now.body
    assert order == ["part", "playlist"]


@pytest.mark.usefixtures("live")
async def test_playlist_does_not_wait_long_for_a_part_that_does_not_come(
    edge: Edge, origin: MemoryOrigin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PART_FIRST_S", 0.01)
    path = f"source/{MSN}.3.video.m4s"
    origin.slow[path] = asyncio.Event()
    origin.packager[f"source/video.m3u8?{reload(MSN, 3).decode()}"] = listing(MSN, 4)
    waiting = asyncio.create_task(get(edge, f"/cam/{SESSION}/{path}"))
    assert (await get(edge, LIST, query=reload(MSN, 3))).status == 200
    assert not waiting.done()
    origin.slow[path].set()
    await waiting


@pytest.mark.usefixtures("live")
async def test_blocking_answer_may_be_kept_longer_than_a_plain_one(
    edge: Edge, origin: MemoryOrigin
) -> None:
    origin.packager["source/video.m3u8"] = listing(100, 4)
    plain = await get(edge, LIST)
    blocking = await get(edge, LIST, query=reload(100, 3))
    assert b"cache-control: max-age=0, s-maxage=1\r\n" in plain.headers
    assert b"cache-control: public, max-age=18\r\n" in blocking.headers
    assert plain.body == blocking.body


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    ("position", "wanted", "is_met"),
    [
        ((100, 4), (100, 3), True),
        ((100, 4), (100, 4), False),
        ((100, 4), (100, None), False),
        ((101, 0), (100, None), True),
        ((101, 0), (100, 9), True),
        ((101, 0), (100, 10), False),
        ((101, 1), (100, 10), True),
        ((101, 1), (101, 1), False),
        ((101, 1), (102, 0), False),
    ],
)
async def test_memory_answers_what_it_holds_and_nothing_else(
    edge: Edge,
    origin: MemoryOrigin,
    position: tuple[int, int],
    wanted: tuple[int, int | None],
    is_met: bool,
) -> None:
    origin.packager["source/video.m3u8"] = listing(*position)
    await get(edge, LIST)
    query = reload(*wanted)
    origin.packager[f"source/video.m3u8?{query.decode()}"] = listing(110)
    reply = await get(edge, LIST, query=query)
    assert reply.body == (listing(*position) if is_met else listing(110)).body
    assert len(origin.calls) == (1 if is_met else 2)


@pytest.mark.usefixtures("live")
async def test_delta_update_replaces_what_is_old(edge: Edge, origin: MemoryOrigin) -> None:
    body = b"#EXTM3U\n#EXT-X-VERSION:7\n#head\nold\nold\nnew\n"
    start, end = body.index(b"old"), body.index(b"new")
    headers = {"weir-position": "100.0.1", "weir-skip": f"{start} {end} 2"}
    origin.packager["source/video.m3u8"] = Fetched(200, body, headers)
    for query in (b"_HLS_skip=YES", b"_HLS_skip=v2&_HLS_msn=99"):
        assert (await get(edge, LIST, query=query)).body == (
            b"#EXTM3U\n#EXT-X-VERSION:9\n#head\n#EXT-X-SKIP:SKIPPED-SEGMENTS=2\nnew\n"
        )
    assert (await get(edge, LIST, query=b"_HLS_skip=no")).body == body


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize("name", ["source/video.m3u8", "manifest.mpd", "master.m3u8"])
async def test_what_a_poller_has_already_is_not_sent_again(
    edge: Edge, origin: MemoryOrigin, clock: Clock, name: str
) -> None:
    origin.packager[name] = listing(100)
    first = await get(edge, f"/cam/{name}")
    (etag,) = re.findall(rb'etag: ("[0-9a-f]{16}")\r\n', first.headers)
    clock.now += FRESH_S  # fetched anew, and still the same
    same = await get(edge, f"/cam/{name}", if_none_match=b'"other", ' + etag)
    assert (same.status, same.body) == (304, b"")
    assert b"etag: " + etag in same.headers
    origin.packager[name] = listing(101)
    clock.now += FRESH_S
    changed = await get(edge, f"/cam/{name}", if_none_match=etag)
    assert changed.status == 200
    assert etag not in changed.headers


@pytest.mark.usefixtures("live")
async def test_waiting_outlives_a_packager_that_is_replaced(
    edge: Edge, origin: MemoryOrigin, directory: Directory
) -> None:
    origin.packager["source/video.m3u8"] = listing(100, 4)
    await get(edge, LIST)
    origin.is_packager_away = True
    waiting = asyncio.create_task(get(edge, LIST, query=reload(100, 4)))
    await asyncio.sleep(0)
    origin.is_packager_away = False
    directory.leased(SESSION, "http://second", 2)
    origin.packager["source/video.m3u8?_HLS_msn=100&_HLS_part=4"] = listing(100, 5)
    assert (await waiting).body == listing(100, 5).body


@pytest.mark.usefixtures("live")
async def test_packager_that_hangs_is_left_for_its_successor(
    edge: Edge,
    origin: MemoryOrigin,
    directory: Directory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packagers_module, "LOOK_S", 0.01)
    origin.held = asyncio.Event()
    waiting = asyncio.create_task(get(edge, LIST, query=reload(100, 4)))
    await asyncio.sleep(0)
    origin.held = None
    origin.packager["source/video.m3u8?_HLS_msn=100&_HLS_part=4"] = listing(100, 5)
    directory.leased(SESSION, "http://second", 2)
    assert (await waiting).body == listing(100, 5).body


@pytest.mark.usefixtures("live")
async def test_reload_that_is_not_met_in_three_target_durations_is_503(
    edge: Edge, origin: MemoryOrigin, clock: Clock
) -> None:
    origin.packager["source/video.m3u8"] = listing(100, 4, target_s=5)
    await get(edge, LIST)
    origin.packager["source/video.m3u8?_HLS_msn=100&_HLS_part=4"] = Fetched(503, b"not yet")
    began = clock.now
    reply = await get(edge, LIST, query=reload(100, 4))
    assert reply.status == 503
    assert b"cache-control: no-store" in reply.headers
    assert 15 <= clock.now - began <= 16


@pytest.mark.usefixtures("live")
async def test_ended_playlist_answers_every_reload_at_once_and_is_hardly_cached(
    edge: Edge, origin: MemoryOrigin
) -> None:
    ended = listing(100)
    ended = ended._replace(body=ended.body + b"#EXT-X-ENDLIST\n")
    origin.packager["source/video.m3u8?_HLS_msn=100&_HLS_part=4"] = ended
    assert (await get(edge, LIST, query=reload(100, 4))).body == ended.body
    reply = await get(edge, LIST, query=reload(107, 4))
    assert reply.body == ended.body
    assert b"cache-control: max-age=0, s-maxage=1\r\n" in reply.headers
    assert len(origin.calls) == 1


@pytest.mark.usefixtures("live")
async def test_reload_of_a_stream_whose_packager_has_gone_is_its_last_playlist(
    edge: Edge, origin: MemoryOrigin, directory: Directory, end: Callable[[str], None]
) -> None:
    origin.packager["source/video.m3u8"] = listing(100, 4)
    await get(edge, LIST)
    end(SESSION)
    directory.released(SESSION)
    assert (await get(edge, LIST, query=reload(100, 4))).body == listing(100, 4).body


@pytest.mark.usefixtures("live")
async def test_what_the_packager_calls_absurd_is_400(edge: Edge, origin: MemoryOrigin) -> None:
    origin.packager["source/video.m3u8?_HLS_msn=900&_HLS_part=0"] = Fetched(400, b"{}")
    reply = await get(edge, LIST, query=reload(900, 0))
    assert reply.status == 400
    assert b"cache-control: no-store" in reply.headers


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(
    "query",
    [
        b"_HLS_part=1", b"_HLS_msn=-1", b"_HLS_msn=x&_HLS_part=1", b"_HLS_msn=12345678901",
        b"_HLS_msn=1&_HLS_part=", b"_HLS_msn=1&_HLS_part=10001", b"_HLS_msn=%31",
    ],
)  # fmt: skip
async def test_senseless_reload_is_refused_without_asking_anybody(
    edge: Edge, origin: MemoryOrigin, query: bytes
) -> None:
    with pytest.raises(ReloadWrong):
        await get(edge, LIST, query=query)
    assert origin.calls == []
