"""Where the pictures of marks come from, and what is left out."""

import asyncio
import hashlib
import io
import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from libs.egress import Egress
from libs.events import MarkReport
from libs.events.marks import ClockMark, ImageMark, Mark
from libs.marks import image_key
from libs.storage import ObjectStore, open_store
from services.transcoder.drawing import Drawing
from services.transcoder.layers import HEM, Still

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
SIZE = {"width": 640, "height": 360}


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "#00ff00").save(out, "PNG")
    return out.getvalue()


class Web:
    """Serves one picture, and counts."""

    def __init__(self) -> None:
        self.hits = 0
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.hits += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(png()) + png())
        writer.close()


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    web = Web()
    server = await asyncio.start_server(web.serve, "127.0.0.1", 0)
    web.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/logo.png"
    yield web
    server.close()
    await server.wait_closed()


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(f"file://{tmp_path}")


async def test_uploaded_picture_is_laid_over_in_its_size(store: ObjectStore) -> None:
    image = hashlib.sha256(png()).hexdigest()
    await store.put(image_key("default", image), png(), content_type="image/png")
    mark = ImageMark(image=image, width=30, height=20, x=5, y=6, opacity=0.5)
    drawn = await Drawing(store, Egress(), tenant="default").draw([mark], **SIZE)
    (layer,) = drawn.layers
    assert drawn.marks == (MarkReport(kind="image"),)
    assert isinstance(layer, Still)
    assert (layer.left, layer.top) == (5, 6)
    assert (layer.picture.width, layer.picture.height) == (30 + HEM, 20 + HEM)
    assert layer.picture.rgba[:4] == bytes((0, 255, 0, 128))


async def test_picture_of_another_server_is_fetched_once(store: ObjectStore, web: Web) -> None:
    drawing = Drawing(store, Egress(LOOPBACK), tenant="default")
    for x in (1, 2):
        assert len((await drawing.draw([ImageMark(url=web.url, x=x)], **SIZE)).layers) == 1
    assert web.hits == 1


async def test_picture_that_cannot_be_had_is_left_out(store: ObjectStore, web: Web) -> None:
    marks: list[Mark] = [ImageMark(url=web.url), ImageMark(image="0" * 64), ClockMark(size=400)]
    drawn = await Drawing(store, Egress(), tenant="default").draw(marks, **SIZE)
    assert drawn.layers == ()
    assert [mark.kind for mark in drawn.marks] == ["image", "image", "clock"]
    left_out = [mark.left_out for mark in drawn.marks]
    assert left_out == ["egress_refused", "object_missing", "mark_off_frame"]
    assert "WEIR_EGRESS_ALLOW" in drawn.why_not
    assert "make it smaller" in drawn.why_not
    assert web.hits == 0, "nobody inside the house is asked"


async def test_picture_that_has_come_meanwhile_is_known_and_kept(
    store: ObjectStore, web: Web
) -> None:
    drawing = Drawing(store, Egress(LOOPBACK), tenant="default")
    image = hashlib.sha256(png()).hexdigest()
    uploaded = ImageMark(image=image)
    assert not await drawing.can_be_had(uploaded)
    await store.put(image_key("default", image), png(), content_type="image/png")
    assert await drawing.can_be_had(uploaded)
    assert not await drawing.can_be_had(ClockMark(size=400)), "nothing of it can come"
    assert await drawing.can_be_had(ImageMark(url=web.url))
    assert len((await drawing.draw([ImageMark(url=web.url)], **SIZE)).layers) == 1
    assert web.hits == 1
