"""Each language says everything, once, and in its own words."""

from pathlib import Path

import pytest

from tests.messages import LANGUAGES, Sentence, repeated, sentences, sentences_of, untranslated

NAMES = {
    "product", "pushOBS", "pushFFmpeg", "doctor.inFFmpeg", "doctor.ways.flv", "doctor.ways.dash",
}  # fmt: skip
"""Keys of proper names, which are the same in every language."""


@pytest.mark.parametrize("tag", LANGUAGES)
def test_language_says_everything_and_no_key_twice(tag: str) -> None:
    said = sentences(tag)
    assert repeated(said) == []
    assert {each.key for each in said} == {each.key for each in sentences("en")}


@pytest.mark.parametrize("tag", [tag for tag in LANGUAGES if tag != "en"])
def test_language_has_its_own_words(tag: str) -> None:
    assert untranslated(sentences(tag)) == NAMES


def test_key_of_two_spread_objects_and_english_sentence_are_found(tmp_path: Path) -> None:
    (tmp_path / "part.ts").write_text(
        'export const part = { keys: "Help", cancel: "取消", open: (n: string) => `打开 ${n}` };\n'
    )
    whole = tmp_path / "whole.ts"
    whole.write_text(
        'import { part } from "./part";\n'
        'const roles = { owner: "所有者" } as const;\n'
        'export const whole = { ...part, keys: "密钥", roles, play: "Play", each: ["一"] };\n'
    )
    said = sentences_of(whole, "whole")
    assert repeated(said) == ["keys: part.ts, whole.ts"]
    assert untranslated(said) == {"play"}
    assert Sentence("open", "打开", is_plain=False, file=str(tmp_path / "part.ts")) in said
    assert {each.key for each in said} >= {"roles.owner", "each.0"}
