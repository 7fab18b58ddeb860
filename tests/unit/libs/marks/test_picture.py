import io
import struct
import zlib

import pytest
from PIL import Image

from libs.marks import MarkRefused, Picture, read_picture
from libs.marks.picture import MAX_FILE_BYTES


def file(kind: str = "PNG", size: tuple[int, int] = (40, 20), color: str = "#ff000080") -> bytes:
    out = io.BytesIO()
    mode = "RGB" if kind == "JPEG" else "RGBA"
    Image.new(mode, size, color[:7] if mode == "RGB" else color).save(out, kind)
    return out.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A header that promises many pixels, and hardly any data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_pictures_are_scaled_to_the_size_asked_for(kind: str) -> None:
    picture = read_picture(file(kind, color="#ff0000ff"), width=100, height=50)
    assert (picture.width, picture.height) == (100, 50)
    red, green, blue, cover = picture.rgba[:4]
    assert red > 240
    assert max(green, blue) < 15
    assert cover == 255


def test_its_own_transparency_is_multiplied_with_the_opacity() -> None:
    assert read_picture(file(), width=4, height=4, opacity=0.5).rgba[3] == 64


def test_png_of_a_picture_holds_its_pixels() -> None:
    picture = Picture(2, 1, bytes([1, 2, 3, 4, 5, 6, 7, 8]))
    with Image.open(io.BytesIO(picture.png())) as image:
        assert image.tobytes() == picture.rgba


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is a picture"),
        (b"#EXTM3U\nfile:///etc/passwd", "is a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is a picture"),
        (bytes(MAX_FILE_BYTES + 1), "may have 5 MB"),
        (file()[:50], "is damaged|is a picture"),
        (huge_png(5000, 5000), "16 megapixels"),
        (huge_png(60000, 60000), "usual size"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(MarkRefused, match=why):
        read_picture(data, width=10, height=10)
