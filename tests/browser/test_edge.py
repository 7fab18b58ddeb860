"""The players in Chromium through the shipped edge: TLS, HTTP/2, and its cache."""

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.edge import RunningEdge
from tests.pattern import PatternPublisher
from tests.running import RunningWeir
from tests.viewing import LIMITS, until_live, watch_page

pytestmark = [pytest.mark.browser, pytest.mark.integration]

EDGE_MS = 1_000
"""What a second of cached playlists may add."""


async def test_pages_play_through_the_edge(
    own_weir: RunningWeir, tmp_path: Path, page: Page
) -> None:
    own_weir.environment["WEIR_TRUSTED_PROXIES"] = "127.0.0.1"
    own_weir.start()
    edge = RunningEdge(tmp_path / "nginx", f"127.0.0.1:{own_weir.http_port}")
    stream = own_weir.create_stream(name="edge")
    assert page.context.browser is not None
    # The certificate is the test's own.
    trusting = await page.context.browser.new_page(ignore_https_errors=True)
    try:
        edge.start()
        async with PatternPublisher(stream["push"]["url"]):
            await until_live(own_weir, stream["id"])
            for name in ("hls.html", "dash.html", "flv.html", "flv.html?transport=websocket"):
                age_ms = await watch_page(trusting, f"{edge.url}/{stream['id']}/{name}")
                limit = LIMITS[name.partition("?")[0]]
                assert age_ms <= limit + (EDGE_MS if name in ("hls.html", "dash.html") else 0)
        segments = [line for line in edge.logged(".m4s", count=1) if line.status == 200]
        assert segments
    finally:
        edge.stop()
