"""Segments and init segments by way of the edge, from an origin in memory."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from libs.media.cmaf import Sample, write_chunk
from libs.storage import ColdStoreUnavailable, StoreUnavailable
from services.gateway.errors import OriginUnreachable
from services.gateway.playback import media as media_module
from services.gateway.playback.directory import Directory
from services.gateway.playback.edge import Edge
from services.gateway.playback.growing import Growth
from services.gateway.playback.miss import Awaited
from services.gateway.playback.origin import Fetched
from services.gateway.playback.reply import Asked
from services.gateway.playback.routes import match_media
from tests.unit.services.gateway.playback.origins import (
    AUDIO,
    INIT,
    KEY,
    MSN,
    SESSION,
    VIDEO,
    MemoryOrigin,
    get,
)
from tests.unit.services.gateway.views.logged import MemoryCatalog, row


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_module, "RETRY_S", 0)


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


async def test_segment_that_a_job_made_lies_where_its_row_says(
    edge: Edge, origin: MemoryOrigin, catalog: MemoryCatalog
) -> None:
    """The key of a packager's is tried in vain once a session."""
    keys = [f"jobs/default/chunk-1/2/source/{msn}.m4s" for msn in (MSN, MSN + 1)]
    for number, key in enumerate(keys):
        made = row(0, session=SESSION)
        catalog.rows.append(made.model_copy(update={"msn": MSN + number, "object_key": key}))
        origin.store[key] = segment()[0] + segment()[1]
    assert (await get(edge, VIDEO)).body == segment()[0]
    assert (await get(edge, VIDEO.replace(str(MSN), str(MSN + 1)))).body == segment()[0]
    assert origin.calls == [KEY, *keys]
    assert (await get(edge, VIDEO.replace("/cam/", "/other/"))).status == 404


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


async def test_segment_that_may_lie_in_a_cold_store_that_is_away_is_not_called_missing(
    edge: Edge, origin: MemoryOrigin
) -> None:
    origin.is_cold_away = True
    with pytest.raises(ColdStoreUnavailable):
        await get(edge, VIDEO)
    origin.store[KEY] = segment()[0]
    assert (await get(edge, VIDEO)).status == 200


@pytest.mark.usefixtures("live")
async def test_live_segment_is_held_whatever_becomes_of_the_cold_store(
    edge: Edge, origin: MemoryOrigin
) -> None:
    """It is in the spool of a packager that is being replaced."""
    origin.is_cold_away = origin.is_packager_away = True
    waiting = asyncio.create_task(get(edge, VIDEO))
    while KEY not in origin.calls:
        await asyncio.sleep(0)
    origin.store[KEY] = segment()[0]
    assert (await waiting).status == 200


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


async def test_both_tracks_asked_at_once_are_one_read_of_the_store(
    edge: Edge, origin: MemoryOrigin
) -> None:
    video, audio = segment()
    origin.store[KEY] = video + audio
    replies = await asyncio.gather(*(get(edge, path) for path in (VIDEO, AUDIO) * 50))
    assert [bytes(reply.body) for reply in replies] == [video, audio] * 50
    assert origin.calls == [KEY]


async def test_object_too_large_to_keep_is_served(edge: Edge, origin: MemoryOrigin) -> None:
    origin.store[KEY] = write_chunk(1, 1, 0, [Sample(1, 0, True, bytes(2_000_000))])
    assert (await get(edge, VIDEO)).status == 200


@pytest.mark.usefixtures("live")
async def test_segment_that_a_stopped_packager_does_not_give_comes_from_the_store(
    edge: Edge, origin: MemoryOrigin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_module, "READ_S", 0.01)
    origin.held = asyncio.Event()
    origin.store[KEY] = segment()[0]
    assert (await get(edge, VIDEO)).status == 200
    assert origin.calls == [f"http://packager/source/{MSN}.video.m4s", KEY]


@pytest.mark.usefixtures("live")
async def test_segment_that_is_about_to_come_is_held_by_one_request(
    edge: Edge, origin: MemoryOrigin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_module, "READ_S", 0.01)
    origin.held = asyncio.Event()
    asking = [asyncio.create_task(get(edge, VIDEO)) for _ in range(100)]
    while KEY not in origin.calls:
        await asyncio.sleep(0.001)
    origin.packager[f"source/{MSN}.video.m4s"] = Fetched(200, b"new")
    origin.held.set()
    replies = await asyncio.gather(*asking)
    assert {(reply.status, bytes(reply.body)) for reply in replies} == {(200, b"new")}
    assert origin.calls == [f"http://packager/source/{MSN}.video.m4s", KEY]
    playlist = "source/video.m3u8"
    origin.packager[playlist] = Fetched(200, b"#EXTM3U")
    assert (await get(edge, f"/cam/{playlist}")).status == 200


@pytest.mark.usefixtures("live")
async def test_packager_is_waited_for_though_the_store_is_away(
    edge: Edge, origin: MemoryOrigin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_module, "READ_S", 0.01)
    origin.held, origin.is_store_away = asyncio.Event(), True
    asking = asyncio.create_task(get(edge, VIDEO))
    while KEY not in origin.calls:
        await asyncio.sleep(0.001)
    origin.packager[f"source/{MSN}.video.m4s"] = Fetched(200, b"new")
    origin.held.set()
    assert (await asking).body == b"new"


@pytest.mark.usefixtures("live")
async def test_packager_is_served_while_the_store_hangs(
    edge: Edge, origin: MemoryOrigin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media_module, "READ_S", 0.01)
    origin.held, origin.store_answers = asyncio.Event(), asyncio.Event()
    asking = asyncio.create_task(get(edge, VIDEO))
    while KEY not in origin.calls:
        await asyncio.sleep(0.001)
    origin.packager[f"source/{MSN}.video.m4s"] = Fetched(200, b"new")
    origin.held.set()
    assert (await asking).body == b"new"
    origin.store_answers.set()


@pytest.mark.usefixtures("live")
async def test_what_nobody_has_while_the_store_is_away_may_be_asked_for_again(
    edge: Edge, origin: MemoryOrigin
) -> None:
    origin.is_store_away = True
    with pytest.raises(StoreUnavailable):
        await get(edge, VIDEO)


# --- parts ------------------------------------------------------------------------------

PART = f"/cam/{SESSION}/source/{MSN}.7.video.m4s"


@pytest.mark.usefixtures("live")
async def test_hinted_part_is_asked_for_once_and_kept(edge: Edge, origin: MemoryOrigin) -> None:
    origin.packager[f"source/{MSN}.7.video.m4s"] = Fetched(200, b"part")
    origin.held = asyncio.Event()
    waiting = [asyncio.create_task(get(edge, PART)) for _ in range(100)]
    await asyncio.sleep(0)
    origin.held.set()
    replies = await asyncio.gather(*waiting)
    assert {bytes(reply.body) for reply in replies} == {b"part"}
    assert b"immutable" in (await get(edge, PART)).headers
    assert origin.calls == [f"http://packager/source/{MSN}.7.video.m4s"]


@pytest.mark.usefixtures("live")
async def test_part_is_never_sought_in_the_store(edge: Edge, origin: MemoryOrigin) -> None:
    assert (await get(edge, PART)).status == 404
    assert origin.calls == [f"http://packager/source/{MSN}.7.video.m4s"]


async def test_part_that_will_never_be_is_refused_at_once(
    edge: Edge, origin: MemoryOrigin, directory: Directory, publish: Callable[..., None]
) -> None:
    """A hint that did not come true; nobody is to wait for a packager that may be new."""
    publish(SESSION)
    directory.leased(SESSION, "http://packager", 1)
    assert directory.is_settling(SESSION)
    origin.packager[f"source/{MSN}.7.video.m4s"] = Fetched(410, b"")
    assert (await get(edge, PART)).status == 404
    assert origin.calls == [f"http://packager/source/{MSN}.7.video.m4s"]


@pytest.mark.usefixtures("live")
async def test_advertised_part_is_held_while_the_packager_is_replaced(
    edge: Edge, origin: MemoryOrigin, directory: Directory
) -> None:
    origin.is_packager_away = True
    waiting = asyncio.create_task(get(edge, PART))
    await asyncio.sleep(0)
    origin.is_packager_away = False
    origin.packager[f"source/{MSN}.7.video.m4s"] = Fetched(200, b"cut again")
    directory.leased(SESSION, "http://second", 2)
    assert (await waiting).body == b"cut again"


# --- segments in the making -------------------------------------------------------------


@pytest.mark.usefixtures("live")
async def test_segment_in_the_making_is_read_once_and_kept_when_it_is_whole(
    edge: Edge, origin: MemoryOrigin
) -> None:
    go = asyncio.Event()

    async def rest() -> AsyncGenerator[bytes]:
        yield b"one"
        await go.wait()
        yield b"two"

    origin.packager[f"source/{MSN}.video.m4s"] = Fetched(200, b"", rest=rest())
    route = match_media(VIDEO.encode())
    assert route is not None
    first = edge.answer(route, Asked())
    assert isinstance(first, Awaited)
    growth = await first
    assert isinstance(growth, Growth)
    growing = growth.growing
    heard: list[bytes] = []
    growing.listen(heard.append)
    await asyncio.sleep(0)
    assert edge.answer(route, Asked()) == growth, "who comes later joins"
    assert growing.pieces == [b"one"]
    go.set()
    while not growing.is_done:
        await asyncio.sleep(0)
    assert heard[-2:] == [b"two", b""]
    assert (await get(edge, VIDEO)).body == b"onetwo"
    assert len(origin.calls) == 1


@pytest.mark.usefixtures("live")
async def test_segment_that_breaks_off_is_not_kept(edge: Edge, origin: MemoryOrigin) -> None:
    async def rest() -> AsyncGenerator[bytes]:
        yield b"one"
        raise OriginUnreachable("broke off")

    origin.packager[f"source/{MSN}.video.m4s"] = Fetched(200, b"", rest=rest())
    route = match_media(VIDEO.encode())
    assert route is not None
    answer = edge.answer(route, Asked())
    assert isinstance(answer, Awaited)
    growth = await answer
    assert isinstance(growth, Growth)
    growing = growth.growing
    while not growing.is_done:
        await asyncio.sleep(0)
    assert growing.is_broken
    origin.packager[f"source/{MSN}.video.m4s"] = Fetched(200, b"whole")
    await asyncio.sleep(0)
    assert (await get(edge, VIDEO)).body == b"whole"
