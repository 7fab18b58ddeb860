"""`/api/v1/mark-pictures`: what a mark will look like, drawn by what burns it in."""

import io
from typing import Any

import httpx2
from PIL import Image

from libs.events.marks import TextMark
from libs.marks import Fonts, draw_text

PATH = "/api/v1/mark-pictures"


def pixels(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGBA")


async def draw(client: httpx2.AsyncClient, **mark: Any) -> httpx2.Response:
    return await client.post(PATH, json=mark)


async def test_text_is_the_very_picture_that_is_burned_in(client: httpx2.AsyncClient) -> None:
    mark = TextMark(text="On air · 直播", size=40, rotation=30.0, opacity=0.5)
    wanted = mark.model_dump(include={"text", "size", "rotation", "opacity"})
    answer = await draw(client, kind="text", **wanted)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    burned = draw_text(mark.text, mark, Fonts())
    drawn = pixels(answer.content)
    assert drawn.size == (burned.width, burned.height)
    assert drawn.tobytes() == burned.rgba


async def test_clock_shows_a_time(client: httpx2.AsyncClient) -> None:
    answer = await draw(client, kind="clock", timezone="Asia/Shanghai", size=20)
    assert answer.status_code == 200
    width, height = pixels(answer.content).size
    assert width > 5 * height


async def test_uploaded_image_is_scaled_and_seen_through(client: httpx2.AsyncClient) -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "#0000ff").save(out, "PNG")
    headers = {"content-type": "image/png"}
    kept = await client.post("/api/v1/images", content=out.getvalue(), headers=headers)
    answer = await draw(
        client, kind="image", image=kept.json()["id"], width=60, height=30, opacity=0.5
    )
    drawn = pixels(answer.content)
    assert drawn.size == (60, 30)
    assert drawn.getpixel((30, 15)) == (0, 0, 255, 128)


async def test_what_cannot_be_drawn_is_refused(client: httpx2.AsyncClient) -> None:
    too_large = await draw(client, kind="text", text="W" * 500, size=400)
    assert (too_large.status_code, too_large.json()["code"]) == (422, "mark_refused")
    unknown = await draw(client, kind="image", image="0" * 64)
    assert unknown.status_code == 404
    elsewhere = await draw(client, kind="image", url="https://example.com/logo.png")
    assert elsewhere.status_code == 404
    assert (await draw(client, kind="text", text="")).status_code == 422
    assert (await draw(client, kind="blink", text="a")).status_code == 422
