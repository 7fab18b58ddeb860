"""Webhooks in the console: from an empty page to what was missed being sent again."""

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.async_api import Locator, Page, expect

from tests.console import WIDER_THAN_THE_WINDOW, on_a_phone, sign_in
from tests.hook_receiver import HookReceiver, receiving
from tests.running import RunningWeir
from tests.scenes import Says, every_scene
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(240)]

QUICK = {"WEIR_EGRESS_ALLOW": "127.0.0.0/8", "WEIR_WEBHOOK_RETRIES_S": "0.2,0.2"}
"""What a receiver does not take is a dead letter within a second or two."""
TOLD_MS = 20_000.0
MISSED = 3


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def hooked_weir(own_weir: RunningWeir) -> RunningWeir:
    own_weir.environment |= QUICK
    own_weir.start()
    return own_weir


def _card(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem", name=name)


def _delivery(card: Locator, text: str) -> Locator:
    return card.locator(".delivery").filter(has_text=text)


async def _create(page: Page, says: Says, url: str, about: str, *types: str) -> str:
    """By hand; the secret that is shown."""
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name=says("newWebhook")).click()
    dialog = page.get_by_role("dialog", name=says("webhookNew"))
    await dialog.get_by_label(says("webhookURL")).fill(url)
    await dialog.get_by_label(says("webhookAbout")).fill(about)
    if types:
        await dialog.get_by_label(says("webhookWantsSome")).check()
        for each in types:
            await dialog.get_by_label(each).check()
    await dialog.get_by_role("button", name=says("createWebhook")).click()
    shown = page.get_by_role("dialog", name=says("secretTitle"))
    secret = await shown.locator("code").inner_text()
    await shown.get_by_role("button", name=f"{says('copy')}: {says('secret')}").click()
    copied = "async secret => await navigator.clipboard.readText() === secret"
    await page.wait_for_function(copied, arg=secret, timeout=TOLD_MS)
    await shown.get_by_role("button", name=says("secretDone")).click()
    await expect(shown).to_have_count(0)
    return secret


async def _replay(page: Page, says: Says, card: Locator, *, number: int | None) -> None:
    """From an event's number on; None: from an hour ago, as the dialog proposes."""
    await card.get_by_role("button", name=says("replay"), exact=True).click()
    dialog = page.get_by_role("dialog", name=says("replayTitle", "Night shift"))
    if number is not None:
        await dialog.get_by_label(says("replayFromNumber")).check()
        await dialog.get_by_label(says("replayNumber")).fill(str(number))
    await dialog.get_by_role("button", name=says("replayStart")).click()
    await expect(dialog).to_have_count(0, timeout=TOLD_MS)


@every_scene
async def test_missed_events_are_replayed(
    hooked_weir: RunningWeir, page: Page, says: Says, faults: list[str], receiver: HookReceiver
) -> None:
    await sign_in(hooked_weir, page, "webhooks")
    await expect(page.get_by_role("heading", name=says("webhooksEmptyTitle"))).to_be_visible()
    receiver.secret = await _create(page, says, receiver.url, "Night shift", "stream.changed")
    assert receiver.secret.startswith("whsec_")
    card = _card(page, "Night shift")
    await expect(card).to_contain_text(says("eventTypes", 1))
    assert receiver.secret not in await page.content()

    await card.get_by_role("button", name=says("sendTest")).click()
    await expect(_delivery(card, "webhook.tested")).to_contain_text("204 ·", timeout=TOLD_MS)
    assert receiver.types() == ["webhook.tested"]
    receiver.got.clear()

    for number in range(MISSED):
        hooked_weir.create_stream(name=f"s{number}")
    await until(lambda: len(receiver.got) == MISSED, what="the deliveries")
    first = {got.id for got in receiver.got}
    sent = sorted(got.sequence for got in receiver.got)
    for begin in (sent[0], None):
        receiver.got.clear()
        await _replay(page, says, card, number=begin)
        await until(partial(_has, receiver, first), what=f"the replay from {begin}")
        newest = card.locator(".replay").first
        await expect(newest).to_have_attribute("data-state", "completed", timeout=TOLD_MS)
        await expect(newest).to_contain_text(says("replayTaken", MISSED, 0), timeout=TOLD_MS)
    replayed = _delivery(card, says("deliveryReplayed"))
    await expect(replayed).to_have_count(2 * MISSED, timeout=TOLD_MS)
    assert faults == []


def _has(receiver: HookReceiver, ids: set[str]) -> bool:
    return {got.id for got in receiver.got} == ids


async def test_dead_letter_is_read_and_tried_again(
    hooked_weir: RunningWeir, page: Page, says: Says, faults: list[str], receiver: HookReceiver
) -> None:
    receiver.status, receiver.body = 500, b"<b>out of paper</b>"
    await sign_in(hooked_weir, page, "webhooks")
    receiver.secret = await _create(page, says, receiver.url, "Printer", "stream.changed")
    stream = hooked_weir.create_stream(name="front")
    card = _card(page, "Printer")
    await expect(card.get_by_text("Failing")).to_be_visible(timeout=TOLD_MS)
    await card.get_by_role("button", name="1 dead letter").click(timeout=TOLD_MS)
    dead = _delivery(card, stream["id"])
    await expect(dead).to_contain_text("Dead letter")
    await dead.get_by_role("button", expanded=False).click()
    await expect(dead.locator("pre").first).to_have_text("<b>out of paper</b>", timeout=TOLD_MS)
    await expect(dead.locator(".attempts li")).to_have_count(3)

    receiver.status = 204
    await dead.get_by_role("button", name="Try again now").click()
    await expect(card.get_by_text("No dead letters")).to_be_visible(timeout=TOLD_MS)
    await expect(card.get_by_text("Delivers")).to_be_visible(timeout=TOLD_MS)
    assert receiver.streams() == {stream["id"]}

    await card.get_by_role("switch").click(force=True)
    await expect(card.get_by_text("Off", exact=True)).to_be_visible(timeout=TOLD_MS)
    await expect(card.get_by_role("button", name="Send a test")).to_be_disabled()
    [kept] = hooked_weir.call("GET", "/api/v1/webhooks")["webhooks"]
    assert (kept["is_enabled"], kept["disabled_cause"]) == (False, "operator")
    await card.get_by_role("button", name="More for").click()
    await page.get_by_role("menuitem", name="Delete the webhook").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    empty = page.get_by_role("heading", name="Tell your programs")
    await expect(empty).to_be_visible(timeout=TOLD_MS)
    assert faults == []


@pytest.mark.parametrize(("tag", "heading"), [("en", "Webhooks"), ("zh", "Webhook")])
async def test_phone_shows_webhooks_in_its_width(
    hooked_weir: RunningWeir, page: Page, receiver: HookReceiver, tag: str, heading: str
) -> None:
    await on_a_phone(page)
    await page.add_init_script(f"localStorage.setItem('weir.language', '{tag}')")
    await sign_in(hooked_weir, page, "webhooks")
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    await page.locator(".empty").wait_for()
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)

    body = {"url": f"{receiver.url}/{'a-long-way-' * 12}", "description": "W" * 60}
    receiver.status, receiver.body = 500, b"x" * 1024
    hooked_weir.call("POST", "/api/v1/webhooks", body)
    hooked_weir.create_stream(name="front")
    card = page.locator(".hook")
    await card.locator(".hook-facts .danger").click(timeout=TOLD_MS)
    await card.locator(".delivery-line").click()
    await card.locator(".attempts li").first.wait_for()
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
    await card.locator(".card-actions button").nth(1).click()
    await page.get_by_role("dialog").wait_for()
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
