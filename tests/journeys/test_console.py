"""The console in a real browser, as somebody uses it: both languages, desktop and phone."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.console import WIDER_THAN_THE_WINDOW, on_a_phone, sign_in
from tests.nginx_rtmp import nginx_rtmp
from tests.pattern import READ_CODE, PatternPublisher
from tests.running import RunningWeir
from tests.scenes import Says, Scene, every_scene
from tests.viewing import reading

pytestmark = [pytest.mark.browser, pytest.mark.integration]

PLAYS_WITHIN_S = 20.0


async def test_wrong_password_is_said_and_kept_out(weir: RunningWeir, page: Page) -> None:
    await page.goto(weir.http_url)
    await page.fill("input[type=password]", "not it")
    await page.press("input[type=password]", "Enter")
    await expect(page.get_by_role("alert")).to_contain_text("User or password is wrong.")
    assert await page.locator(".heading").count() == 0


async def test_stream_is_created_shown_and_deleted(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    await sign_in(weir, page)
    await page.get_by_role("button", name="New stream").first.click()
    await page.get_by_role("button", name="Create stream").click()
    await expect(page.get_by_text("Please fill this in.")).to_be_visible()
    await page.get_by_label("Name").fill("Made <b>here</b>")
    await page.get_by_label("Stream id").fill("made-here")
    await page.get_by_role("button", name="Create stream").click()

    push = page.get_by_role("dialog", name="Push to Made <b>here</b>")
    await expect(push.locator("code").first).to_have_text(f"{weir.rtmp_url}/stream")
    await expect(push.get_by_alt_text("QR code of the push URL")).to_be_visible()
    await push.get_by_role("button", name="Show: Stream key").click()
    await expect(push.locator("code").nth(1)).to_have_text(re.compile(r"made-here\?sign=\d+-\w+"))
    await page.keyboard.press("Escape")

    card = page.get_by_role("listitem").filter(has_text="Made <b>here</b>")
    await expect(card.get_by_text("Off air")).to_be_visible()
    await card.get_by_role("button", name="More for").click()
    await page.get_by_role("menuitem", name="Delete stream").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(card).to_have_count(0)
    assert faults == []


async def test_title_for_viewers_is_given(weir: RunningWeir, page: Page, faults: list[str]) -> None:
    stream = weir.create_stream(videoname="North bank")
    await sign_in(weir, page)
    card = page.get_by_role("listitem").filter(has_text="North bank")
    await card.get_by_role("button", name="More for").click()
    await page.get_by_role("menuitem", name="Title for viewers").click()
    dialog = page.get_by_role("dialog", name="What viewers read of North bank")
    await dialog.get_by_label("Title").fill("Evening <b>concert</b>")
    await dialog.get_by_label("Description").fill("By the weir\nuntil dark")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    found = weir.call("GET", f"/api/v1/streams/{stream['id']}")
    assert found["title"] == "Evening <b>concert</b>"
    assert found["description"] == "By the weir\nuntil dark"
    assert faults == []


async def test_live_stream_plays_in_its_dialog(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(videoname="On the wall")
    await sign_in(weir, page)
    async with PatternPublisher(stream["push"]["url"]):
        card = page.get_by_role("listitem").filter(has_text="On the wall")
        await expect(card.locator(".state")).to_contain_text("Live", timeout=20_000)
        await card.get_by_role("button", name="Watch").click()
        async with asyncio.timeout(PLAYS_WITHIN_S):
            while await page.evaluate(READ_CODE) is None:
                await asyncio.sleep(0.05)
    assert faults == []


@every_scene
async def test_viewers_are_counted_listed_and_kicked_and_a_link_lets_them_in(
    weir: RunningWeir, page: Page, scene: Scene, says: Says, faults: list[str]
) -> None:
    name = f"Guarded {scene}"
    stream = weir.create_stream(videoname=name)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await sign_in(weir, page)
    async with PatternPublisher(stream["push"]["url"]):
        card = page.get_by_role("listitem").filter(has_text=name)
        await expect(card.locator(".state")).to_contain_text(says("stateLive"))
        await card.get_by_role("button", name=says("viewersOf", name, 0)).click()
        dialog = page.get_by_role("dialog", name=says("viewersTitle", name))
        await dialog.get_by_text(says("linksOnly"), exact=True).click()
        await expect(dialog.get_by_text(says("linksOnlyHint"))).to_be_visible()
        await dialog.get_by_label(says("linkFor")).fill("Anna")
        await dialog.get_by_role("button", name=says("copySignedLink")).click()
        field = dialog.locator(".copy code")
        await expect(field).to_contain_text("/~")
        link = await field.inner_text()
        assert await page.evaluate("navigator.clipboard.readText()") == link

        assert page.context.browser is not None
        viewer = await page.context.browser.new_page(**scene.context())
        await viewer.goto(link)
        await reading(viewer, PLAYS_WITHIN_S)
        await expect(dialog.get_by_text(says("watchingNow", 1))).to_be_visible()
        await expect(dialog.locator(".viewers li")).to_contain_text("Anna")
        await dialog.get_by_role("button", name=says("kickNamed", "Anna")).click()
        await expect(dialog.get_by_text(says("watchingNow", 0))).to_be_visible()
        await expect(viewer.get_by_text(says("forbiddenTitle"))).to_be_visible()
        await viewer.close()

        await page.keyboard.press("Escape")
        await card.get_by_role("button", name=says("watch")).click()
        await reading(page, PLAYS_WITHIN_S)
    assert faults == []


@pytest.mark.parametrize(("tag", "heading"), [("en-US", "Streams"), ("zh-CN", "直播流")])
async def test_phone_shows_everything_in_its_width(
    weir: RunningWeir, page: Page, tag: str, heading: str
) -> None:
    weir.create_stream(videoname="A name that is far too long for the narrow screen of a phone")
    await on_a_phone(page)
    await page.add_init_script(f"localStorage.setItem('weir.language', '{tag[:2]}')")
    await sign_in(weir, page)
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert await page.get_attribute("html", "lang") == tag.removesuffix("-US")
    card = page.locator(".card").first
    await card.wait_for()
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
    for button in range(3):
        await card.locator(".card-actions button").nth(button).click()
        await page.get_by_role("dialog").wait_for()
        assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_language_is_remembered(weir: RunningWeir, page: Page) -> None:
    await sign_in(weir, page)
    await page.get_by_role("button", name="Language").click()
    await page.get_by_role("menuitem", name="中文").click()
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("直播流")


async def test_relay_target_is_added_followed_switched_and_deleted(
    own_weir: RunningWeir, page: Page, faults: list[str], tmp_path: Path
) -> None:
    own_weir.environment = {"WEIR_EGRESS_ALLOW": "127.0.0.0/8"}
    own_weir.start()
    stream = own_weir.create_stream(videoname="To the world")
    await sign_in(own_weir, page)
    card = page.get_by_role("listitem").filter(has_text="To the world")
    await card.get_by_role("button", name="More for").click()
    await page.get_by_role("menuitem", name="Relay to other servers").click()
    dialog = page.get_by_role("dialog", name="Relay To the world")
    await dialog.get_by_role("button", name="Add target").click()
    await expect(dialog.get_by_text("Please fill this in.")).to_have_count(3)
    await dialog.get_by_label("Name").fill("Elsewhere")
    await dialog.get_by_label("Server").fill("https://live.example/app")
    await expect(dialog.get_by_text("Use rtmp://host/app")).to_be_visible()
    with nginx_rtmp(tmp_path / "far") as nginx:
        await dialog.get_by_label("Server").fill(nginx.url("").rstrip("/"))
        await dialog.get_by_label("Stream key").first.fill("s3cret")
        await dialog.get_by_role("button", name="Add target").click()
        target = dialog.get_by_role("listitem").filter(has_text="Elsewhere")
        await expect(target.locator("code")).to_have_text(nginx.url("…"))
        await expect(target.get_by_text("Waiting")).to_be_visible()
        async with PatternPublisher(stream["push"]["url"]):
            await expect(target.get_by_text("Live")).to_be_visible(timeout=20_000)
            await expect(target.get_by_text("MB sent")).to_be_visible()
            await target.get_by_role("switch").click(force=True)
            await expect(target.get_by_text("Off")).to_be_visible()
        await target.get_by_role("button", name="Delete Elsewhere").click()
        await expect(target).to_have_count(0)
    await on_a_phone(page)
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
    assert "s3cret" not in await page.content()
    assert faults == []


async def test_push_over_tls_is_shown_where_it_is_possible(
    own_weir: RunningWeir, page: Page
) -> None:
    own_weir.environment |= {"WEIR_RTMPS_PUBLIC_URL": "rtmps://video.example:1938"}
    own_weir.start()
    own_weir.create_stream(name="Over TLS")
    await sign_in(own_weir, page)
    await page.get_by_role("button", name="How to push").click()
    push = page.get_by_role("dialog", name="Push to Over TLS")
    await expect(push.locator("code").nth(1)).to_have_text("rtmps://video.example:1938/stream")
