"""Each language says everything, once, and in its own words."""

from pathlib import Path

import pytest

from tests.messages import LANGUAGES, Sentence, repeated, sentences, sentences_of, untranslated
from tests.scenes import Speaker

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


def test_message_is_said_with_its_values_and_an_unknown_one_is_not(speaker: Speaker) -> None:
    assert speaker.say("en", "captionsCues", 1) == "1 cue"
    assert speaker.say("zh", "replayDone", 3, 8) == "已重放 #3 至 #8"
    assert speaker.say("en", "recorded.timelineNamed", "北岸") == "Timeline of 北岸"
    for unknown in ("nothing", "doctor.nothing", "doctor"):
        with pytest.raises(AssertionError, match=f"no message {unknown}:"):
            speaker.say("en", unknown)
