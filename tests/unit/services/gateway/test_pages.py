"""The viewer's pages: only while live, with the stream's name, and no foreign name in them."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from libs.events import StreamPublished
from services.gateway import pages
from services.gateway.api.house import House


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "index.html").write_text("<title>Weir</title>console")
    (tmp_path / "player.html").write_text("<title>Weir</title>player")
    monkeypatch.setattr(pages, "DIST", tmp_path)
    return tmp_path


@pytest.fixture
def live(house: House) -> None:
    house.directory.published(
        StreamPublished(
            tenant="default",
            stream="cam-1",
            session="69573000-0a0b0c0d",
            generation=1,
            origin_url="http://ingest",
            started_at=datetime(2026, 1, 2, tzinfo=UTC),
        )
    )


PAGES = ["flv.html", "index.html", "hls.html", "dash.html"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("dist", "live")
async def test_live_stream_has_its_pages(stranger: httpx2.AsyncClient, page: str) -> None:
    response = await stranger.get(f"/cam-1/{page}")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert f"<title>cam-1 · {pages.PLAYER_PAGES[page]}</title>player" in response.text


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("dist")
async def test_stream_that_is_not_live_has_none(stranger: httpx2.AsyncClient, page: str) -> None:
    response = await stranger.get(f"/cam-1/{page}")
    assert (response.status_code, response.text) == (404, "cam-1 is not streaming live now")
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.usefixtures("dist")
async def test_browser_waits_on_the_page_of_a_stream_that_is_not_live(
    stranger: httpx2.AsyncClient, page: str
) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    response = await stranger.get(f"/cam-1/{page}", headers=browser)
    assert response.status_code == 404
    assert "<title>cam-1 is not streaming live now</title>player" in response.text
    assert response.headers["vary"] == "accept"


@pytest.mark.parametrize(
    "path",
    [
        "/cam-1/other.html",
        "/cam-1/FLV.html",
        "/%3Cscript%3E/flv.html",
        "/..%2Fx/flv.html",
        "/cam%00/flv.html",
        "/%2e%2e/%2e%2e/flv.html",
    ],
)
@pytest.mark.usefixtures("dist", "live")
async def test_no_other_page_and_no_name_in_it(stranger: httpx2.AsyncClient, path: str) -> None:
    response = await stranger.get(path)
    assert response.status_code == 404
    assert "<script" not in response.text


@pytest.mark.usefixtures("dist")
async def test_console_is_the_front_page(stranger: httpx2.AsyncClient) -> None:
    assert "console" in (await stranger.get("/")).text


async def test_missing_build_is_said(
    stranger: httpx2.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "DIST", tmp_path)
    response = await stranger.get("/")
    assert response.status_code == 503
    assert response.json()["code"] == "console_not_built"


async def test_page_that_asks_for_a_nonce_gets_a_new_one(
    stranger: httpx2.AsyncClient, dist: Path
) -> None:
    (dist / "index.html").write_text('<meta property="csp-nonce" nonce="__CSP_NONCE__">')
    seen = set()
    for _ in range(2):
        response = await stranger.get("/")
        nonce = re.search(r'nonce="([^"]+)"', response.text)
        assert nonce is not None
        policy = response.headers["content-security-policy"]
        assert f"style-src 'self' 'nonce-{nonce[1]}'" in policy
        assert "script-src 'self';" in policy
        seen.add(nonce[1])
    assert len(seen) == 2
