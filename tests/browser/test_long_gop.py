"""Encoders whose keyframe interval is "automatic" send one in 8 to 10 s: players begin all the
same, and go on.
"""

import asyncio
import time

import pytest
from playwright.async_api import Page

from tests.pattern import PatternPublisher
from tests.running import RunningWeir
from tests.viewing import reading, until_live

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.soak]

GOP_S = 8
JOIN_S = GOP_S + 2.0
WATCH_S = GOP_S + 4.0
"""More than a GOP: whoever lost its keyframe has no picture up to the next one."""
STALL_S = 1.0


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", ["flv.html", "hls.html", "dash.html"])
async def test_player_begins_within_a_gop_and_never_stops(
    weir: RunningWeir, page: Page, name: str
) -> None:
    stream = weir.create_stream(name="long GOP")
    url = f"{weir.http_url}/{stream['id']}/{name}"
    async with PatternPublisher(stream["push"]["url"], gop_s=GOP_S):
        await until_live(weir, stream["id"])
        began = time.monotonic()
        # In the first GOP, and at other points of later ones.
        for at_s in (0.0, 17.0, 36.0, 54.0):
            await asyncio.sleep(max(0.0, began + at_s - time.monotonic()))
            await page.goto(url)
            await reading(page, JOIN_S)
            assert await longest_still_s(page, WATCH_S) < STALL_S, at_s


async def longest_still_s(page: Page, seconds: float) -> float:
    """For how long the picture did not change, at most."""
    longest, shown, since = 0.0, -1.0, time.monotonic()
    until = since + seconds
    while (now := time.monotonic()) < until:
        seen = (await reading(page, seconds))["shown"]
        if seen != shown:
            shown, since = seen, now
        longest = max(longest, time.monotonic() - since)
        await asyncio.sleep(0.1)
    return longest
