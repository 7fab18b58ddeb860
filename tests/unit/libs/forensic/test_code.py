"""Who gets which variant."""

import pytest

from libs.forensic import BLOCK, Code

KEY = bytes(range(32))
FIRST = 1_700_000_000


def word(code: Code, viewer: str, size: int = 2000) -> str:
    return "".join(code.variant(viewer, FIRST + at) for at in range(size))


def test_word_is_the_same_wherever_it_is_computed() -> None:
    assert word(Code(KEY), "anna") == word(Code(KEY), "anna")


def test_words_of_two_viewers_and_of_two_assets_differ() -> None:
    code = Code(KEY)
    assert word(code, "anna") != word(code, "anne")
    assert word(code, "anna") != word(Code(bytes(32)), "anna")


def test_shares_are_those_of_the_viewers() -> None:
    code = Code(KEY)
    for msn in range(FIRST, FIRST + 2 * BLOCK):
        drawn = sum(code.variant(f"viewer {each}", msn) == "a" for each in range(1000))
        # Five standard deviations of a thousand draws.
        assert abs(drawn / 1000 - code.share(msn)) < 0.065


def test_both_shares_are_as_frequent() -> None:
    code = Code(KEY)
    rare = sum(code.share(FIRST + at) < 0.5 for at in range(4000))
    assert 1800 < rare < 2200
    assert {round(code.share(FIRST + at), 2) for at in range(4000)} == {0.21, 0.79}


def test_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Code(b"short")
