"""Every page and dialog of the console in each language, from a phone to a wall, light and dark:
nothing is clipped, nothing foreign, nothing that axe-core finds serious.
"""

import pytest
from playwright.async_api import Error, Page

from tests.console import sign_in
from tests.furnishing import ENVIRONMENT, Words, furnish, on_air
from tests.hook_receiver import receiving
from tests.messages import LANGUAGES
from tests.oracles.layout import SIZES, faults_at_every_size
from tests.running import RunningWeir
from tests.tour import STOPS, tour

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(900)]

LONG = {
    "en": "The brass band of the upper weir, from the north bank, until it is dark",
    "zh": "上游堰坝铜管乐队在北岸的夜间演出一直持续到天黑为止大家才一起回家",
}


EMPTY = {
    "streams": ".empty",
    "recordings": ".empty",
    "videos": ".empty",
    "viewers": ".nothing",
    "webhooks": ".empty",
    "users": ".empty",
    "keys": ".empty",
    "jobs": ".nothing",
    "system": ".nothing",
    "domains": ".empty",
    "devices": ".empty",
}
SIZE = "320x180"


@pytest.mark.parametrize(
    ("tag", "is_whole"),
    [
        pytest.param("en", False, id="en-pages-on-a-phone"),
        *(pytest.param(tag, True, id=tag, marks=pytest.mark.soak) for tag in LANGUAGES),
    ],
)
async def test_every_page_and_dialog_fits_and_is_translated(
    own_weir: RunningWeir, page: Page, tag: str, is_whole: bool, faults: list[str]
) -> None:
    """Else only the pages, furnished, on a phone, without what they open: most of it, and soon."""
    own_weir.environment |= ENVIRONMENT
    own_weir.start()
    await page.add_init_script(f"localStorage.setItem('weir.language', '{tag}')")
    found: list[str] = []
    sizes = SIZES if is_whole else {"phone": SIZES["phone"]}

    async def look(name: str) -> None:
        found.extend(f"{name}: {fault}" for fault in await faults_at_every_size(page, tag, sizes))

    await page.goto(own_weir.http_url)
    await page.locator("input[type=password]").wait_for()
    await look("sign-in")
    await sign_in(own_weir, page)
    for at, nothing in EMPTY.items() if is_whole else ():
        await page.evaluate("at => { location.hash = at; }", at)
        await page.locator(nothing).wait_for()
        await look(f"{at}, empty")
    words = wordy(LONG[tag])
    with receiving() as receiver:
        stream = furnish(own_weir, words, receiver, SIZE)
        async with on_air(own_weir, stream, words, SIZE):
            for at in STOPS:
                await page.reload()  # whatever the page before has left open
                name = f"before {at}"
                try:
                    async for name in tour(page, tag, [at], pages_only=not is_whole):
                        await look(name)
                except (AssertionError, Error) as error:
                    found.append(f"after {name}: {error}\n{await page.inner_text('body')}")
    assert not found, "\n".join(found)
    assert faults == []


def wordy(long: str) -> Words:
    return Words(
        live=long, members=f"2 {long}", title=long, description="\n".join([long] * 3),
        film=f"{long}.mp4", hook=long, printer=f"2 {long}", key=long, wall=long,
        tenant=long[:60],
        relay=long[:60], gate=f"3 {long}", clip=long, viewer=long[:64],
        said=[(long[:32], long), ("Ben", "a" * 300), (long[-32:], long)],
    )  # fmt: skip
