"""Chat of a recording: shown when the picture of its time is."""

import pytest
from playwright.async_api import Page, expect

from tests.chatting import Chatter, open_chat
from tests.pattern import PatternPublisher
from tests.recorded import recorded_s, shown
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.waiting import until
from tests.watching import watch

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

EARLY_MS = 500
SOON_MS = 2_000
"""The page looks twice a second for what was said; a picture is shown a little after its time."""


async def test_what_was_said_is_shown_with_the_pictures_of_its_time(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = open_chat(weir, "replayed")
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        async with Chatter.open(f"{weir.http_url}/watch/{stream['id']}/chat") as ann:
            await ann.join("Ann")
            await until(lambda: recorded_s(weir, stream["id"]) > 4, what="pictures before it")
            said = await ann.say("Goal!")
            await until(lambda: ann.shown)
            at_ms = ann.shown[said["id"]]["at"]
        before_s = recorded_s(weir, stream["id"])
        await until(lambda: recorded_s(weir, stream["id"]) > before_s + 4, what="pictures after it")
    (found,) = weir.sessions(stream["id"])
    await until(lambda: weir.sessions(stream["id"])[0]["ended_at"], what="the session's end")
    await watch(page, f"{weir.http_url}/watch/{stream['id']}/{found['id']}")
    message = page.locator(".chat-text", has_text="Goal!")
    assert await message.count() == 0
    await expect(message).to_be_visible(timeout=20_000)
    assert -EARLY_MS < await shown(page) - at_ms < SOON_MS
    assert await page.locator(".chat-composer").is_hidden()
    assert faults == []
