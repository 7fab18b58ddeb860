"""The console's files are served by name, and nothing else is."""

from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from services.gateway.assets import assets_router


@pytest.fixture
def client(tmp_path: Path) -> httpx2.AsyncClient:
    folder = tmp_path / "static"
    (folder / "deep").mkdir(parents=True)
    (folder / "app.js").write_bytes(b"1")
    (folder / "deep" / "a.css").write_bytes(b"p{}")
    (folder / "data.bin9").write_bytes(b"?")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    app = FastAPI()
    app.include_router(assets_router(folder))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://weir.test")


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("deep/a.css", "text/css; charset=utf-8"),
        ("data.bin9", "application/octet-stream"),
    ],
)
async def test_built_file_is_served(
    client: httpx2.AsyncClient, name: str, content_type: str
) -> None:
    response = await client.get(f"/static/{name}")
    assert response.status_code == 200
    assert response.headers["content-type"] == content_type
    again = await client.get(f"/static/{name}", headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name",
    ["", "..%2fsecret.txt", "%2e%2e/secret.txt", "deep", "app.js%00", "/etc/passwd", "x" * 4096],
)
async def test_anything_else_is_404(client: httpx2.AsyncClient, name: str) -> None:
    response = await client.get(f"/static/{name}")
    assert response.status_code == 404
    assert "secret" not in response.text


def test_console_that_is_not_built_has_no_assets(tmp_path: Path) -> None:
    assert assets_router(tmp_path / "missing").routes


async def test_text_is_compressed_for_who_takes_it(client: httpx2.AsyncClient) -> None:
    plain = await client.get("/static/app.js", headers={"accept-encoding": "identity"})
    zipped = await client.get("/static/app.js", headers={"accept-encoding": "br, gzip;q=0.9"})
    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == plain.content == b"1"
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert zipped.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    data = await client.get("/static/data.bin9")
    assert "content-encoding" not in data.headers
