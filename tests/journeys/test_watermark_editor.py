"""A watermark that is laid out on the stream's still, as viewers see it."""

import subprocess
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from libs.ffmpeg import find_ffmpeg
from tests.console import sign_in
from tests.media import push
from tests.running import RunningWeir

pytestmark = [pytest.mark.browser, pytest.mark.integration]

WIDTH, HEIGHT = 320, 180
BLOCK = "\u2588\u2588"
"""Letters that fill their whole box."""
SIZE = 40
ON_AIR_MS = 30_000

PREVIEWED = """
() => {
  const image = document.querySelector('.placed-mark image');
  return ['x', 'y', 'width', 'height'].map((name) => Number(image?.getAttribute(name)));
}
"""
"""JavaScript: where the preview has the mark, in the picture's pixels."""
IS_BRIGHT_THERE_ALONE = """
([left, top, width, height]) => {
  const video = document.querySelector('.embedded video');
  if (!video.videoWidth) return false;
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext('2d', {willReadFrequently: true});
  context.drawImage(video, 0, 0);
  const at = (x, y) => context.getImageData(x, y, 1, 1).data[1];
  const edge = 3;
  const inside = [
    [left + edge, top + edge],
    [left + width - edge, top + height - edge],
    [left + width / 2, top + height / 2],
  ];
  const outside = [
    [left - 2 * edge, top + height / 2],
    [left + width + 2 * edge, top + height / 2],
    [left + width / 2, top - 2 * edge],
    [left + width / 2, top + height + 2 * edge],
  ];
  return inside.every(([x, y]) => at(x, y) > 160) && outside.every(([x, y]) => at(x, y) < 60);
}
"""
"""JavaScript: whether the player shows the mark in this box, and black around it."""


@pytest.fixture(scope="module")
def black(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Whatever is bright on it was laid over it."""
    path = tmp_path_factory.mktemp("media") / "black.flv"
    picture = f"color=c=black:size={WIDTH}x{HEIGHT}:rate=25:duration=120"
    argv = [
        find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-f", "lavfi", "-i", picture,
        "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=120",
        "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-sc_threshold", "0", "-bf", "0",
        "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", str(path),
    ]  # fmt: skip
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path


async def drag_to(page: Page, x: float, y: float) -> None:
    """The mark's middle, to this point of the picture."""
    frame = await page.locator(".mark-frame").bounding_box()
    mark = await page.locator(".placed-mark rect").bounding_box()
    assert frame
    assert mark
    await page.mouse.move(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    await page.mouse.down()
    to = frame["x"] + frame["width"] * x / WIDTH, frame["y"] + frame["height"] * y / HEIGHT
    await page.mouse.move(*to, steps=5)
    await page.mouse.up()


async def test_watermark_dragged_on_the_frame_is_seen_there_in_the_picture(
    weir: RunningWeir,
    page: Page,
    faults: list[str],
    black: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    stream = weir.create_stream(videoname="Marked live", reconnectWindow=0)
    publishers.append(push(black, stream["push"]["url"]))
    await sign_in(weir, page, at=f"streams/{stream['id']}/watermark")
    await expect(page.locator(".embedded video")).to_be_visible(timeout=ON_AIR_MS)
    size = f"The picture has {WIDTH} × {HEIGHT} pixels."
    await expect(page.get_by_text(size)).to_be_visible(timeout=ON_AIR_MS)

    await page.get_by_role("button", name="Add a text").click()
    await page.get_by_label("Text", exact=True).fill(BLOCK)
    await page.get_by_label("Outline").locator("xpath=..").get_by_role("button").click()
    await page.get_by_label("Size (px)").fill(str(SIZE))
    await page.wait_for_function(
        "least => document.querySelector('.placed-mark image')?.getAttribute('height') >= least",
        arg=0.9 * SIZE,
    )
    await drag_to(page, 220, 60)
    await page.get_by_role("button", name="Put on air").click()
    await expect(page.get_by_role("status").filter(has_text="On its way")).to_be_visible()

    left, top, width, height = box = await page.evaluate(PREVIEWED)
    assert abs(left + width / 2 - 220) <= 2
    assert abs(top + height / 2 - 60) <= 2
    await page.wait_for_function(IS_BRIGHT_THERE_ALONE, arg=box, timeout=ON_AIR_MS)

    await page.get_by_role("button", name=f"Move {BLOCK}", exact=True).focus()
    for _ in range(4):
        await page.keyboard.press("Shift+ArrowDown")
    await page.get_by_role("button", name="Put on air").click()
    moved = await page.evaluate(PREVIEWED)
    assert moved == [left, top + 40, width, height]
    await page.wait_for_function(IS_BRIGHT_THERE_ALONE, arg=moved, timeout=ON_AIR_MS)
    assert faults == []
