"""What people write, as others see it."""

import pytest

from libs.events.chat import MAX_NAME_CHARS, MAX_TEXT_CHARS
from services.gateway.chat.cleaning import MAX_MARKS, clean_name, clean_text
from services.gateway.chat.errors import NameWrong, TextEmpty, TextTooLong

KEPT = [
    "Hello",
    "你好，世界",
    "안녕하세요",
    "नमस्ते",
    "مرحبا",
    "Việt Nam",
    "👩‍👩‍👧‍👦 ❤️ 🏳️‍🌈",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp; 'quotes' \"double\"",
    "javascript:alert(1)",
    "${7*7} {{7*7}} #{7*7}",
]


@pytest.mark.parametrize("text", KEPT)
def test_text_of_any_script_is_kept_as_it_is_and_markup_too(text: str) -> None:
    assert clean_text(text) == text


CLEANED = {
    "controls": ("a\x00b\x07c\x1b[31md\x7fe\x9bf", "abc[31mdef"),
    "lines": ("one\r\ntwo\nthree\u2028four\tfive", "one two three four five"),
    "blanks": ("  a \u00a0\u3000 b  ", "a b"),
    "turned direction": ("\u202eevil\u202c \u2066x\u2069 \u200f", "evil x"),
    "unseen": ("a\ufeffb\u200bc\u2060d\u00ad", "abcd"),
    "half of a pair": ("a\ud800b\udfffc", "abc"),
    "private use": ("a\ue000b\U000f0000c", "abc"),
    "tags": ("a\U000e0041\U000e007fb", "ab"),
    "decomposed": ("e\u0301", "é"),
    "many marks": ("x" + "\u0335" * 50 + "y", "x" + "\u0335" * MAX_MARKS + "y"),
}


@pytest.mark.parametrize(("text", "seen"), CLEANED.values(), ids=CLEANED.keys())
def test_what_would_change_the_text_around_it_is_left_out(text: str, seen: str) -> None:
    assert clean_text(text) == seen
    assert clean_name(text) == seen


@pytest.mark.parametrize("text", ["", "  \n ", "\u200d\u200d", "\u0301\u0301", "\x00", "\u202e"])
def test_what_nobody_can_see_is_refused(text: str) -> None:
    with pytest.raises(TextEmpty):
        clean_text(text)
    with pytest.raises(NameWrong):
        clean_name(text)


def test_what_is_too_long_is_refused_and_not_cut() -> None:
    assert len(clean_text("x" * MAX_TEXT_CHARS + " \n")) == MAX_TEXT_CHARS
    with pytest.raises(TextTooLong):
        clean_text("x" * (MAX_TEXT_CHARS + 1))
    assert len(clean_name("字" * MAX_NAME_CHARS)) == MAX_NAME_CHARS
    with pytest.raises(NameWrong):
        clean_name("字" * (MAX_NAME_CHARS + 1))
