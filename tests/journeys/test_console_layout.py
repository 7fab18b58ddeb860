"""Every page and dialog of the console in each language, from a phone to a wall, light and dark:
nothing is clipped, nothing foreign, nothing that axe-core finds serious.
"""

import subprocess

import pytest
from playwright.async_api import Page

from tests.console import sign_in
from tests.furnishing import ENVIRONMENT, Words, film, furnish, publish
from tests.hook_receiver import receiving
from tests.messages import LANGUAGES
from tests.oracles.layout import faults_at_every_size
from tests.running import RunningWeir
from tests.tour import PAGES, tour
from tests.viewing import until_live

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(600)]

LONG = {
    "en": "The brass band of the upper weir, from the north bank, until it is dark",
    "zh": "上游堰坝铜管乐队在北岸的夜间演出一直持续到天黑为止大家才一起回家",
}


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_every_page_and_dialog_fits_and_is_translated(
    own_weir: RunningWeir,
    page: Page,
    tag: str,
    faults: list[str],
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    own_weir.environment |= ENVIRONMENT
    own_weir.start()
    await page.add_init_script(f"localStorage.setItem('weir.language', '{tag}')")
    found: dict[str, list[str]] = {}

    async def look(name: str) -> None:
        if wrong := await faults_at_every_size(page, tag):
            found[name] = wrong

    await page.goto(own_weir.http_url)
    await page.locator("input[type=password]").wait_for()
    await look("sign-in")
    await sign_in(own_weir, page)
    for at in PAGES[:-2]:
        await page.evaluate("at => { location.hash = at; }", at)
        await page.locator(".empty").wait_for()
        await look(f"{at}, empty")
    with receiving() as receiver:
        stream = furnish(own_weir, wordy(LONG[tag]), receiver, film("320x180"))
        publishers.append(publish(stream["push"]["url"], "320x180"))
        await until_live(own_weir, stream["id"], deadline_s=60)
        await page.reload()
        async for name in tour(page, tag):
            await look(name)
    assert found == {}
    assert faults == []


def wordy(long: str) -> Words:
    return Words(
        live=long, members=f"2 {long}", title=long, description="\n".join([long] * 3),
        film=f"{long}.mp4", hook=long, printer=f"2 {long}", key=long, wall=long,
        relay=long[:60],
    )  # fmt: skip
