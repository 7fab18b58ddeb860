"""What containers say of a track's language, as playlists say it."""

import pytest

from libs.languages import language_name, language_tag


@pytest.mark.parametrize(
    ("said", "tag"),
    [
        ("deu", "de"),
        ("ger", "de"),
        ("zho", "zh"),
        ("chi", "zh"),
        ("fil", "fil"),
        ("en", "en"),
        ("EN-us", "en-US"),
        ("por-BR", "pt-BR"),
        ("zh_hant", "zh-Hant"),
        ("eng,fra", "en"),
        ("und", "und"),
        ("", "und"),
        ("Deutsch", "und"),
        ('e"', "und"),
        ("e\n", "und"),
    ],
)
def test_language_has_the_shortest_tag(said: str, tag: str) -> None:
    assert language_tag(said) == tag


def test_language_has_a_name() -> None:
    assert language_name("de") == language_name("de-AT") == "German"
    assert language_name("nb") == "Norwegian Bokmål"
    assert language_name("und") is None
    assert language_name("fil") is None
