"""A broadcast from its first push to a clip that is kept, by nothing but what the console shows."""

import io
import re

import av
import pytest
from PIL import Image
from playwright.async_api import Download, Locator, Page, expect

from tests.console import sign_in
from tests.pattern import HEIGHT, WIDTH, PatternPublisher
from tests.running import RunningWeir
from tests.scenes import Says, Scene, every_scene
from tests.viewing import reading
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

PLAYS_WITHIN_S = 60.0
SHOWN_MS = 60_000.0
MARKED_S = 6
"""Longer than the clip, and what is on its way."""
BLOCK = "\u2588" * 3
"""Letters that fill their whole box."""
SIZE = 60
GREY, WHITE = 150, 190
"""The pattern is darker than the one below its time, and the mark brighter than the other."""

MARKED_AT = """
() => {
  const image = document.querySelector('.placed-mark image');
  if (!image) return null;
  const of = (name) => Number(image.getAttribute(name));
  return [of('x') + of('width') / 2, of('y') + of('height') / 2];
}
"""
"""JavaScript: where the middle of the mark is to be, in the picture's pixels."""
BRIGHTNESS = """
([x, y]) => {
  const video = document.querySelector('video');
  if (!video?.videoWidth) return null;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  return context.getImageData(x, y, 1, 1).data[1];
}
"""
"""JavaScript: how bright the picture is there, 0 to 255."""


@every_scene
async def test_broadcast_is_pushed_watched_marked_recorded_cut_and_downloaded(
    weir: RunningWeir, page: Page, scene: Scene, says: Says, faults: list[str]
) -> None:
    name = f"Matinee {scene}"
    await sign_in(weir, page)
    push_url = await _create(page, says, name)
    async with PatternPublisher(push_url, gop_s=1):
        await page.get_by_role("link", name=says("stream.open", name)).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(name)
        await reading(page, PLAYS_WITHIN_S)

        assert page.context.browser is not None
        viewer = await page.context.browser.new_page(**scene.context())
        stream = re.search(r"#streams/([^/]+)", page.url)
        assert stream is not None
        await viewer.goto(f"{weir.http_url}/watch/{stream[1]}")
        await reading(viewer, PLAYS_WITHIN_S)

        await _tab(page, says, "recording").click()
        await page.get_by_role("switch", name=says("stream.recordVideo")).check()
        await page.get_by_role("button", name=says("save")).click()
        await expect(
            page.get_by_role("status").filter(has_text=says("stream.saved"))
        ).to_be_visible()

        at = await _mark(page, says)
        bright = f"([at, least]) => ({BRIGHTNESS.strip()})(at) > least"
        # Now and then the pattern's own line is there.
        await viewer.wait_for_function(
            f"([at, most]) => ({BRIGHTNESS.strip()})(at) < most", arg=[at, GREY]
        )
        await page.get_by_role("button", name=says("stream.markSaveLive")).click()
        for each in (viewer, page):
            await each.wait_for_function(bright, arg=[at, WHITE], timeout=SHOWN_MS)
        await viewer.close()
        recorded_s = _recorded_s(weir, stream[1])
        await until(
            lambda: _recorded_s(weir, stream[1]) > recorded_s + MARKED_S,
            within_s=60,
            what="some seconds with the mark",
        )
        download = await _cut(page, says)
    pictures = _pictures((await download.path()).read_bytes())
    assert len(pictures) >= 25
    assert {each.size for each in pictures} == {(WIDTH, HEIGHT)}
    brightness = pictures[-1].convert("L").getpixel((int(at[0]), int(at[1])))
    assert brightness > WHITE  # type: ignore[operator]
    assert faults == []


def _tab(page: Page, says: Says, part: str) -> Locator:
    tabs = page.get_by_role("navigation", name=says("stream.about"))
    return tabs.get_by_role("link", name=says(f"stream.parts.{part}"))


async def _create(page: Page, says: Says, name: str) -> str:
    """By hand; where to push, as it is pasted into OBS."""
    await page.get_by_role("button", name=says("newStream")).first.click()
    await page.get_by_label(says("name")).fill(name)
    await page.get_by_role("button", name=says("create"), exact=True).click()
    dialog = page.get_by_role("dialog", name=says("pushTitle", name))
    await dialog.get_by_role("button", name=f"{says('show')}: {says('streamKey')}").click()
    key = dialog.locator("code").nth(1)
    await expect(key).to_have_text(re.compile(r"\?sign="))
    server = await dialog.locator("code").first.inner_text()
    url = f"{server}/{await key.inner_text()}"
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    return url


async def _mark(page: Page, says: Says) -> list[float]:
    """Lay a text out, as it is not on air yet; where its middle will be."""
    await _tab(page, says, "watermark").click()
    await expect(page.get_by_text(says("stream.frameOf", WIDTH, HEIGHT))).to_be_visible(
        timeout=SHOWN_MS
    )
    await page.get_by_role("button", name=says("stream.addText")).click()
    await page.get_by_label(says("stream.markText"), exact=True).fill(BLOCK)
    await page.get_by_label(says("stream.letterSize")).last.fill(str(SIZE))
    await page.wait_for_function(
        "least => document.querySelector('.placed-mark image')?.getAttribute('height') >= least",
        arg=SIZE * 0.9,
    )
    at = await page.evaluate(MARKED_AT)
    assert isinstance(at, list)
    return at


def _recorded_s(weir: RunningWeir, stream: str) -> float:
    return float(weir.sessions(stream)[0]["duration_s"])


async def _cut(page: Page, says: Says) -> Download:
    """Of what was on air seconds ago, and goes on: a clip, downloaded."""
    await _tab(page, says, "recording").click()
    await page.get_by_role("link", name=says("recorded.openTimeline"), exact=True).last.click()
    track = page.get_by_role("slider", name=says("recorded.timeline"))
    await page.get_by_role("button", name=says("recorded.newest")).click()
    steps = {"End": 1, "+": 12, "ArrowLeft": 5, "i": 1, "ArrowRight": 3, "o": 1}
    for key, times in steps.items():
        for _ in range(times):
            await track.press(key)
    await page.get_by_label(says("recorded.clipName")).fill("Finale")
    await page.get_by_role("button", name=says("recorded.makeClip")).click()
    link = page.get_by_role("link", name=says("recorded.downloadClip", "Finale"))
    await expect(link).to_be_visible(timeout=SHOWN_MS)
    async with page.expect_download() as started:
        await link.click()
    return await started.value


def _pictures(mp4: bytes) -> list[Image.Image]:
    with av.open(io.BytesIO(mp4), "r", format="mp4") as source:
        assert [each.type for each in source.streams] == ["video", "audio"]
        return [frame.to_image() for frame in source.decode(video=0)]  # type: ignore[no-untyped-call]
