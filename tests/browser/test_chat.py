"""Chat beside the picture, as people use it and abuse it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.chatting import Chatter
from tests.console import PHONE_HEIGHT, PHONE_WIDTH, sign_in
from tests.oracles.layout import layout_faults, serious_findings
from tests.pattern import PatternPublisher
from tests.recorded import shown
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.waiting import until
from tests.watching import watch

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

PAYLOADS = [
    "<script>window.hurt = 1</script>",
    "<img src=x onerror='window.hurt = 1'>",
    "<svg/onload=window.hurt=1>",
    "\"><iframe srcdoc='<script>parent.hurt=1</script>'>",
    "javascript:window.hurt=1",
    '<a href="javascript:window.hurt=1">x</a>',
    "${window.hurt=1}{{window.hurt=1}}",
    "</li></ol><style>*{display:none}</style>",
]
SOON_MS = 2_000
"""The page looks twice a second for what was said; a picture is shown a little after its time."""


def open_chat(weir: RunningWeir, name: str, **settings: Any) -> dict[str, Any]:
    stream = weir.create_stream(name=name, reconnectWindow=1)
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}/chat", {"is_open": True} | settings)
    return stream


@asynccontextmanager
async def another(browser: Browser) -> AsyncIterator[Page]:
    """A page of somebody else."""
    context = await browser.new_context()
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def join(page: Page, url: str, name: str) -> None:
    await page.goto(url)
    await page.get_by_label("Your name").fill(name)
    await page.get_by_role("button", name="Join").click()
    await expect(page.get_by_label("Say something")).to_be_visible()


async def say(page: Page, text: str) -> None:
    box = page.get_by_label("Say something")
    await box.fill(text)
    await box.press("Enter")
    await expect(page.locator(".chat-text", has_text=text).first).to_be_visible()


async def test_two_people_talk(weir: RunningWeir, page: Page, faults: list[str]) -> None:
    stream = open_chat(weir, "talk")
    url = f"{weir.http_url}/watch/{stream['id']}"
    browser = page.context.browser
    assert browser is not None
    async with another(browser) as other:
        await join(page, url, "Ann")
        await join(other, url, "夜猫")
        await say(page, "Hello!")
        await expect(other.locator(".chat-line")).to_have_text(["AnnHello!"])
        await say(other, "你好")
        await expect(page.locator(".chat-line")).to_have_text(["AnnHello!", "夜猫你好"])
        await page.reload()
        await expect(page.locator(".chat-line")).to_have_text(["AnnHello!", "夜猫你好"])
        await say(page, "Still Ann")
        await expect(other.locator(".chat-name").last).to_have_text("Ann")
    assert faults == []


async def test_whatever_is_written_is_text(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = open_chat(weir, "hostile")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await page.goto(f"{weir.http_url}/watch/{stream['id']}")
    chat = f"{weir.http_url}/watch/{stream['id']}/chat"
    for payload in PAYLOADS:
        async with Chatter.open(chat) as stranger:
            await stranger.join(payload[:32])
            assert (await stranger.say(payload))["type"] == "said"
        await expect(page.locator(".chat-text").last).to_have_text(payload)
        await expect(page.locator(".chat-name").last).to_have_text(payload[:32])
    markup = page.locator(".chat-list :is(script, img, svg, iframe, a, style)")
    assert await markup.count() == 0
    assert await page.evaluate("window.hurt") is None
    assert dialogs == []
    assert faults == []


async def test_a_moderator_removes_and_bans(weir: RunningWeir, page: Page) -> None:
    stream = open_chat(weir, "moderated")
    url = f"{weir.http_url}/watch/{stream['id']}"
    await sign_in(weir, page)
    await join(page, url, "Host")
    await say(page, "Welcome")
    await expect(page.locator(".chat-mark")).to_have_text("Moderator")
    async with Chatter.open(f"{url}/chat", local_addr=("127.0.0.9", 0)) as troll:
        await troll.join("Troll")
        await troll.say("one", key="1")
        await troll.say("two", key="2")
        line = page.locator(".chat-line", has_text="one")
        await line.hover()
        await line.get_by_role("button", name="Remove").click()
        await expect(line).to_have_count(0)
        await until(lambda: troll.texts == ["Welcome", "two"])
        line = page.locator(".chat-line", has_text="two")
        await line.hover()
        async with page.expect_response("**/chat/bans") as answered:
            await line.get_by_role("button", name="Ban", exact=True).click()
            await line.get_by_role("button", name="Ban Troll, and remove").click()
        answer = await answered.value
        assert answer.status == 201, await answer.text()
        await expect(line).to_have_count(0)
        assert (await troll.say("three", key="3"))["code"] == "chat_banned"
        assert troll.texts == ["Welcome"]


async def test_slow_mode_and_a_closed_chat_are_said(weir: RunningWeir, page: Page) -> None:
    stream = open_chat(weir, "slow", slow_s=30)
    await join(page, f"{weir.http_url}/watch/{stream['id']}", "Ann")
    await expect(page.locator(".chat-slow")).to_have_text("Slow mode: one message in 30 s")
    await say(page, "one")
    await page.get_by_label("Say something").fill("two")
    await page.get_by_label("Say something").press("Enter")
    await expect(page.locator(".chat-note")).to_contain_text("You can write again in")
    await expect(page.get_by_label("Say something")).to_have_value("two")
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}/chat", {"is_open": False})
    await expect(page.locator(".chat-note")).to_have_text("The chat is closed.")
    await expect(page.get_by_label("Say something")).to_be_disabled()


def recorded_s(weir: RunningWeir, stream_id: str) -> float:
    return max((float(each["duration_s"]) for each in weir.sessions(stream_id)), default=0.0)


async def test_what_was_said_is_shown_with_the_pictures_of_its_time(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = open_chat(weir, "replayed")
    chat = f"{weir.http_url}/watch/{stream['id']}/chat"
    async with PatternPublisher(stream["push"]["url"]):
        await until_live(weir, stream["id"])
        async with Chatter.open(chat) as ann:
            await ann.join("Ann")
            await until(lambda: recorded_s(weir, stream["id"]) > 4, what="pictures before it")
            said = await ann.say("Goal!")
            await until(lambda: ann.shown)
            at_ms = ann.shown[said["id"]]["at"]
        before_s = recorded_s(weir, stream["id"])
        await until(lambda: recorded_s(weir, stream["id"]) > before_s + 4, what="pictures after it")
    (found,) = weir.sessions(stream["id"])
    session = found["id"]
    await until(lambda: weir.sessions(stream["id"])[0]["ended_at"], what="the session's end")
    await watch(page, f"{weir.http_url}/watch/{stream['id']}/{session}")
    message = page.locator(".chat-text", has_text="Goal!")
    assert await message.count() == 0
    await expect(message).to_be_visible(timeout=20_000)
    assert -SOON_MS / 4 < await shown(page) - at_ms < SOON_MS
    assert await page.locator(".chat-composer").is_hidden()
    assert faults == []


@pytest.mark.parametrize("width", [PHONE_WIDTH, 1280, 3840])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_chat_is_laid_out_at_any_size_in_any_language(
    weir: RunningWeir, page: Page, width: int, language: str
) -> None:
    stream = open_chat(weir, f"laid-{width}-{language}", slow_s=10)
    height = PHONE_HEIGHT if width == PHONE_WIDTH else width * 9 // 16
    await page.set_viewport_size({"width": width, "height": height})
    await page.add_init_script(
        f"localStorage.setItem('weir.language', '{language}');"
        "localStorage.setItem('weir.chat.name', 'A name of thirty-two letters 123')"
    )
    async with Chatter.open(f"{weir.http_url}/watch/{stream['id']}/chat") as ann:
        await ann.join("Ann")
        await ann.say("Averylongwordthatgoesonandon" * 6)
    await page.goto(f"{weir.http_url}/watch/{stream['id']}")
    await expect(page.locator(".chat-line")).to_have_count(1)
    await page.locator("#chat").scroll_into_view_if_needed()
    assert await layout_faults(page) == []
    assert await serious_findings(page) == []
