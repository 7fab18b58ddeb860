"""A publisher is killed and comes back: its viewers go on by themselves."""

import asyncio

import pytest
from playwright.async_api import Page, Response

from tests.oracles.hls_watch import HLSWatch
from tests.pattern import PatternPublisher
from tests.running import RunningWeir
from tests.stored import assert_gapless, ended_rows, frames_of
from tests.viewing import LIMITS, START_S, reading, until_live

pytestmark = [pytest.mark.browser, pytest.mark.integration]

AWAY_S = 8.0
BACK_S = 20.0
"""From the new publish until every viewer is as near as before."""
WATCH_S = 3.0


async def test_viewers_go_on_by_themselves_when_a_killed_publisher_is_back(
    weir: RunningWeir, page: Page
) -> None:
    stream = weir.create_stream(name="back after 8 s")
    assert stream["reconnect_window_s"] == 15
    browser = page.context.browser
    assert browser is not None
    pages = {"flv.html": page, "hls.html": await browser.new_page()}
    answers: list[Response] = []
    for each in pages.values():
        # Not the bound method itself: Playwright marks its listeners.
        each.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108
    async with HLSWatch(weir.http_url, stream["id"]) as watch:
        async with PatternPublisher(stream["push"]["url"]):
            await until_live(weir, stream["id"])
            for name, each in pages.items():
                await each.goto(f"{weir.http_url}/{stream['id']}/{name}")
                await reading(each, START_S)
            await watch.reach(2, within_s=START_S)
        await asyncio.sleep(AWAY_S)
        async with PatternPublisher(stream["push"]["url"]):
            await asyncio.gather(*(caught_up(each, LIMITS[name]) for name, each in pages.items()))
            for each in pages.values():
                before = await reading(each, 2.0)
                await asyncio.sleep(WATCH_S)
                assert (await reading(each, 2.0))["shown"] > before["shown"]
        await watch.ended(within_s=40)
    assert [answer.url for answer in answers if answer.status >= 400] == []
    assert watch.findings == []
    rows = await ended_rows(weir, stream["id"])
    assert_gapless(rows)
    assert {row["discontinuity_sequence"] for row in rows} == {0, 1}
    assert {row["generation"] for row in rows} == {1, 2}
    await frames_of(weir, rows)  # every one is there, with the bytes that its row says


async def caught_up(page: Page, limit_ms: float) -> None:
    async with asyncio.timeout(BACK_S):
        while (await reading(page, BACK_S))["age_ms"] > limit_ms:
            await asyncio.sleep(0.1)
