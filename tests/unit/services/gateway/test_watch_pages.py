"""Watch pages and embeds: their heads say what may be known, and nothing in them runs."""

import html
import json
import re
from pathlib import Path

import httpx2
import pytest

from services.gateway import watch_pages
from services.gateway.api.house import House

HOSTILE = '</script><script>alert(1)</script>"><img src=x onerror=alert(2)>'
SESSION = "69573000-0a0b0c0d"


@pytest.fixture(autouse=True)
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("watch", "embed"):
        (tmp_path / f"{name}.html").write_text(f"<head><title>Weir</title></head>{name}")
    monkeypatch.setattr(watch_pages, "DIST", tmp_path)


async def make(client: httpx2.AsyncClient, title: str) -> None:
    made = {"id": "cam", "title": title, "description": "North\nbank"}
    assert (await client.post("/api/v1/streams", json=made)).status_code == 201


async def test_head_says_title_picture_and_where_oembed_is(client: httpx2.AsyncClient) -> None:
    await make(client, "Gate")
    page = (await client.get("/watch/cam")).text
    assert "<title>Gate</title>" in page
    assert '<meta property="og:title" content="Gate" />' in page
    assert '<meta property="og:description" content="North bank" />' in page
    assert 'content="http://weir.test/watch/cam/poster.jpg"' in page
    assert "/oembed?url=http%3A%2F%2Fweir.test%2Fwatch%2Fcam" in page


async def test_page_is_at_the_default_domain(client: httpx2.AsyncClient) -> None:
    """Whatever the name under which it was asked for."""
    body = {"kind": "pull", "url": "https://live.example.org", "is_default": True}
    assert (await client.post("/api/v1/domains", json=body)).status_code == 201
    await make(client, "Gate")
    page = (await client.get("/watch/cam")).text
    assert 'content="https://live.example.org/watch/cam/poster.jpg"' in page
    assert "https://live.example.org/oembed?url=https%3A%2F%2Flive.example.org%2Fwatch" in page
    shown = (await client.get("/oembed?url=http://weir.test/watch/cam")).json()
    assert 'src="https://live.example.org/embed/cam"' in shown["html"]
    assert shown["thumbnail_url"] == "https://live.example.org/watch/cam/poster.jpg"


async def test_hostile_title_stays_text(client: httpx2.AsyncClient) -> None:
    await make(client, HOSTILE)
    response = await client.get("/watch/cam")
    assert "<script>" not in response.text
    assert "<img" not in response.text
    assert f"<title>{html.escape(HOSTILE)}</title>" in response.text
    found = re.search(r'id="facts">(.*?)</script>', response.text)
    assert found is not None
    assert json.loads(found[1])["title"] == HOSTILE
    policy = response.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    shown = (await client.get("/oembed?url=http://weir.test/watch/cam")).json()
    assert shown["title"] == HOSTILE
    assert f'title="{html.escape(HOSTILE)}"' in shown["html"]


async def test_page_of_a_signed_stream_tells_a_stranger_nothing(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, house: House
) -> None:
    await make(client, "Gate")
    streams = house.catalog.streams  # type: ignore[attr-defined]
    streams["cam"] = streams["cam"].model_copy(update={"view_policy": "signed"})
    for kind in ("watch", "embed"):
        page = await stranger.get(f"/{kind}/cam")
        assert page.status_code == 200
        assert "Gate" not in page.text
    assert (await stranger.get("/oembed?url=http://weir.test/watch/cam")).status_code == 404


async def test_page_of_nothing_is_404_and_a_page(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/watch/nobody")
    assert response.status_code == 404
    assert "watch" in response.text


async def test_embed_may_be_framed_and_the_watch_page_not(
    client: httpx2.AsyncClient, house: House
) -> None:
    await make(client, "Gate")
    watch = (await client.get("/watch/cam")).headers["content-security-policy"]
    assert "frame-ancestors 'self'" in watch
    embed = (await client.get("/embed/cam")).headers["content-security-policy"]
    assert "frame-ancestors *" in embed
    asked = {"embed_ancestors": "https://example.org"}
    house.settings = house.settings.model_copy(update=asked)
    embed = (await client.get("/embed/cam")).headers["content-security-policy"]
    assert "frame-ancestors https://example.org" in embed


async def test_token_of_the_query_moves_into_the_path(stranger: httpx2.AsyncClient) -> None:
    word = "t" * 60
    answer = await stranger.get(f"/watch/cam/{SESSION}?token={word}", follow_redirects=False)
    assert answer.status_code == 302
    moved = answer.headers["location"]
    assert str(httpx2.URL("http://weir.test/watch/cam/x").join(moved)).endswith(
        f"weir.test/~{word}/watch/cam/{SESSION}"
    )


@pytest.mark.parametrize(
    "query",
    [
        "url=http://weir.test/cam/flv.html",
        "url=javascript:alert(1)",
        "url=http://weir.test/watch/%3Cscript%3E",
        "url=http://weir.test/watch/nobody",
    ],
)
async def test_oembed_of_anything_else_is_404(client: httpx2.AsyncClient, query: str) -> None:
    assert (await client.get(f"/oembed?{query}")).status_code == 404


async def test_oembed_fits_into_what_is_asked_for(client: httpx2.AsyncClient) -> None:
    await make(client, "Gate")
    shown = (await client.get("/oembed?url=http://weir.test/watch/cam&maxwidth=480")).json()
    assert (shown["width"], shown["height"]) == (480, 270)
    assert 'src="http://weir.test/embed/cam"' in shown["html"]
    refused = await client.get("/oembed?url=http://weir.test/watch/cam&format=xml")
    assert refused.status_code == 501
