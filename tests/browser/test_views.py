"""What was on air, played again in a real browser: the picture tells when it was made."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page

from tests.players import play_dash, play_file, play_hls
from tests.recorded import is_of, record, shown, unix_ms
from tests.running import RunningWeir
from tests.viewing import START_S

pytestmark = [pytest.mark.browser, pytest.mark.integration]

Play = Callable[[Page, str], Awaitable[None]]
SEEK_NEAR_END = (
    "() => { const v = document.querySelector('video'); v.currentTime = v.duration - 1 }"
)
"""JavaScript: to the last second of what is played."""


async def test_window_over_two_sessions_plays_in_every_kind_of_player(
    weir: RunningWeir, page: Page
) -> None:
    stream = weir.create_stream(name="views", reconnectWindow=1)
    first, second = await record(weir, stream), await record(weir, stream)
    span = f"{unix_ms(first['started_at'])}-{unix_ms(second['ended_at'])}"
    ways = ((play_dash, "manifest.mpd"), (play_hls, "index.m3u8"), (play_file, "clip.mp4"))
    for play, name in ways:
        await play(page, f"{weir.http_url}/{stream['id']}/{span}/{name}")
        assert is_of(await shown(page), first), name
        await page.evaluate(SEEK_NEAR_END)
        async with asyncio.timeout(START_S):
            while not is_of(await shown(page), second):
                await asyncio.sleep(0.05)
