"""What each path of a view answers, and how often the catalog is asked."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from libs.events import Session, SessionEnded, StreamPublished
from services.gateway.playback.directory import Directory
from services.gateway.playback.miss import Awaited
from services.gateway.playback.reply import NOTHING_MORE, Reply
from services.gateway.playback.routes import match_media
from services.gateway.views.log import Log
from services.gateway.views.views import FRESH_S, Views
from tests.unit.services.gateway.views.logged import (
    AT,
    FIRST,
    SESSION,
    VIDEO,
    MemoryCatalog,
    row,
    timed,
)

SPAN = "1767323045000-1767323051000"
VARIANT = (
    '#EXT-X-STREAM-INF:BANDWIDTH=9000,AVERAGE-BANDWIDTH=8000,CODECS="avc1.64001f,mp4a.40.2",'
    'RESOLUTION=1280x720,FRAME-RATE=25.000,AUDIO="audio"'
)
GROWING = Path(__file__).with_name("growing.mpd").read_text()


class Time:
    """Monotonic time, and the wall clock that goes with it."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> float:
        return AT.timestamp() + 100 + self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
def views(directory: Directory, catalog: MemoryCatalog, time: Time) -> Views:
    return Views(directory, Log(catalog, "default"), clock=time, wall=time.wall)


async def get(views: Views, path: str) -> Reply:
    route = match_media(path.encode())
    assert route is not None
    answer = views.answer(route, NOTHING_MORE)
    found = await answer if isinstance(answer, Awaited) else answer
    assert isinstance(found, Reply)
    return found


@pytest.fixture
def catalog() -> MemoryCatalog:
    made = MemoryCatalog()
    made.rows = [row(index) for index in range(5)]
    made.rows += [row(index, rendition="480p", tracks=(VIDEO,)) for index in range(5)]
    made.begin(ended_at=AT + timedelta(seconds=10))
    return made


def put_on_air(directory: Directory) -> None:
    directory.published(
        StreamPublished(
            tenant="default", stream="cam", session=SESSION, generation=1,
            origin_url="http://ingest", started_at=AT,
        )
    )  # fmt: skip


def end(directory: Directory, session: Session) -> None:
    directory.ended(
        SessionEnded(
            tenant="default", stream="cam", session=session.id, cause="publisher_ended",
            last_tag=99, ended_at=AT,
        )
    )  # fmt: skip


async def body(views: Views, path: str) -> str:
    reply = await get(views, path)
    assert reply.status == 200, bytes(reply.body)
    return bytes(reply.body).decode()


async def test_session_is_replayed_by_relative_addresses(views: Views) -> None:
    variants = await body(views, f"/cam/{SESSION}/index.m3u8")
    assert variants.splitlines()[2:] == [
        (
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="source",DEFAULT=YES,AUTOSELECT=YES,'
            'CHANNELS="2",URI="source/audio.m3u8"'
        ),
        VARIANT,
        "source/video.m3u8",
        VARIANT,
        "480p/video.m3u8",
    ]
    assert (await body(views, f"/cam/{SESSION}/source/audio.m3u8")).count("#EXTINF") == 5
    assert (await body(views, f"/cam/{SESSION}/480p/video.m3u8")).endswith("#EXT-X-ENDLIST\n")


async def test_window_is_played_by_the_same_addresses(views: Views) -> None:
    assert "source/video.m3u8" in await body(views, f"/cam/{SPAN}/index.m3u8")
    assert (await body(views, f"/cam/{SPAN}/source/video.m3u8")).count("#EXTINF") == 3


@pytest.mark.parametrize("view", [SESSION, SPAN])
async def test_views_are_played_as_dash_too(views: Views, view: str) -> None:
    reply = await get(views, f"/cam/{view}/manifest.mpd")
    assert b"application/dash+xml" in reply.headers
    mpd = bytes(reply.body).decode()
    assert 'type="static"' in mpd
    assert f'media="../{SESSION}/480p/$Number$.video.m4s"' in mpd


@pytest.mark.parametrize(("view", "count"), [(SESSION, 5), (SPAN, 3)])
async def test_views_are_played_as_mpeg_ts_too(views: Views, view: str, count: int) -> None:
    variants = (await body(views, f"/cam/{view}/ts.m3u8")).splitlines()
    assert [line for line in variants if not line.startswith("#")] == [
        "source/ts.m3u8", "480p/ts.m3u8",
    ]  # fmt: skip
    media = await body(views, f"/cam/{view}/480p/ts.m3u8")
    assert media.count("#EXTINF") == count
    assert f"../../{SESSION}/480p/" in media


async def test_session_has_the_name_that_the_replaced_system_gave_it(views: Views) -> None:
    began_ms = round(AT.timestamp() * 1000)
    media = await body(views, f"/cam/vod-{began_ms}.m3u8")
    assert media.count("720p/") == 5
    assert media.endswith("#EXT-X-ENDLIST\n")
    # By any time within it, and by none outside of it.
    assert await body(views, f"/cam/vod-{began_ms + 9_999}.m3u8") == media
    assert (await get(views, f"/cam/vod-{began_ms + 10_001}.m3u8")).status == 404
    assert (await get(views, "/cam/vod-1000000000000.m3u8")).status == 404
    assert (await get(views, f"/other/vod-{began_ms}.m3u8")).status == 404


async def test_window_without_an_end_goes_on_with_the_session(
    views: Views, catalog: MemoryCatalog, directory: Directory, time: Time
) -> None:
    path = f"/cam/{round(AT.timestamp() * 1000) + 4000}-/source/video.m3u8"
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in await body(views, path)
    time.now += 100
    catalog.begin()
    put_on_air(directory)
    media = await body(views, path)
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in media
    assert media.count("#EXTINF") == 3
    catalog.rows.append(row(5))
    time.now += FRESH_S
    assert (await body(views, path)).count("#EXTINF") == 4
    variants = await body(views, path.replace("source/video", "index"))
    assert "source/video.m3u8" in variants
    transport = await body(views, path.replace("video", "ts"))
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in transport
    assert transport.count("#EXTINF") == 4


async def test_window_without_an_end_is_a_manifest_that_grows(
    views: Views, catalog: MemoryCatalog, directory: Directory, time: Time
) -> None:
    catalog.rows = [timed(each) for each in catalog.rows]
    session = catalog.begin()
    put_on_air(directory)
    path = f"/cam/{round(AT.timestamp() * 1000) + 5000}-/manifest.mpd"
    assert await body(views, path) == GROWING.format(newest_s=13, repeats=2)
    catalog.rows += [timed(row(5)), timed(row(5, rendition="480p", tracks=(VIDEO,)))]
    time.now += FRESH_S
    assert await body(views, path) == GROWING.format(newest_s=15, repeats=3)
    # Once it is over it is the same, and has an end.
    end(directory, session)
    catalog.begin(ended_at=AT + timedelta(seconds=12))
    time.now += FRESH_S
    mpd = await body(views, path)
    assert 'type="static"' in mpd
    assert 'mediaPresentationDuration="PT8S"' in mpd
    assert f'<Period id="{SESSION}.{FIRST + 2}" start="PT0S">' in mpd


async def test_window_that_begins_with_the_next_segment_waits_for_it(
    views: Views, catalog: MemoryCatalog, directory: Directory, time: Time
) -> None:
    catalog.begin()
    put_on_air(directory)
    path = f"/cam/{round(AT.timestamp() * 1000) + 10_500}-/manifest.mpd"
    reply = await get(views, path)
    assert (reply.status, b"retry-after: 1" in reply.headers) == (404, True)
    catalog.rows.append(row(5))
    time.now += FRESH_S
    assert f'<Period id="{SESSION}.{FIRST + 5}" start="PT0S">' in await body(views, path)


async def test_window_without_an_end_begins_with_the_keyframe_that_it_needs(
    views: Views, catalog: MemoryCatalog, directory: Directory
) -> None:
    catalog.rows[2] = row(2, is_independent=False)
    catalog.begin()
    put_on_air(directory)
    window = f"/cam/{round(AT.timestamp() * 1000) + 5000}-"
    assert f".{FIRST + 1}" in await body(views, f"{window}/manifest.mpd")
    assert (await body(views, f"{window}/source/video.m3u8")).count("#EXTINF") == 4


async def test_live_stream_can_be_seeked_in(
    views: Views, catalog: MemoryCatalog, directory: Directory
) -> None:
    catalog.begin()
    put_on_air(directory)
    assert f"{SESSION}/source/video.dvr.m3u8" in await body(views, "/cam/dvr.m3u8")
    media = await body(views, f"/cam/{SESSION}/source/video.dvr.m3u8")
    assert "PLAYLIST-TYPE" not in media
    assert "ENDLIST" not in media


async def test_dvr_of_a_stream_that_is_not_live_is_404(views: Views) -> None:
    reply = await get(views, "/cam/dvr.m3u8")
    assert (reply.status, bytes(reply.body)) == (404, b"cam is not streaming live now")


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        (f"/other/{SESSION}/index.m3u8", 404, "has no session"),
        (f"/cam/{SESSION}/1080p/video.m3u8", 404, "has no video as 1080p"),
        (f"/cam/{SESSION}/480p/audio.m3u8", 404, "has no audio as 480p"),
        ("/cam/1767323051000-1767323045000/index.m3u8", 400, "ends after"),
        ("/cam/1767323045000-1777323051000/source/video.m3u8", 400, "24 hours"),
        ("/cam/1567323045000-1567323051000/source/video.m3u8", 404, "nothing recorded"),
    ],
)
async def test_what_cannot_be_played_says_why(
    views: Views, path: str, status: int, word: str
) -> None:
    reply = await get(views, path)
    assert reply.status == status
    assert word in bytes(reply.body).decode()


async def test_herd_costs_one_reading_and_the_next_moment_another(
    views: Views, catalog: MemoryCatalog, time: Time
) -> None:
    catalog.begin()
    path = f"/cam/{SESSION}/source/video.m3u8"
    await asyncio.gather(*(get(views, path) for _ in range(500)))
    assert len(catalog.asked) == 2
    await get(views, path)
    assert len(catalog.asked) == 2
    catalog.rows.append(row(5))
    time.now += FRESH_S
    assert (await body(views, path)).count("#EXTINF") == 6
