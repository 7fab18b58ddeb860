"""The oracle of layouts finds what is wrong, and nothing in what is right."""

import pytest
from playwright.async_api import Page

from tests.oracles.layout import SIZES, foreign_texts, layout_faults, serious_findings

pytestmark = pytest.mark.browser

WRONG = {
    "cut off": "<p style='width: 40px; overflow: hidden; white-space: nowrap'>Far too long</p>",
    "cut off by BUTTON": "<button style='width: 40px; overflow: hidden; text-overflow: ellipsis;"
    " white-space: nowrap'>Start the replay</button>",
    "lies on": "<p>Below</p><p style='position: absolute; margin: 0; top: 20px'>Above</p>",
    "beyond the window": "<p style='position: absolute; left: 330px; white-space: nowrap'>Away</p>",
    "wider than the window": "<div style='width: 400px'>Wide</div>",
    "scrolled sideways": "<div role=dialog style='width: 200px; overflow: auto'>Yes"
    "<hr style='width: 300px'></div>",
    "nothing is said": "",
}
RIGHT = """
<h1 style='width: 40px; overflow: hidden; text-overflow: ellipsis'>Extraordinary</h1>
<p>A paragraph of several lines that has <code>something</code> in it, and <a href=#>a link</a>.</p>
<p hidden style='position: absolute; top: 0'>Unseen</p>
<p style='position: absolute; width: 1px; height: 1px; overflow: hidden'>For readers alone</p>
<div style='height: 30px; overflow: auto' tabindex=0>Long<br>as<br>it<br>is</div>
<div role=dialog style='position: absolute; top: 0; background: white'>Over all</div>
"""


@pytest.fixture
async def phone(page: Page) -> Page:
    await page.set_viewport_size(SIZES["phone"])
    return page


@pytest.mark.parametrize("fault", WRONG)
async def test_fault_is_found(phone: Page, fault: str) -> None:
    await phone.set_content(f"<main>{WRONG[fault]}</main>")
    assert any(fault in each for each in await layout_faults(phone))


async def test_right_layout_has_no_fault(phone: Page) -> None:
    await phone.set_content(f"<main>{RIGHT}</main>")
    assert await layout_faults(phone) == []


async def test_english_text_and_name_are_found_in_a_chinese_page(page: Page) -> None:
    await page.set_content("<p>Cancel</p><p>取消</p><button aria-label='Close'>×</button>Weir")
    assert await foreign_texts(page, "zh") == ["Cancel", "Close"]
    assert await foreign_texts(page, "en") == []


async def test_nameless_button_and_pale_text_are_found(page: Page) -> None:
    html = "<html lang=en><title>A page</title><main>{}</main>"
    await page.set_content(html.format("<h1>Words</h1><button>Go</button>"))
    assert await serious_findings(page) == []
    await page.set_content(html.format("<button></button><p style='color: #ddd'>Pale</p>"))
    found = "\n".join(await serious_findings(page))
    assert "button-name" in found
    assert "color-contrast" in found
