"""Video on demand in the console: a file comes in over a line that breaks, is made, and plays."""

import asyncio
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.async_api import Locator, Page, Request, expect

from tests.asset_house import made_of
from tests.console import WIDER_THAN_THE_WINDOW, on_a_phone, sign_in
from tests.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.media import encode_counted
from tests.running import RunningWeir
from tests.scenes import Says, Scene, every_scene
from tests.waiting import until
from tests.watching import watch

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS = 40
SLOW_BYTES_PER_S = 100_000
"""Of a line on which there is time to break an upload off."""
MADE_MS = 120_000.0
PLAYED_S = 2.0
MOVING = f"() => document.querySelector('.video video')?.currentTime > {PLAYED_S}"
SHOWN = """
(text) => [...document.querySelector('.video video')?.textTracks ?? []].some((track) =>
  [...track.activeCues ?? []].some((cue) => cue.text === text))
"""
LINKS = (("watch", "Watch page"), ("hls", "HLS"), ("dash", "DASH"), ("mp4", "MP4"))
DRAWN = """
() => {
  const canvas = document.querySelector('.video canvas');
  if (!canvas) return false;
  const {width, height} = canvas;
  const context = canvas.getContext('2d');
  return context.getImageData(0, 0, width, height).data.some((value, at) => at % 4 < 3 && value);
}
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 1.9 MB."""
    path = tmp_path_factory.mktemp("videos") / "holiday.flv"
    encode_counted(path, seconds=SECONDS, size=(854, 480), rate=25, bitrate="300k")
    return path


@pytest.fixture
def asset(weir: RunningWeir, film: Path) -> dict[str, Any]:
    """Ready to be watched, under a name that no other test's has."""
    return made_of(weir, film.read_bytes(), f"harbour-{secrets.token_hex(4)}.flv")


def _card(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name))


async def _slow_down(page: Page, bytes_per_s: float) -> None:
    """Upwards; -1: as fast as it goes."""
    line = await page.context.new_cdp_session(page)
    limits = {"downloadThroughput": -1, "uploadThroughput": bytes_per_s}
    said = {"offline": False, "latency": 0, **limits}
    await line.send("Network.emulateNetworkConditions", said)


@pytest.fixture
def line(weir: RunningWeir) -> Iterator[FaultProxy]:
    """Between the browser and Weir."""
    with fault_proxy(urlsplit(weir.http_url).port or 80) as proxy:
        yield proxy


async def _pause_and_cut(page: Page, says: Says, row: Locator, name: str, line: FaultProxy) -> None:
    """It goes on after each."""
    is_going = says("perSecond", "")
    await expect(row).to_contain_text(is_going, timeout=20_000)
    await row.get_by_role("button", name=says("pauseNamed", name)).click()
    await expect(row).to_contain_text(says("sendingPaused"))
    await row.get_by_role("button", name=says("resumeNamed", name)).click()
    await expect(row).to_contain_text(is_going, timeout=20_000)
    line.fault = Fault.REFUSED
    await expect(row).to_contain_text(says("sendingBroken"))
    await expect(page.get_by_role("status")).to_contain_text(
        says("newsOf", name, says("sendingBroken"))
    )
    line.fault = Fault.NONE
    await expect(row).to_contain_text(is_going, timeout=20_000)


@every_scene
async def test_broken_upload_goes_on_after_a_cut_and_a_reload_and_plays(
    weir: RunningWeir, page: Page, scene: Scene, says: Says, line: FaultProxy, faults: list[str],
    film: Path, tmp_path: Path,
) -> None:  # fmt: skip
    chosen = tmp_path / f"holiday-{scene}.flv"
    shutil.copy(film, chosen)
    name = chosen.name
    await sign_in(weir, page, "videos", by=f"http://127.0.0.1:{line.port}")
    await page.get_by_text("360p", exact=True).click()
    await _slow_down(page, SLOW_BYTES_PER_S)
    offsets: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            offsets.append(int(request.headers["upload-offset"]))

    page.on("request", note)
    await page.locator("input[type=file]").first.set_input_files(chosen)
    row = page.get_by_role("listitem").filter(has_text=name)
    await _pause_and_cut(page, says, row, name, line)
    after_the_cut = offsets[-1]
    assert after_the_cut > 0
    await page.reload()
    await expect(row).to_contain_text(says("sendingInterrupted"))

    def arrived() -> int:
        (upload,) = weir.call("GET", "/api/v1/uploads?state=open")["uploads"]
        return int(upload["offset_bytes"])

    await until(arrived, what="a part of the file")
    before = arrived()
    assert before < film.stat().st_size
    await row.locator("input[type=file]").set_input_files(Path(__file__))
    await expect(row).to_contain_text(says("sendingOther", name))
    await _slow_down(page, -1)
    await row.locator("input[type=file]").set_input_files(chosen)

    card = _card(page, name)
    await expect(card.get_by_role("progressbar")).to_be_visible(timeout=MADE_MS)
    await expect(card).to_contain_text("360p")
    play = card.get_by_role("button", name=says("playNamed", name))
    await expect(play).to_be_visible(timeout=MADE_MS)
    assert offsets[0] == 0
    assert offsets[-1] >= before >= after_the_cut
    await _look_at(page, scene, card, play)
    await card.get_by_role("button", name=says("closePlayer")).click()
    await expect(play).to_be_focused()

    await card.get_by_role("button", name=says("linksTitle", name)).click()
    links = page.get_by_role("dialog", name=says("linksTitle", name))
    watch_page = links.locator(".copy", has_text="/watch/").locator("code")
    await watch(page, await watch_page.inner_text())
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    assert faults == []


async def _look_at(page: Page, scene: Scene, card: Locator, play: Locator) -> None:
    """The poster, the storyboard under the mouse, the moving picture."""
    await card.locator("img").wait_for(timeout=MADE_MS)
    assert await card.locator("img").evaluate("async (image) => image.decode().then(() => true)")
    if scene.device == "desk":
        await play.hover(position={"x": 30, "y": 30})
        await page.wait_for_function(DRAWN, timeout=MADE_MS)
    await play.click()
    await page.wait_for_function(MOVING)
    await expect(card.locator(".player")).to_be_focused()


async def test_refusals_are_said_in_plain_words(
    weir: RunningWeir, page: Page, faults: list[str], tmp_path: Path
) -> None:
    await sign_in(weir, page, "videos")
    fake, empty, letter = tmp_path / "fake.mp4", tmp_path / "empty.mp4", tmp_path / "letter.txt"
    fake.write_text("Dear all,")
    empty.touch()
    letter.write_text("Dear all,")
    await page.locator("input[type=file]").first.set_input_files([fake, empty, letter])
    for file, why in (
        (fake, "This is no video that Weir reads."),
        (empty, "The file is empty."),
        (letter, "goes by the name's ending"),
    ):
        row = page.get_by_role("listitem").filter(has_text=file.name)
        await expect(row.get_by_role("alert")).to_contain_text(why, timeout=60_000)
        await row.get_by_role("button", name=re.compile("Dismiss|Give up")).click()
        await expect(row).to_have_count(0)

    await page.get_by_role("button", name="From an address").click()
    dialog = page.get_by_role("dialog", name="Import from an address")
    await dialog.get_by_role("button", name="Import").click()
    await expect(dialog.get_by_text("begins with http")).to_be_visible()
    await dialog.get_by_label("Address of the file").fill("http://127.0.0.1:9/film.mp4")
    await dialog.get_by_role("button", name="Import").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("This address is private")
    assert faults == []


async def test_captions_are_added_chosen_and_deleted(
    weir: RunningWeir, page: Page, faults: list[str], asset: dict[str, Any], tmp_path: Path
) -> None:
    texts, letter = tmp_path / "harbour.de.srt", tmp_path / "letter.srt"
    texts.write_text("1\n00:00:00,000 --> 00:00:30,000\nGuten Abend\n")
    letter.write_text("Dear all,")
    await sign_in(weir, page, "videos")
    card = _card(page, asset["name"])
    await card.get_by_role("button", name="More for").click()
    await page.get_by_role("menuitem", name="Captions").click()
    dialog = page.get_by_role("dialog", name=f"Captions of {asset['name']}")
    await expect(dialog.get_by_text("No captions yet.")).to_be_visible()
    add = dialog.get_by_role("button", name="Add captions")
    await expect(add).to_be_disabled()
    await dialog.locator("input[type=file]").set_input_files(letter)
    await add.click()
    await expect(dialog.get_by_role("alert")).to_contain_text("This is no WebVTT or SubRip file")
    await dialog.locator("input[type=file]").set_input_files(texts)
    await expect(dialog.get_by_role("alert")).to_have_count(0)
    await expect(dialog.get_by_label("Language")).to_have_value("de")
    await expect(dialog.get_by_label("Viewers choose it as")).to_have_value("Deutsch")
    await dialog.get_by_role("switch", name="Shown from the start").check()
    await add.click()
    row = dialog.get_by_role("listitem")
    await expect(row).to_contain_text("German · 1 cue · from the start")
    await page.keyboard.press("Escape")

    def is_listed() -> bool:
        return 'NAME="Deutsch"' in httpx2.get(asset["playback"]["hls"]).text

    await until(is_listed, what="the captions in the playlist")
    await card.get_by_role("button", name=f"Play {asset['name']}").click()
    await page.wait_for_function(SHOWN, arg="Guten Abend")
    await card.get_by_role("button", name="Close the player").click()
    await card.get_by_role("button", name="More for").click()
    await page.get_by_role("menuitem", name="Captions").click()
    await dialog.get_by_role("button", name="Delete the captions Deutsch").click()
    await expect(dialog.get_by_text("No captions yet.")).to_be_visible()
    assert faults == []


async def test_watermark_is_ordered_shown_and_given_away_by_signed_links(
    weir: RunningWeir, page: Page, faults: list[str], tmp_path: Path
) -> None:
    film = tmp_path / "premiere.flv"
    encode_counted(film, seconds=8, size=(320, 180), rate=25, bitrate="300k")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await sign_in(weir, page, "videos")
    await page.get_by_role("switch", name="Forensic watermark").check()
    await page.locator("input[type=file]").first.set_input_files(film)
    card = _card(page, film.name)
    play = card.get_by_role("button", name=f"Play {film.name}")
    await expect(play).to_be_visible(timeout=MADE_MS)
    await expect(card.get_by_text("Watermarked")).to_be_visible()
    await expect(card.get_by_role("link", name="Download MP4")).to_have_count(0)
    await play.click()
    await page.wait_for_function(MOVING)

    await card.get_by_role("button", name=f"Links to {film.name}").click()
    links = page.get_by_role("dialog", name=f"Links to {film.name}")
    await expect(links.get_by_role("button", name="Copy: MP4")).to_have_count(0)
    await links.get_by_label("For whom").fill("Anna")
    await links.get_by_role("button", name="Copy a signed link").click()
    await expect(links.locator(".copy code").first).to_contain_text("/~")
    link = await page.evaluate("navigator.clipboard.readText()")
    assert httpx2.get(link, follow_redirects=True).status_code == 200
    assert faults == []


async def test_asset_is_renamed_linked_and_deleted(
    weir: RunningWeir, page: Page, faults: list[str], asset: dict[str, Any]
) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await sign_in(weir, page, "videos")
    card = _card(page, asset["name"])
    await card.get_by_role("button", name=f"Links to {asset['name']}").click()
    links = page.get_by_role("dialog", name=f"Links to {asset['name']}")
    for form, label in LINKS:
        await links.get_by_role("button", name=f"Copy: {label}", exact=True).click()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied == asset["playback"][form]
        assert httpx2.get(copied).status_code == 200
    await page.keyboard.press("Escape")

    async with page.expect_download() as started:
        await card.get_by_role("link", name="Download MP4").click()
    assert (await (await started.value).path()).read_bytes()[4:8] == b"ftyp"

    await card.get_by_role("button", name="More for").click()
    await page.get_by_role("menuitem", name="Rename").click()
    await page.get_by_role("dialog").get_by_label("Name").fill("Harbour <at> night")
    await page.keyboard.press("Enter")
    card = _card(page, "Harbour <at> night")
    await card.get_by_role("button", name="More for").click()
    await page.get_by_role("menuitem", name="Delete video").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(card).to_have_count(0)
    for kind, gone in (("assets", asset["id"]), ("uploads", asset["upload"])):
        left = weir.call("GET", f"/api/v1/{kind}")[kind]
        assert gone not in [each["id"] for each in left if each["state"] != "deleted"]
    assert faults == []


async def test_marked_link_shows_marked_pictures_only(
    weir: RunningWeir, page: Page, faults: list[str], asset: dict[str, Any]
) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await sign_in(weir, page, "videos")
    card = _card(page, asset["name"])
    await card.get_by_role("button", name="More for").click()
    await page.get_by_role("menuitem", name="Marked link").click()
    dialog = page.get_by_role("dialog", name=f"Marked link to {asset['name']}")
    await expect(dialog.get_by_text("Everybody may watch this video")).to_be_visible()
    await dialog.get_by_role("button", name="Make the link").click()
    await expect(dialog.get_by_text("Please fill this in.")).to_be_visible()
    await dialog.get_by_label("For whom").fill("Anna")
    await dialog.get_by_label("What the mark says").fill("x" * 65)
    await dialog.get_by_role("button", name="Make the link").click()
    await expect(dialog.get_by_text("At most 8 lines of 64 characters each.")).to_be_visible()
    await dialog.get_by_label("What the mark says").fill("Anna\nHarbour")
    await dialog.get_by_label("All the time").check()
    async with page.expect_request(re.compile("viewer-tokens")) as asked:
        await dialog.get_by_role("button", name="Make the link").click()
    body = (await asked.value).post_data_json
    mark = {"lines": ["Anna", "Harbour"], "mode": "every", "is_moving": True}
    assert body == {"expires_in_s": 86_400, "viewer": "Anna", "watermark": mark}

    field = dialog.locator(".copy code")
    await expect(field).to_contain_text("/~")
    link = await field.inner_text()
    assert await page.evaluate("navigator.clipboard.readText()") == link
    assert httpx2.get(link, follow_redirects=True).status_code == 200
    plain = httpx2.get(link.replace("index.m3u8", "clip.mp4"))
    assert (plain.status_code, plain.headers["x-weir-reason"]) == (403, "viewer_marked")
    assert faults == []


@pytest.mark.parametrize(("tag", "heading"), [("en", "Videos"), ("zh", "视频")])
async def test_phone_shows_videos_in_its_width(
    weir: RunningWeir, page: Page, asset: dict[str, Any], tag: str, heading: str
) -> None:
    weir.call("PATCH", f"/api/v1/assets/{asset['id']}", {"name": "A name far too long " * 5})
    await on_a_phone(page)
    await page.add_init_script(f"localStorage.setItem('weir.language', '{tag}')")
    await sign_in(weir, page, "videos")
    await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    card = page.locator(".video").first
    await card.wait_for()
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
    await card.locator(".video-actions button").first.click()
    await page.get_by_role("dialog").wait_for()
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)
    await page.keyboard.press("Escape")
    await card.locator(".card-more").click()
    await page.get_by_role("menuitem").nth(1).click()
    await page.get_by_role("dialog").wait_for()
    assert not await page.evaluate(WIDER_THAN_THE_WINDOW)


async def test_no_video_yet_teaches_the_ways_in_by_keyboard(
    own_weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    own_weir.start()
    await sign_in(own_weir, page)
    pages = page.get_by_role("navigation", name="Pages")
    await pages.get_by_role("link", name="Videos").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Upload your first video")).to_be_visible()
    await expect(page.locator(".empty code")).to_have_text(
        "weir upload film.mp4 --ladder sd,hd --wait"
    )
    await page.get_by_role("checkbox", name="480p").focus()
    await page.keyboard.press("Space")
    await page.reload()
    await expect(page.get_by_role("checkbox", name="480p")).to_be_checked()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Choose files").focus()
        await page.keyboard.press("Enter")
    assert (await chooser.value).is_multiple()
    await asyncio.to_thread(own_weir.stop)
    await expect(page.get_by_role("alert")).to_contain_text("Weir does not answer", timeout=20_000)
    assert faults == []
