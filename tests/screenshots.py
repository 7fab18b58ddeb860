"""`make screenshots`: a picture of every page into `docs/images`, and `docs/screenshots.md`, which
shows them. It starts a Weir of its own for each language, furnished, with a test pattern on air.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from tests.album import Album
from tests.chromium import FLAGS
from tests.console import sign_in
from tests.furnishing import ENVIRONMENT, Words, furnish, on_air
from tests.hook_receiver import receiving
from tests.oracles.layout import SIZES
from tests.running import RunningWeir
from tests.tour import tour
from tests.watching import watch

DOCS = Path("docs")
PICTURE = "1280x720"
WORDS = {
    "en": Words(
        live="North bank", members="Members only", title="The brass band, live from the north bank",
        description="They play until it is dark.\nProgramme: https://example.org/programme",
        film="Harbour at night.mp4", hook="Night shift", printer="Printer of the gate",
        key="Planning", wall="Wall in the hall", tenant="The arena", relay="Elsewhere",
        gate="Gate", clip="Delivery at noon", viewer="Dora",
        said=[
            ("Emil", "Good evening from the south bank!"), ("Fay", "Is there a programme?"),
            ("Gus", "It is in the text below."), ("Nobody", "Buy my watches"),
        ],
    ),
    "zh": Words(
        live="北岸", members="会员专享", title="北岸铜管乐队现场直播",
        description="一直演奏到天黑。\n节目单：https://example.org/programme",
        film="港口夜景.mp4", hook="夜班", printer="门口的打印机",
        key="排期系统", wall="大厅的屏幕", tenant="体育馆", relay="其他平台",
        gate="大门", clip="中午送货", viewer="小林",
        said=[
            ("阿明", "南岸的朋友们晚上好！"), ("小雨", "有节目单吗？"),
            ("老周", "在下面的介绍里。"), ("路人", "便宜手表"),
        ],
    ),
}  # fmt: skip
CONSOLE = {
    "streams": "Streams: one on air",
    "health": "How the services are",
    "stream-new": "A new stream",
    "stream-viewers": "Who watches, and who may",
    "stream-push": "How to push: server, key, QR code",
    "stream-watch": "A stream in the console's player",
    "stream-menu": "What else can be done with a stream",
    "stream-title": "What viewers read",
    "stream-relays": "Relays to other servers",
    "stream-ladder": "The ladder",
    "stream-mark": "A link with a burned-in mark",
    "stream-page": "All about one stream",
    "part-watermark-text": "A watermark, laid out on the picture",
    "part-ladder": "Sizes, and how they are now",
    "part-recording": "What is recorded, and how long it is kept",
    "part-viewers": "Its viewers",
    "stream-doctor": "The doctor: what is wrong with a push, and why it is late",
    "recordings": "Recordings",
    "recording-files": "What was made of a recording, and what keeps it",
    "timeline": "A recording on the timeline",
    "timeline-clip": "A clip",
    "videos": "Uploads and videos",
    "video-links": "Where a video plays",
    "video-captions": "Captions",
    "viewers": "All who watch",
    "webhooks": "Webhooks",
    "webhook-new": "A new webhook",
    "webhook-delivery": "What was sent to a webhook, and what it answered",
    "webhook-replay": "A replay",
    "users": "Users",
    "user-new": "A new user",
    "keys": "API keys",
    "key-new": "A new API key",
    "audit": "The audit log",
    "audit-entry": "All that is known of one deed",
    "tenants": "Tenants and their quotas",
    "tenant-new": "A new tenant",
    "job": "Jobs: one of them",
    "system": "Services and dead letters",
    "domains": "Push and pull domains",
    "devices": "Cameras and phones",
    "account": "The own account",
}
"""What is taken of the tour at a desk, and what it shows."""
PHONE = {
    "streams", "stream-page", "stream-doctor", "recordings", "timeline", "videos",
    "webhook-delivery", "audit", "tenants", "job", "devices",
}  # fmt: skip
CHINESE = {
    "streams", "stream-page", "stream-push", "timeline", "videos", "webhooks", "keys", "tenants",
}  # fmt: skip


async def main() -> None:
    album = Album(DOCS)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS
        )
        async with furnished("en") as (weir, stream):
            await see_sign_in(weir, chromium, album)
            await see_console(weir, await at_a_desk(chromium), album, "en", set(CONSOLE))
            await see_watch_page(weir, chromium, album, stream["id"])
            await see_console(weir, await on_a_phone(chromium), album, "en", PHONE, "phone")
            await see_watch_page_on_a_phone(weir, chromium, album, stream["id"])
        async with furnished("zh") as (weir, _):
            await see_console(weir, await at_a_desk(chromium), album, "zh", CHINESE, "zh")
        await chromium.close()
    album.write()


@asynccontextmanager
async def furnished(tag: str) -> AsyncIterator[tuple[RunningWeir, dict[str, Any]]]:
    """And the stream that is on air."""
    words = WORDS[tag]
    with tempfile.TemporaryDirectory() as folder, receiving() as receiver:
        weir = RunningWeir(Path(folder) / "weir", dict(ENVIRONMENT))
        weir.start()
        try:
            stream = furnish(weir, words, receiver, PICTURE)
            async with on_air(weir, stream, words, PICTURE):
                yield weir, stream
        finally:
            weir.stop()


async def at_a_desk(chromium: Browser) -> Page:
    return await chromium.new_page(viewport=SIZES["desk"], color_scheme="light")


async def on_a_phone(chromium: Browser) -> Page:
    return await chromium.new_page(
        viewport=SIZES["phone"], color_scheme="dark", device_scale_factor=2
    )


async def see_sign_in(weir: RunningWeir, chromium: Browser, album: Album) -> None:
    page = await at_a_desk(chromium)
    await page.goto(weir.http_url)
    await page.locator("input[type=password]").wait_for()
    await album.take(page, "sign-in", "The console", "Signing in")
    await page.close()


async def see_console(
    weir: RunningWeir, page: Page, album: Album, tag: str, wanted: set[str], kind: str = ""
) -> None:
    chapter = {"": "The console", "phone": "The console on a phone, dark", "zh": "中文"}[kind]
    await page.add_init_script(f"localStorage.setItem('weir.language', '{tag}')")
    await sign_in(weir, page)
    async for name in tour(page, tag):
        if name in wanted:
            await album.take(page, f"{name}-{kind}" if kind else name, chapter, CONSOLE[name])
    await page.close()


async def see_watch_page(weir: RunningWeir, chromium: Browser, album: Album, stream: str) -> None:
    chapter = "The watch page"
    page = await at_a_desk(chromium)
    await watch(page, f"{weir.http_url}/watch/{stream}")
    await page.mouse.move(640, 300)
    await album.take(page, "watch", chapter, "A stream on air")
    await page.locator(".player-control[aria-haspopup]").click()
    await album.take(page, "watch-settings", chapter, "Quality and delay")
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await page.locator(".player-sheet").wait_for()
    await album.take(page, "watch-keys", chapter, "What the keys do")
    await page.keyboard.press("Escape")
    await page.locator(".info-share").click()
    await album.take(page, "watch-share", chapter, "Link and embed code")
    await page.goto(f"{weir.http_url}/watch/nothing")
    await page.locator(".player-panel h2").wait_for()
    await album.take(page, "watch-nothing", chapter, "Where there is nothing to watch")
    await page.close()


async def see_watch_page_on_a_phone(
    weir: RunningWeir, chromium: Browser, album: Album, stream: str
) -> None:
    page = await on_a_phone(chromium)
    await watch(page, f"{weir.http_url}/watch/{stream}")
    await album.take(page, "watch-phone", "The watch page on a phone, dark", "A stream on air")
    await page.close()


if __name__ == "__main__":
    asyncio.run(main())
