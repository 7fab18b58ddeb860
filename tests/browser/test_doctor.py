"""The stream doctor in the console: what it says of a push that is ill, and of one that is well."""

import subprocess
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page, expect

from tests.console import WIDER_THAN_THE_WINDOW, on_a_phone, sign_in
from tests.media import encode, push
from tests.oracles.layout import serious_findings
from tests.running import RunningWeir

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

FOUND_WITHIN_MS = 90_000
SECONDS = 150
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


async def test_ill_push_is_told_with_the_setting_that_mends_it(
    weir: RunningWeir,
    page: Page,
    faults: list[str],
    tmp_path: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    stream = weir.create_stream(videoname="Ill", reconnectWindow=0)
    source = encode(
        tmp_path / "ill.flv", seconds=SECONDS, size="160x90", gop=250, b_frames=2, has_audio=False
    )
    publishers.append(push(source, stream["push"]["url"]))
    await sign_in(weir, page)
    card = page.get_by_role("listitem").filter(has_text="Ill")
    await card.get_by_role("button", name="Doctor for Ill").click(timeout=30_000)
    dialog = page.get_by_role("dialog", name="How Ill is doing")
    verdict = dialog.get_by_role("status")
    await expect(verdict).to_contain_text("2 things to mend", timeout=FOUND_WITHIN_MS)

    gop = dialog.locator(".finding").filter(has_text="Keyframes are too far apart")
    await expect(gop.locator(".severity")).to_have_text("Serious", timeout=FOUND_WITHIN_MS)
    await expect(gop).to_contain_text("Keyframe Interval: 2\N{NO-BREAK SPACE}s")
    await expect(gop.locator("code")).to_have_text("-g 50 -keyint_min 50")
    silent = dialog.locator(".finding").filter(has_text="No audio track")
    await expect(silent.locator(".severity")).to_have_text("Warning")
    reorder = dialog.locator(".finding").filter(has_text="B-frames add latency")
    await expect(reorder.locator(".severity")).to_have_text("Hint")
    await expect(dialog.locator(".vitals")).to_contain_text("160 × 90")

    late = dialog.locator(".latency")
    await expect(late.locator(".hops li")).to_have_count(5)
    await expect(late.locator(".latency-total")).to_contain_text("behind the publisher")
    before = await late.locator(".latency-total").inner_text()
    await late.get_by_text("Other HLS players").click()
    await expect(late.locator(".latency-total")).not_to_have_text(before)
    assert await late.locator(".latency-bar").get_attribute("aria-label")

    await on_a_phone(page)
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
    body = dialog.locator(".mantine-Modal-body")
    assert await body.evaluate("each => each.scrollWidth <= each.clientWidth")
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        assert await serious_findings(page) == [], scheme
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Language").click()
    await page.get_by_role("menuitem", name="中文").click()
    await card.get_by_role("button", name="诊断 Ill").click()
    chinese = page.get_by_role("dialog", name="Ill 的状况")
    await expect(chinese.get_by_role("status")).to_contain_text("有 2 处需要改进")
    await expect(chinese).to_contain_text("关键帧间隔过长")
    assert faults == []


async def test_healthy_push_is_said_to_be_well(
    weir: RunningWeir,
    page: Page,
    faults: list[str],
    tmp_path: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    stream = weir.create_stream(videoname="Well", reconnectWindow=0)
    source = encode(tmp_path / "well.flv", seconds=SECONDS, size="160x90")
    publishers.append(push(source, stream["push"]["url"]))
    await sign_in(weir, page)
    card = page.get_by_role("listitem").filter(has_text="Well")
    await card.get_by_role("button", name="Doctor for Well").click(timeout=30_000)
    verdict = page.get_by_role("dialog", name="How Well is doing").get_by_role("status")
    # A stall of the machine that runs the test is one, and is forgotten within a minute.
    await expect(verdict).to_contain_text("All is well", timeout=120_000)
    assert faults == []
