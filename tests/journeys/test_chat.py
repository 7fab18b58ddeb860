"""Chat beside the picture, as people use it and abuse it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, WebSocketRoute, expect

from tests.chatting import Chatter, open_chat
from tests.console import sign_in
from tests.messages import LANGUAGES
from tests.oracles.layout import faults_at_every_size
from tests.running import RunningWeir
from tests.scenes import Says, Scene, every_scene
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

PAYLOADS = [
    "<script>window.hurt = 1</script>",
    "<img src=x onerror='window.hurt = 1'>",
    "<svg/onload=window.hurt=1>",
    "\"><iframe srcdoc='<script>parent.hurt=1</script>'>",
    "javascript:window.hurt=1",
    '<a href="javascript:window.hurt=1">x</a>',
    "${window.hurt=1}{{window.hurt=1}}",
    "</span></div><style>*{display:none}</style>",
]
INLINE = """
() => {
  const script = document.createElement('script');
  script.textContent = 'window.hurt = 1';
  document.body.append(script);
}
"""
"""JavaScript: what the page's policy has to refuse."""
FROM_THE_END = """
(({scrollHeight, scrollTop, clientHeight}) => scrollHeight - scrollTop - clientHeight)
  (document.querySelector('.chat-list'))
"""
"""JavaScript: so many pixels of messages are below those that are seen."""
ALERTS = [
    {"key": "1", "kind": "tip", "by": "Ida", "amount": "12.50", "currency": "EUR", "text": "Bravo"},
    {"key": "2", "kind": "subscription", "by": "夜猫"},
    {"key": "3", "kind": "custom", "by": "Upriver", "text": "We all come along"},
]


@asynccontextmanager
async def another(browser: Browser, scene: Scene) -> AsyncIterator[Page]:
    """A page of somebody else."""
    context = await browser.new_context(**scene.context())
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def join(page: Page, says: Says, url: str, name: str) -> None:
    await page.goto(url)
    await page.get_by_label(says("chatName")).fill(name)
    await page.get_by_role("button", name=says("chatJoin")).click()
    await expect(page.get_by_label(says("chatSay"))).to_be_visible()


async def say(page: Page, says: Says, text: str) -> None:
    box = page.get_by_label(says("chatSay"))
    await box.fill(text)
    await box.press("Enter")
    await expect(page.locator(".chat-text", has_text=text).first).to_be_visible()


@every_scene
async def test_two_people_talk(
    weir: RunningWeir, page: Page, scene: Scene, says: Says, faults: list[str]
) -> None:
    stream = open_chat(weir, f"talk-{scene}")
    url = f"{weir.http_url}/watch/{stream['id']}"
    browser = page.context.browser
    assert browser is not None
    async with another(browser, scene) as other:
        await join(page, says, url, "Ann")
        await join(other, says, url, "夜猫")
        await say(page, says, "Hello!")
        await expect(other.locator(".chat-line")).to_have_text(["Ann Hello!"])
        await say(other, says, "你好")
        await expect(page.locator(".chat-line")).to_have_text(["Ann Hello!", "夜猫 你好"])
        await page.reload()
        await expect(page.locator(".chat-line")).to_have_text(["Ann Hello!", "夜猫 你好"])
        await say(page, says, "Still Ann")
        await expect(other.locator(".chat-name").last).to_have_text("Ann")
    assert faults == []


async def test_a_name_that_is_being_typed_stays(weir: RunningWeir, page: Page) -> None:
    stream = open_chat(weir, "typed")
    held: list[tuple[WebSocketRoute, str | bytes]] = []

    def hold(route: WebSocketRoute) -> None:
        """What the gateway says comes late."""
        route.connect_to_server().on_message(lambda word: held.append((route, word)))

    await page.route_web_socket("**/chat", hold)
    await page.goto(f"{weir.http_url}/watch/{stream['id']}")
    await page.get_by_label("Your name").fill("Ann")
    await until(lambda: held, what="a welcome")
    for route, word in held:
        route.send(word)
    await expect(page.locator(".chat-empty")).to_be_visible()
    await expect(page.get_by_label("Your name")).to_have_value("Ann")


async def test_whatever_is_written_is_text(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = open_chat(weir, "hostile")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    told = {"title": PAYLOADS[1], "description": PAYLOADS[0]}
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}", told)
    url = f"{weir.http_url}/watch/{stream['id']}"
    await page.goto(url)
    await expect(page.get_by_role("heading", level=1)).to_have_text(PAYLOADS[1])
    await expect(page.locator(".info-text")).to_have_text(PAYLOADS[0])
    for number, payload in enumerate(PAYLOADS):
        async with Chatter.open(f"{url}/chat") as stranger:
            await stranger.join(payload[:32])
            assert (await stranger.say(payload))["type"] == "said"
        last = page.locator(".chat-line").last
        await expect(last.locator(".chat-text")).to_have_text(payload)
        await expect(last.locator(".chat-name")).to_have_text(payload[:32].strip())
        alert = {"key": f"{number}", "kind": "custom", "by": payload[:32], "text": payload}
        weir.call("POST", f"/api/v1/streams/{stream['id']}/alerts", alert)
        last = page.locator(".chat-alert").last
        await expect(last.locator(".chat-text")).to_have_text(payload)
        await expect(last.locator(".chat-name")).to_have_text(payload[:32].strip())
    markup = page.locator("#chat :is(script, img, iframe, a, style), #info :is(script, img, style)")
    assert await markup.count() == 0
    assert await page.evaluate("window.hurt") is None
    assert dialogs == []
    assert faults == []
    await page.evaluate(INLINE)
    assert await page.evaluate("window.hurt") is None
    assert len(faults) == 1


async def test_a_moderator_removes_and_bans(weir: RunningWeir, page: Page, says: Says) -> None:
    stream = open_chat(weir, "moderated")
    url = f"{weir.http_url}/watch/{stream['id']}"
    await sign_in(weir, page)
    await join(page, says, url, "Host")
    await say(page, says, "Welcome")
    await expect(page.locator(".chat-mark")).to_have_text("Moderator")
    assert await page.get_by_role("button", name="Remove").count() == 0
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
        ask = line.locator(".chat-sure")
        await line.get_by_role("button", name="Ban").click()
        await expect(ask).to_contain_text("Ban Troll, and remove all that they said?")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(ask).to_be_hidden()
        await expect(line.get_by_role("button", name="Ban")).to_be_focused()
        await page.keyboard.press("Enter")
        # At first the catalog may not know yet what was said.
        async with page.expect_response(
            lambda answer: answer.url.endswith("/chat/bans") and answer.status == 201
        ):
            await ask.get_by_role("button", name="Ban").click()
        await expect(line).to_have_count(0)
        assert (await troll.say("three", key="3"))["code"] == "chat_banned"
        assert troll.texts == ["Welcome"]


async def test_slow_mode_and_a_closed_chat_are_said(
    weir: RunningWeir, page: Page, says: Says
) -> None:
    stream = open_chat(weir, "slow", slow_s=30)
    await join(page, says, f"{weir.http_url}/watch/{stream['id']}", "Ann")
    await expect(page.locator(".chat-slow")).to_have_text("Slow mode: one message in 30 s")
    await say(page, says, "one")
    await page.get_by_label("Say something").fill("two")
    await page.get_by_label("Say something").press("Enter")
    await expect(page.locator(".chat-note")).to_contain_text("You can write again in")
    await expect(page.get_by_label("Say something")).to_have_value("two")
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}/chat", {"is_open": False})
    await expect(page.locator(".chat-note")).to_have_text("The chat is closed.")
    await expect(page.get_by_label("Say something")).to_be_disabled()


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_nothing_is_clipped_foreign_or_inaccessible(
    weir: RunningWeir, page: Page, tag: str, faults: list[str]
) -> None:
    stream = open_chat(weir, "layout", slow_s=10)
    url = f"{weir.http_url}/watch/{stream['id']}"
    await page.add_init_script(f"localStorage.setItem('weir.language', '{tag}')")
    found: dict[str, list[str]] = {}

    async def look(when: str) -> None:
        await page.locator("#chat").scroll_into_view_if_needed()
        if wrong := await faults_at_every_size(page, tag):
            found[when] = wrong

    async with Chatter.open(f"{url}/chat") as ann:
        await ann.join("Ann")
        await ann.say("Averylongwordthatgoesonandon" * 6)
    for alert in ALERTS:
        weir.call("POST", f"/api/v1/streams/{stream['id']}/alerts", alert)
    await page.goto(url)
    lines = page.locator(".chat-line")
    await expect(lines).to_have_count(1 + len(ALERTS))
    await look("nameless")
    await page.locator(".chat-form:visible input").fill("A name of thirty-two letters 123")
    await page.keyboard.press("Enter")
    await expect(page.locator(".chat-who")).to_be_visible()
    await look("named")
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}/chat", {"is_open": False, "slow_s": 0})
    await expect(page.locator(".chat-note")).to_be_visible()
    await look("closed")
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}/chat", {"is_open": True})
    await sign_in(weir, page)
    await page.goto(url)
    await lines.first.hover()
    await look("moderated")
    await lines.first.locator(".chat-act").last.click()
    await expect(page.locator(".chat-sure:visible")).to_have_count(1)
    await look("to be banned")
    assert found == {}
    assert faults == []


async def test_chat_without_a_word_says_so_and_stays_at_its_end(
    weir: RunningWeir, page: Page
) -> None:
    stream = open_chat(weir, "empty")
    url = f"{weir.http_url}/watch/{stream['id']}"
    await page.goto(url)
    await expect(page.locator(".chat-empty")).to_be_visible()
    for number in range(8):
        async with Chatter.open(f"{url}/chat", local_addr=(f"127.0.0.{number + 2}", 0)) as each:
            await each.join("Ann")
            await each.say(f"{number} " + "a long story " * 20)
    await expect(page.locator(".chat-line")).to_have_count(8)
    await expect(page.locator(".chat-empty")).to_be_hidden()
    assert await page.evaluate(FROM_THE_END) < 2
    # What is shown above and below the messages takes some of their place.
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}/chat", {"is_open": False, "slow_s": 30})
    await expect(page.locator(".chat-note")).to_be_visible()
    await page.set_viewport_size({"width": 800, "height": 500})
    await page.wait_for_function(f"() => {FROM_THE_END} < 2")
    # Who reads further up is left there, and told of what is new.
    await page.locator(".chat-list").evaluate("list => { list.scrollTop = 0 }")
    alert = {"key": "1", "kind": "subscription", "by": "Ida"}
    weir.call("POST", f"/api/v1/streams/{stream['id']}/alerts", alert)
    await page.get_by_role("button", name="Newer messages").click()
    await page.wait_for_function(f"() => {FROM_THE_END} < 2")
