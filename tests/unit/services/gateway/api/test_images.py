"""`/api/v1/images`: what is kept of an upload, and what is refused."""

import hashlib
import io

import httpx2
import pytest
from PIL import Image

from libs.marks.picture import MAX_FILE_BYTES
from services.gateway.api.house import House

PATH = "/api/v1/images"


def png(width: int = 40, height: int = 20) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (width, height), "#ff000080").save(out, "PNG")
    return out.getvalue()


async def upload(
    client: httpx2.AsyncClient, file: bytes, content_type: str = "image/png"
) -> httpx2.Response:
    return await client.post(PATH, content=file, headers={"content-type": content_type})


async def test_picture_is_kept_and_read_back(client: httpx2.AsyncClient, house: House) -> None:
    answer = await upload(client, png())
    assert answer.status_code == 201
    image = hashlib.sha256(png()).hexdigest()
    assert answer.json() == {
        "id": image,
        "width": 40,
        "height": 20,
        "content_type": "image/png",
        "size_bytes": len(png()),
    }
    assert answer.headers["location"] == f"{PATH}/{image}"
    assert await house.store.get(f"images/default/{image}") == png()
    read = await client.get(f"{PATH}/{image}")
    assert read.content == png()
    assert read.headers["content-type"] == "image/png"
    assert "immutable" in read.headers["cache-control"]


async def test_same_file_is_the_same_image(client: httpx2.AsyncClient) -> None:
    first, second = await upload(client, png()), await upload(client, png())
    assert first.json() == second.json()


async def test_type_is_that_of_the_file_not_what_was_said(client: httpx2.AsyncClient) -> None:
    answer = await upload(client, png(), "image/jpeg")
    assert answer.json()["content_type"] == "image/png"


@pytest.mark.parametrize(
    ("file", "content_type", "status", "code"),
    [
        (png(), "application/json", 415, "unsupported_media_type"),
        (b"<svg onload='alert(1)'/>", "image/svg+xml", 415, "unsupported_media_type"),
        (b"<svg onload='alert(1)'/>", "image/png", 422, "mark_refused"),
        (png()[:40], "image/png", 422, "mark_refused"),
        (b"", "image/png", 422, "mark_refused"),
        (bytes(MAX_FILE_BYTES + 1), "image/png", 413, None),
    ],
)
async def test_what_is_no_picture_is_refused(
    client: httpx2.AsyncClient, file: bytes, content_type: str, status: int, code: str | None
) -> None:
    answer = await upload(client, file, content_type)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert code in (None, answer.json()["code"])


@pytest.mark.parametrize("image", ["0" * 64, "..%2f..%2fetc", "x", "A" * 64])
async def test_unknown_image_is_not_found(client: httpx2.AsyncClient, image: str) -> None:
    assert (await client.get(f"{PATH}/{image}")).status_code == 404


async def test_strangers_neither_write_nor_read(stranger: httpx2.AsyncClient) -> None:
    assert (await upload(stranger, png())).status_code == 401
    assert (await stranger.get(f"{PATH}/{'0' * 64}")).status_code == 401
