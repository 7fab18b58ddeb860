from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from libs.events.marks import MAX_TEXT, Lettered
from libs.marks import Fonts, MarkRefused, Picture, draw_text
from libs.marks.lettering import MAX_SIDE
from tests.required import lacking
from tests.touched import Opened

FONTS = Fonts()
FONT_PACKAGES = "apt install fonts-dejavu-core fonts-noto-ui-core fonts-wqy-microhei"
SCRIPTS = {
    "latin": "Weir live",
    "accents": "e\u0301\u0302 \xf1 \xfc",
    "cyrillic": "Прямой эфир",
    "arabic": "بث مباشر",
    "hebrew": "שידור חי",
    "chinese": "直播水印",
    "japanese": "生放送テスト",
}


@pytest.fixture(scope="module", autouse=True)
def _fonts() -> None:
    try:
        for text in SCRIPTS.values():
            FONTS.runs(text)
    except MarkRefused as error:
        lacking(f"A font ({error})", FONT_PACKAGES)


OPENED = Opened()


def draw(text: str, **style: Any) -> Picture:
    return draw_text(text, Lettered(**style), FONTS)


def alpha(picture: Picture) -> Image.Image:
    return Image.frombytes("RGBA", (picture.width, picture.height), picture.rgba).getchannel("A")


@pytest.mark.parametrize("script", SCRIPTS)
def test_letters_of_every_script_are_drawn(script: str) -> None:
    picture = draw(SCRIPTS[script], size=40)
    assert 20 <= picture.height <= 70
    assert picture.width > 60
    assert alpha(picture).getextrema() == (0, 255)


def test_shaping_joins_arabic_letters() -> None:
    """Letters of their own are wider than the same joined."""
    assert draw("بثم").width < draw("ب ث م").width


def test_right_to_left_lines_end_at_the_right_edge() -> None:
    picture = alpha(draw("אאאאאאאאאאאא\nא", size=40))
    second = picture.crop((0, picture.height // 2, picture.width, picture.height))
    box = second.getbbox()
    assert box is not None
    assert box[2] > picture.width - 10
    assert box[0] > picture.width // 2


def test_fonts_are_mixed_where_no_single_one_has_the_line() -> None:
    assert len(FONTS.runs("مرحبا")) == 1
    assert len(FONTS.runs("مرحبا 你好")) == 2
    assert draw("مرحبا 你好").width > draw("مرحبا").width + draw("你好").width


def test_lines_are_stacked() -> None:
    one, three = draw("M", size=50), draw("M\nM\nM", size=50)
    assert three.height == one.height + 2 * 60


def test_outline_adds_its_colour_around() -> None:
    plain, outlined = draw("I", size=60), draw("I", size=60, outline="#00ff00", color="#ff0000")
    assert outlined.width > plain.width
    colours = set(zip(*[iter(outlined.rgba)] * 4, strict=True))
    assert {(255, 0, 0, 255), (0, 255, 0, 255)} <= colours


def test_opacity_is_multiplied_in() -> None:
    assert alpha(draw("M", opacity=0.5)).getextrema() == (0, 128)


def test_rotation_turns_the_picture() -> None:
    flat, upright = draw("lying down"), draw("lying down", rotation=90)
    assert abs(flat.width - upright.height) <= 2
    assert abs(flat.height - upright.width) <= 2


def test_markup_of_filters_is_only_letters() -> None:
    hostile = "a',metadata=mode=print:file=pwned,drawtext=text='%{localtime}"
    assert draw(hostile, size=12).width > 200


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing to be seen"),
        (" \n ", "nothing to be seen"),
        ("a\0b", "U+0000"),
        ("a\x1b[0m", "U+001B"),
        ("\ud800", "U+D800"),
        ("\U000e0fff", "U+E0FFF"),
        ("W" * MAX_TEXT, "up to 8192 are drawn"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(MarkRefused, match=why.replace("+", r"\+")):
        draw(text, size=100)


def test_letters_that_no_font_has_are_named() -> None:
    first = Fonts([])
    first.faces = FONTS.faces[:1]
    with pytest.raises(MarkRefused, match=r"U\+10330 \(Gothic Letter Ahsa\)"):
        draw_text("\U00010330", Lettered(), first)


def test_machine_without_fonts_says_how_to_get_some() -> None:
    with pytest.raises(MarkRefused, match="apt install fonts-noto-core"):
        draw_text("Weir", Lettered(), Fonts([]))


@settings(max_examples=200)
@given(
    st.text(max_size=80)
    | st.text("'\"%:,;\\[]{}=()\n$`|", max_size=40)
    | st.text(st.characters(min_codepoint=0x590, max_codepoint=0x6FF), max_size=40)
    | st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=40)
    | st.text(st.characters(min_codepoint=0x1F300, max_codepoint=0x1FAFF), max_size=10)
)
@example("'" * 10)
@example("%n%{pts}")
@example("file:///etc/passwd")
def test_any_text_is_drawn_or_refused_and_touches_nothing(text: str) -> None:
    with OPENED.listening() as touched:
        try:
            picture = draw(text, size=20)
        except MarkRefused:
            return
        finally:
            assert touched == []
    assert max(picture.width, picture.height) <= MAX_SIDE
    assert len(picture.rgba) == picture.width * picture.height * 4
    assert alpha(picture).getextrema() != (0, 0)
    assert draw(text, size=20) == picture
