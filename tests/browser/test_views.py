"""What was on air, played again in a real browser: the picture tells when it was made."""

import asyncio

import pytest
from playwright.async_api import Page

from tests.pattern import PatternPublisher
from tests.players import RATE, Play, play_dash, play_file, play_hls, play_through
from tests.recorded import RECORDED_S, is_of, now_ms, record, shown, unix_ms
from tests.running import RunningWeir
from tests.viewing import START_S
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration]

WAYS: tuple[tuple[Play, str], ...] = (
    (play_dash, "manifest.mpd"), (play_hls, "index.m3u8"), (play_file, "clip.mp4"),
)  # fmt: skip


async def test_window_over_two_sessions_plays_in_every_kind_of_player(
    weir: RunningWeir, page: Page
) -> None:
    stream = weir.create_stream(name="views", reconnectWindow=1)
    first, second = await record(weir, stream), await record(weir, stream)
    span = f"{unix_ms(first['started_at'])}-{unix_ms(second['ended_at'])}"
    lasts_s = first["duration_s"] + second["duration_s"]
    rows = [*weir.segments(first["id"]), *weir.segments(second["id"])]
    pictures = sum(track["samples"] for row in rows for track in row["tracks"]
                   if track["kind"] == "video")  # fmt: skip
    for play, name in WAYS:
        url = f"{weir.http_url}/{stream['id']}/{span}/{name}"
        await play(page, url)
        assert is_of(await shown(page), first), name
        played = await play_through(page, play, url, within_s=lasts_s / RATE)
        assert played.is_ended, (name, played)
        assert played.problems == [], (name, played)
        assert played.frames == pictures, (name, played)
        assert is_of(await shown(page), second), name


async def test_window_without_an_end_plays_on_with_the_stream(
    weir: RunningWeir, page: Page
) -> None:
    """It is still shown what was pushed after the manifest was first asked for."""
    stream = weir.create_stream(name="on")

    def recorded_s() -> float:
        return max((each["duration_s"] for each in weir.sessions(stream["id"])), default=0)

    async with PatternPublisher(stream["push"]["url"]):
        await until(lambda: recorded_s() >= 2 * RECORDED_S, within_s=30, what="recorded")
        (session,) = weir.sessions(stream["id"])
        from_ms = unix_ms(session["started_at"]) + 1000
        asked_ms = now_ms()
        await play_dash(page, f"{weir.http_url}/{stream['id']}/{from_ms}-/manifest.mpd")
        assert await shown(page) < asked_ms
        async with asyncio.timeout(2 * START_S):
            while await shown(page) <= asked_ms:
                await asyncio.sleep(0.05)
