"""What was on air, played again in a real browser: the picture tells when it was made."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from playwright.async_api import Page

from tests.pattern import PatternPublisher
from tests.players import play_dash, play_hls
from tests.running import RunningWeir
from tests.time_code import TIME_BITS
from tests.viewing import START_S, reading
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration]

RECORDED_S = 3
Play = Callable[[Page, str], Awaitable[None]]
SEEK_NEAR_END = (
    "() => { const v = document.querySelector('video'); v.currentTime = v.duration - 1 }"
)
"""JavaScript: to the last second of what is played."""


async def test_window_over_two_sessions_plays_in_both_kinds_of_player(
    weir: RunningWeir, page: Page
) -> None:
    stream = weir.create_stream(name="views", reconnectWindow=1)
    first, second = await record(weir, stream), await record(weir, stream)
    span = f"{unix_ms(first['started_at'])}-{unix_ms(second['ended_at'])}"
    for play, name in ((play_dash, "manifest.mpd"), (play_hls, "index.m3u8")):
        await play(page, f"{weir.http_url}/{stream['id']}/{span}/{name}")
        assert is_of(await shown(page), first), name
        await page.evaluate(SEEK_NEAR_END)
        async with asyncio.timeout(START_S):
            while not is_of(await shown(page), second):
                await asyncio.sleep(0.05)


async def record(weir: RunningWeir, stream: dict[str, Any]) -> dict[str, Any]:
    """A session of some seconds, which is over."""
    known = len(weir.sessions(stream["id"]))

    def newest() -> dict[str, Any]:
        sessions = weir.sessions(stream["id"])
        return sessions[0] if len(sessions) > known else {"duration_s": 0, "ended_at": None}

    async with PatternPublisher(stream["push"]["url"]):
        await until(lambda: newest()["duration_s"] >= RECORDED_S, within_s=30, what="recorded")
    await until(lambda: newest()["ended_at"] is not None, within_s=20, what="the session's end")
    return newest()


async def shown(page: Page) -> int:
    """The Unix time (ms) of the picture that the player shows."""
    seen = await reading(page, START_S)
    now_ms = int(datetime.now().astimezone().timestamp() * 1000)
    return now_ms - (now_ms - int(seen["shown"])) % (1 << TIME_BITS)


def is_of(shown_ms: int, session: dict[str, Any]) -> bool:
    # The encoder takes a while before its first frame is published.
    return unix_ms(session["started_at"]) - 2000 < shown_ms < unix_ms(session["ended_at"])


def unix_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
