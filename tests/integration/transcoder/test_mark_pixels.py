"""Any text as a mark: refused with a reason, or in the picture exactly as Pillow would blend it.

The way is that of a live stream: the item's field is read, the text drawn, and the real ffmpeg lays
it over with the real filters; only its last step is raw pictures, for H.264 would blur what is
compared. Meanwhile a file that hostile texts name is watched by the kernel, a port of loopback
counts who comes, and the interpreter's own audit tells what it opened.
"""

import asyncio
import io
import itertools
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import av
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw

from libs.errors import WeirError
from libs.events.marks import Placed, TextMark
from libs.ffmpeg import find_ffmpeg
from libs.marks import Fonts, MarkRefused, Picture, draw_text, read_picture
from libs.media.avc import parse_avc_record
from libs.media.flv import FLVReader
from libs.rung_sizes import full_size
from services.catalog.errors import StreamFieldInvalid
from services.catalog.mark_fields import read_marks
from services.transcoder import argv, encoder
from services.transcoder.colours import colours_of
from services.transcoder.encoding import Encoding
from services.transcoder.layers import Still, still
from tests.touched import Canary, Opened, Sentinel

WIDTH, HEIGHT = 1024, 1024
MAX_LAYERS = 24
"""Of one ffmpeg here, so that thousands of texts cost little."""
BATCH = 25
COLORS = ("#ffffff", "#000000", "#ff0000", "#00ff00", "#0000ff", "#ffcc00")
LUMA_SLACK = 2
"""A level for the mark's own conversion to YUV, and one for the blending, both in 8 bits."""
CHROMA_SLACK = 3
"""One more: a colour sample stands for four pixels (4:2:0), whose alpha is averaged."""
Row = tuple[float, ...]
BASIS = ("'\"%:,;\\[]{}=()\n$`|&<>#@", "\u202e\u200f\u2066\u2069\u200d")
OPENED = Opened()
FONTS = Fonts()


class Matrix(NamedTuple):
    """From RGB to Y, U and V, each in limited range."""

    y: Row
    u: Row
    v: Row

    @classmethod
    def of(cls, red: float, blue: float) -> "Matrix":
        """By the parts that red and blue have in luma (ITU-T H.273, 8.3)."""
        luma = (red, 1 - red - blue, blue)
        scale = 224 / 255 / 2
        y = tuple(219 / 255 * part for part in luma)
        u = tuple(scale * ((at == 2) - part) / (1 - blue) for at, part in enumerate(luma))
        v = tuple(scale * ((at == 0) - part) / (1 - red) for at, part in enumerate(luma))
        return cls((*y, 16.0), (*u, 128.0), (*v, 128.0))

    def applied(self, red: int, green: int, blue: int) -> list[float]:
        return [row[0] * red + row[1] * green + row[2] * blue + row[3] for row in self]


BT_601, BT_709 = Matrix.of(0.299, 0.114), Matrix.of(0.2126, 0.0722)


class Planes(NamedTuple):
    """A picture in YUV 4:2:0."""

    y: Image.Image
    u: Image.Image
    v: Image.Image

    @classmethod
    def read(cls, raw: bytes, width: int = WIDTH, height: int = HEIGHT) -> "Planes":
        quarter = (width // 2, height // 2)
        pixels = width * height
        return cls(
            Image.frombytes("L", (width, height), raw[:pixels]),
            Image.frombytes("L", quarter, raw[pixels : pixels + pixels // 4]),
            Image.frombytes("L", quarter, raw[pixels + pixels // 4 :]),
        )

    def copy(self) -> "Planes":
        return Planes(*(plane.copy() for plane in self))


@dataclass
class World:
    """What hostile texts name, and what became of all texts."""

    background: Path
    clean: Planes
    sentinel: Sentinel
    canary: Canary
    drawn: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    worst_luma: int = 0
    worst_chroma: int = 0

    def refuse(self, error: WeirError) -> None:
        assert len(str(error)) > len("no reason")
        self.refused[error.code] = self.refused.get(error.code, 0) + 1

    def hostile(self) -> list[str]:
        file, port = self.sentinel.path, self.canary.port
        return [
            f"textfile={file}", f"%{{expr:1}}',movie={file},drawtext=textfile={file}:text='",
            f"file:{file}", f"concat:{file}|{file}", f"http://127.0.0.1:{port}/x.png",
            f"rtmp://127.0.0.1:{port}/a/b", f"[in]movie=http\\://127.0.0.1\\:{port}[out]",
            f"$(cat {file})", f"`cat {file}`", f"<img src=http://127.0.0.1:{port}/>",
            f"@{file}", f"-i {file}", f"pipe:0;{file}", "%n%{localtime}%{pts}", "'" * 40,
        ]  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("pixels")
    background = folder / "in.flv"
    picture = f"gradients=size={WIDTH}x{HEIGHT}:rate=5:duration=1:seed=7:nb_colors=8"
    subprocess.run(
        [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", picture,
         "-c:v", "libx264", "-preset", "ultrafast", "-qp", "8", "-pix_fmt", "yuv420p", "-bf", "0",
         "-frames:v", "1", "-f", "flv", str(background)],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    with av.open(str(background)) as container:
        (frame,) = container.decode(video=0)
    raw = b"".join(
        bytes(memoryview(plane)[row * plane.line_size :][: plane.width])
        for plane in frame.planes
        for row in range(plane.height)
    )
    (folder / "watched").mkdir()
    sentinel, canary = Sentinel(folder / "watched" / "secret.txt"), Canary()
    yield World(background, Planes.read(raw), sentinel, canary)
    sentinel.close()
    canary.close()


@pytest.fixture
def _raw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures come out of ffmpeg as they are."""
    raw = {"f": "rawvideo", "c:v": "rawvideo", "pix_fmt": "yuv420p", "frames:v": 1}
    monkeypatch.setattr(argv, "_encoding", lambda *_: raw)


def texts_of(world: World) -> st.SearchStrategy[str]:
    return (
        st.text(max_size=60)
        | st.text(BASIS[0], max_size=40)
        | st.text("abc " + BASIS[1], max_size=20)
        | st.text(st.characters(min_codepoint=0x590, max_codepoint=0x6FF), max_size=40)
        | st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=40)
        | st.text(st.characters(min_codepoint=0x3040, max_codepoint=0x30FF), max_size=40)
        | st.text(st.characters(min_codepoint=0x1F300, max_codepoint=0x1FAFF), max_size=10)
        | st.lists(st.text(max_size=12), max_size=6).map("\n".join)
        | st.sampled_from(world.hostile())
        | st.tuples(st.sampled_from(world.hostile()), st.text(max_size=20)).map("".join)
        | st.text("Wir 直播%", min_size=1, max_size=9).map(
            lambda text: text * (10_240 // len(text))
        )
    )


def _to_ten_kilobytes(text: str) -> str:
    return text * (10_240 // len(text))


def check(world: World, strings: int) -> None:
    """Make so many strings, and look at each."""
    number = itertools.count()

    @settings(
        max_examples=strings // BATCH, deadline=None, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    @given(st.lists(texts_of(world), min_size=BATCH, max_size=BATCH))
    @example(world.hostile())
    def look(texts: list[str]) -> None:
        look_at(world, texts, seed=next(number))

    look()
    assert world.canary.hits == 0
    assert world.sentinel.uses() == 0
    assert world.drawn + sum(world.refused.values()) >= strings
    assert world.drawn > strings // 3, "most of them are no text at all?"
    print(  # noqa: T201 - for `pytest -s`
        f"{world.drawn} drawn, refused: {world.refused}; off by {world.worst_luma} in luma, "
        f"{world.worst_chroma} in chroma at most"
    )


def look_at(world: World, texts: Sequence[str], *, seed: int) -> None:
    layers: list[Still] = []
    top = 0
    for at, text in enumerate(texts):
        picture = drawn(world, text, color=COLORS[(seed + at) % len(COLORS)], size=14 + at)
        if picture is None:
            continue
        world.drawn += 1
        mark = TextMark(text="-", anchor="top_left", x=seed % 7, y=top)
        if top and (top + picture.height > HEIGHT or len(layers) == MAX_LAYERS):
            compare(world, layers)
            layers, top = [], 0
            mark = mark.model_copy(update={"y": 0})
        layer = still(mark, picture, width=WIDTH, height=HEIGHT)
        layers.append(layer)
        top += picture.height + 2
    compare(world, layers)


def drawn(world: World, text: str, *, color: str, size: int) -> Picture | None:
    said = {"kind": "text", "text": text, "color": color, "size": size}
    with OPENED.listening() as touched:
        try:
            (mark,) = read_marks({"watermark": [said]})
            assert isinstance(mark, TextMark)
            assert mark.text == text
            return draw_text(mark.text, mark, FONTS)
        except (StreamFieldInvalid, MarkRefused) as error:
            world.refuse(error)
            return None
        finally:
            assert touched == []


def compare(world: World, layers: Sequence[Still]) -> None:
    if not layers:
        return
    got = asyncio.run(overlaid(world.background, layers))
    wanted = world.clean.copy()
    for layer in layers:
        blend(wanted, layer)
    off = [most_off(*pair) for pair in zip(got, wanted, strict=True)]
    world.worst_luma = max(world.worst_luma, off[0])
    world.worst_chroma = max(world.worst_chroma, *off[1:])
    assert off[0] <= LUMA_SLACK
    assert max(off[1:]) <= CHROMA_SLACK


def most_off(got: Image.Image, wanted: Image.Image) -> int:
    """But for the frame's last column and row: there ffmpeg takes the alpha of one pixel for all
    four that a sample of colour stands for.
    """
    inner = (0, 0, got.width - 1, got.height - 1)
    counts = ImageChops.difference(got.crop(inner), wanted.crop(inner)).histogram()
    return max(value for value, count in enumerate(counts) if count)


async def overlaid(background: Path, layers: Sequence[Still]) -> Planes:
    """As the transcoder's process shows them."""
    tags = FLVReader().feed(background.read_bytes())
    record = next(tag.body[5:] for tag in tags if tag.body[:2] == b"\x17\x00")
    config = parse_avc_record(record)
    width, height = config.width, config.height
    encoding = Encoding(
        [full_size(config)], frame_rate=5.0, layers=layers, colours=colours_of(config)
    )
    process = await encoder.Encoder.start(find_ffmpeg(), encoding, preset="ultrafast")
    try:
        process.feed(background.read_bytes())
        process.finish()
        async with asyncio.timeout(60):
            raw = await process.outputs[0].readexactly(width * height * 3 // 2)
            return Planes.read(raw, width, height)
    finally:
        await process.kill()


def blend(planes: Planes, layer: Still) -> None:
    """Pillow's own: the mark's colour over the plane, by its alpha. The background says nothing of
    its matrix, and is HD.
    """
    size = (layer.picture.width, layer.picture.height)
    mark = Image.frombytes("RGBA", size, layer.picture.rgba)
    colour, alpha = mark.convert("RGB"), mark.getchannel("A")
    # With 4:2:0, ffmpeg puts a picture at even places only.
    left, top = layer.left & ~1, layer.top & ~1
    planes.y.paste(colour.convert("L", BT_709.y), (left, top), alpha)
    # A sample of colour stands for four pixels: the part of them that the mark covers counts.
    even = (size[0] + size[0] % 2, size[1] + size[1] % 2)
    covered = Image.new("L", even)
    covered.paste(alpha)
    for plane, matrix in ((planes.u, BT_709.u), (planes.v, BT_709.v)):
        painted = Image.new("L", even)
        painted.paste(colour.convert("L", matrix))
        plane.paste(painted.reduce(2), (left // 2, top // 2), covered.reduce(2))


@pytest.mark.usefixtures("_raw")
def test_two_hundred_texts_are_refused_or_equal_a_reference_to_the_pixel(world: World) -> None:
    check(world, 200)


@pytest.mark.soak
@pytest.mark.usefixtures("_raw")
def test_two_thousand_texts_are_refused_or_equal_a_reference_to_the_pixel(world: World) -> None:
    check(world, 2000)


def test_oracles_notice_what_they_watch_for(world: World) -> None:
    with OPENED.listening() as touched:
        world.sentinel.path.read_text()
    assert touched == [str(world.sentinel.path)]
    assert world.sentinel.uses() > 0
    sentinel, canary = Sentinel(world.sentinel.path.with_name("other")), Canary()
    subprocess.run(["cat", str(sentinel.path)], check=True, stdout=subprocess.DEVNULL)
    assert sentinel.uses() > 0
    with pytest.raises(av.error.FFmpegError):
        av.open(f"http://127.0.0.1:{canary.port}/x.png")
    assert canary.hits > 0
    sentinel.close()
    canary.close()


@pytest.mark.usefixtures("_raw")
def test_reference_rejects_a_mark_that_is_a_pixel_off_or_of_another_shade(world: World) -> None:
    picture = draw_text("Weir", TextMark(text="Weir", size=40), FONTS)
    layer = Still(picture, 20, 20)
    got = asyncio.run(overlaid(world.background, [layer]))
    for other, is_equal in (
        (layer, True), (Still(picture, 22, 20), False), (Still(_dimmed(picture), 20, 20), False)
    ):  # fmt: skip
        wanted = world.clean.copy()
        blend(wanted, other)
        assert (most_off(got.y, wanted.y) <= LUMA_SLACK) == is_equal


@pytest.mark.usefixtures("_raw")
@pytest.mark.parametrize("opacity", [1.0, 0.4])
def test_logo_with_a_transparent_background_equals_a_reference(
    world: World, opacity: float
) -> None:
    """One colour all over, so that its edge tells whether what is not seen gives colour to it."""
    disc = Image.new("L", (400, 400))
    ImageDraw.Draw(disc).ellipse((20, 20, 380, 380), fill=255)
    logo = Image.new("RGBA", disc.size, "#e02000")
    logo.putalpha(disc)
    bare = Image.new("RGBA", disc.size)
    bare.paste(logo, mask=disc)
    file = io.BytesIO()
    bare.save(file, "PNG")
    picture = read_picture(file.getvalue(), width=99, height=77, opacity=opacity)
    layer = still(Placed(anchor="bottom_right", x=31, y=41), picture, width=WIDTH, height=HEIGHT)
    compare(world, [layer])


@pytest.mark.usefixtures("_raw")
@pytest.mark.parametrize(
    ("size", "said", "matrix"),
    [
        ("320x180", None, BT_601),
        ("320x180", "bt709", BT_709),
        ("1280x720", None, BT_709),
        ("1280x720", "smpte170m", BT_601),
        ("1280x720", "bt470bg", BT_601),
    ],
)
def test_colour_of_a_mark_is_in_the_matrix_by_which_players_read_the_picture(
    tmp_path: Path, size: str, said: str | None, matrix: Matrix
) -> None:
    background = tmp_path / "in.flv"
    saying = ["-colorspace", said] if said else []
    subprocess.run(
        [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-f", "lavfi",
         "-i", f"color=gray:size={size}:rate=5", "-c:v", "libx264", "-preset", "ultrafast",
         "-pix_fmt", "yuv420p", "-bf", "0", *saying, "-frames:v", "1", "-f", "flv",
         str(background)],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    colour = (224, 32, 0)
    mark = Image.new("RGBA", (64, 64), (*colour, 255))
    layer = Still(Picture(64, 64, mark.tobytes()), 20, 20)
    got = asyncio.run(overlaid(background, [layer]))
    found = [got.y.getpixel((52, 52)), got.u.getpixel((26, 26)), got.v.getpixel((26, 26))]
    assert found == pytest.approx(matrix.applied(*colour), abs=LUMA_SLACK)


def _dimmed(picture: Picture) -> Picture:
    rgba = bytes(value * 95 // 100 for value in picture.rgba)
    return Picture(picture.width, picture.height, rgba)
