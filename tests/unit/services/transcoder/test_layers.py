"""Marks for frames of one size, and how ffmpeg is told to lay them over."""

import shlex

import pytest
from PIL import Image

from libs.events.marks import ClockMark, Placed
from libs.marks import Fonts, MarkRefused, Picture
from libs.rung_sizes import SizedRung, full_size
from services.transcoder.argv import build_argv
from services.transcoder.colours import Colours
from services.transcoder.errors import MarkOffFrame
from services.transcoder.layers import Clock, Layer, Still, clock, still
from tests.required import lacking
from tests.unit.libs.test_rung_sizes import source
from tests.unit.services.transcoder.test_argv import RUNGS

RED = Picture(100, 50, b"\xff\0\0\xff" * 5000)


@pytest.fixture(scope="module")
def fonts() -> Fonts:
    fonts = Fonts()
    try:
        fonts.runs("2026")
    except MarkRefused as error:
        lacking(f"A font ({error})", "apt install fonts-dejavu-core")
    return fonts


def test_picture_on_the_frame_is_laid_over_as_it_is() -> None:
    layer = still(Placed(x=20, y=30), RED, width=640, height=360)
    assert (layer.left, layer.top) == (20, 30)
    image = Image.frombytes("RGBA", (layer.picture.width, layer.picture.height), layer.picture.rgba)
    assert image.crop((0, 0, 100, 50)).tobytes() == RED.rgba
    assert image.size == (102, 52)
    assert image.getbbox() == (0, 0, 100, 50), "a hem that is not seen"


@pytest.mark.parametrize(
    ("x", "y", "size", "left_top"),
    [(-40, -10, (62, 42), (0, 0)), (600, 340, (40, 20), (600, 340))],
)
def test_what_hangs_over_the_edge_is_cut_off(
    x: int, y: int, size: tuple[int, int], left_top: tuple[int, int]
) -> None:
    layer = still(Placed(x=x, y=y), RED, width=640, height=360)
    assert (layer.picture.width, layer.picture.height) == size
    assert len(layer.picture.rgba) == 4 * size[0] * size[1]
    assert (layer.left, layer.top) == left_top


def test_what_is_off_the_frame_is_left_out() -> None:
    for x in (640, -100):
        with pytest.raises(MarkOffFrame):
            still(Placed(x=x, y=0), RED, width=640, height=360)


def test_clock_shows_its_zones_time_in_a_box_of_one_size(fonts: Fonts) -> None:
    mark = ClockMark(timezone="Asia/Shanghai", size=20, anchor="bottom_right")
    layer = clock(mark, fonts, width=640, height=360)
    assert 0 < layer.left < layer.left + layer.width <= 640
    assert 0 < layer.top < layer.top + layer.height <= 360
    pictures = {layer.draw(at_s) for at_s in (0.0, 0.9, 1.0, 86_399.0)}
    assert len(pictures) == 3, "one a second"
    for rgba in pictures:
        assert len(rgba) == 4 * layer.width * layer.height
        image = Image.frombytes("RGBA", (layer.width, layer.height), rgba)
        box = image.getbbox()
        assert box is not None
        assert box[3] == layer.height, "on one line"
    utc = clock(mark.model_copy(update={"timezone": "UTC"}), fonts, width=640, height=360)
    assert utc.draw(8 * 3600.0) == layer.draw(0.0)


def test_clock_without_room_is_left_out(fonts: Fonts) -> None:
    with pytest.raises(MarkOffFrame, match="make it smaller"):
        clock(ClockMark(size=200), fonts, width=320, height=180)


def test_layers_are_blended_once_below_every_rung() -> None:
    layers: list[tuple[Layer, int]] = [
        (Still(RED, 20, 30), 11),
        (Clock(5, 6, 220, 40, lambda _: b""), 13),
    ]
    argv = build_argv("ffmpeg", RUNGS, frame_rate=30.0, preset="veryfast", layers=layers)
    line = shlex.join(argv)
    assert "-f png_pipe -protocol_whitelist pipe -i pipe:11" in line
    assert (
        "-f rawvideo -framerate 1 -pix_fmt rgba -protocol_whitelist pipe -s 220x40 -i pipe:13"
        in line
    )
    graph = argv[argv.index("-filter_complex") + 1]
    assert graph.startswith(
        "[0:v][1]overlay=eof_action=repeat:x=20:y=30[s0];"
        "[s0][2]overlay=eof_action=repeat:x=5:y=6[s1];[s1]scale="
    )


def test_marks_are_brought_into_the_colours_of_the_source() -> None:
    layers: list[tuple[Layer, int]] = [(Still(RED, 20, 30), 11)]
    argv = build_argv(
        "ffmpeg", RUNGS, frame_rate=30.0, preset="veryfast", layers=layers,
        colours=Colours("bt2020nc", is_full_range=True),
    )  # fmt: skip
    said = "setparams=colorspace=bt2020nc:range=pc"
    assert argv[argv.index("-filter_complex") + 1].startswith(
        f"[0:v]{said}[s0];[1]scale=out_color_matrix=bt2020:out_range=pc[s1];"
        f"[s1]format=yuva420p[s2];[s2]{said}[s3];[s0][s3]overlay="
    )


def test_rungs_say_the_colours_of_the_source() -> None:
    argv = build_argv("ffmpeg", RUNGS, frame_rate=30.0, preset="veryfast", colours=Colours("bt709"))
    graph = argv[argv.index("-filter_complex") + 1]
    assert graph.startswith("[0:v]setparams=colorspace=bt709:range=tv[s0];[s0]scale=")


def test_marked_picture_is_of_the_sources_size_and_quality() -> None:
    sized = full_size(source(1920, 1080))
    assert (sized.width, sized.height) == (1920, 1080)
    argv = build_argv("ffmpeg", [(SizedRung(*sized), 7)], frame_rate=30, preset="veryfast")
    assert argv[argv.index("-crf") + 1] == "20"
    assert "-b:v" not in argv
    assert argv[argv.index("-maxrate") + 1] == str(round(1920 * 1080 * 30 * 0.15))
