"""Leaks are simulated as readings: what one viewer or several were served, and noise."""

import math
import random
from collections.abc import Callable, Sequence

import pytest

from libs.forensic import FALSE_ACCUSATION, Code, Reading, Variant, Verdict, judge

KEY = bytes(range(32))
FIRST = 1_700_000_000
MINUTES_3 = 90
"""Segments of two seconds."""
VIEWERS = [f"viewer {each}" for each in range(10_000)]


def read(served: Sequence[Variant], noise: float, rng: random.Random) -> list[Reading]:
    """As by a detector that knows its noise: standard deviation, of half the distance."""
    readings = []
    for at, variant in enumerate(served):
        seen = rng.gauss(1 if variant == "a" else -1, noise)
        readings.append(Reading(FIRST + at, 1 / (1 + math.exp(-2 * seen / noise**2))))
    return readings


def word(code: Code, viewer: str, size: int = MINUTES_3) -> list[Variant]:
    return [code.variant(viewer, FIRST + at) for at in range(size)]


def names(verdict: Verdict) -> list[str]:
    return [each.viewer for each in verdict.named]


@pytest.mark.parametrize("noise", [0.3, 0.6])
def test_one_of_ten_thousand_is_named_by_three_minutes(noise: float) -> None:
    code = Code(KEY)
    for leaker in ("viewer 17", "viewer 9999"):
        rng = random.Random(leaker)
        verdict = judge(code, read(word(code, leaker), noise, rng), VIEWERS)
        assert names(verdict) == [leaker]
        assert verdict.named[0].evidence > verdict.needed


def test_nobody_is_named_by_what_shows_nobodys_word() -> None:
    """An unmarked copy, a copy of another asset, and one whose every bit was chosen by a coin."""
    code, rng = Code(KEY), random.Random(1)
    other = Code(bytes(32))
    of_one: list[Variant] = ["a"] * MINUTES_3
    of_nobody: list[Variant] = rng.choices(["a", "b"], k=MINUTES_3)
    for served in (of_one, of_nobody, word(other, "viewer 17")):
        verdict = judge(code, read(served, 0.3, rng), VIEWERS)
        assert verdict.named == []


def test_evidence_against_ten_thousand_innocents_is_as_rare_as_it_claims_to_be() -> None:
    """Markov's inequality holds for each threshold, so more than one is looked at."""
    code, rng = Code(KEY), random.Random(2)
    readings = read(word(code, "somebody else"), 0.5, rng)
    # For one viewer at a time, `needed` is that of one.
    evidences = [judge(code, readings, [each]).closest for each in VIEWERS]
    for threshold in (10, 100, 1000):
        beyond = sum(each is not None and each.evidence > math.log(threshold) for each in evidences)
        assert beyond <= len(VIEWERS) / threshold + 3 * math.sqrt(len(VIEWERS) / threshold)


def test_readings_that_are_wrong_about_their_own_noise_accuse_nobody_more_often() -> None:
    """The bound does not lean on the detector's model: it is sure of what it has not seen."""
    code, rng = Code(KEY), random.Random(3)
    readings = [Reading(FIRST + at, rng.choice((0.001, 0.999))) for at in range(MINUTES_3)]
    assert judge(code, readings, VIEWERS).named == []


def test_needed_evidence_grows_with_the_viewers_that_are_compared() -> None:
    code = Code(KEY)
    few, many = (judge(code, [], VIEWERS[:count]).needed for count in (10, 10_000))
    assert few == pytest.approx(math.log(10 / FALSE_ACCUSATION))
    assert many - few == pytest.approx(math.log(1000))


def test_too_short_a_clip_names_nobody() -> None:
    code = Code(KEY)
    verdict = judge(code, read(word(code, "viewer 17", 20), 0.3, random.Random(4)), VIEWERS)
    assert verdict.named == []
    assert verdict.closest is not None
    assert verdict.closest.evidence < verdict.needed


def test_cut_and_reordered_clip_names_the_viewer() -> None:
    code, rng = Code(KEY), random.Random(5)
    readings = [each for each in read(word(code, "viewer 17", 300), 0.5, rng) if rng.random() < 0.4]
    rng.shuffle(readings)
    assert names(judge(code, readings, VIEWERS)) == ["viewer 17"]


Mix = Callable[[Sequence[Variant], random.Random], Variant]


def pick(seen: Sequence[Variant], rng: random.Random) -> Variant:
    return rng.choice(seen)


def take_majority(seen: Sequence[Variant], rng: random.Random) -> Variant:
    return max(set(seen), key=lambda each: (seen.count(each), rng.random()))


def take_minority(seen: Sequence[Variant], rng: random.Random) -> Variant:
    return min(set(seen), key=lambda each: (seen.count(each), rng.random()))


@pytest.mark.parametrize("mix", [pick, take_majority, take_minority])
@pytest.mark.parametrize(("count", "minutes"), [(2, 15), (3, 60)])
def test_viewers_who_mix_their_copies_are_named(mix: Mix, count: int, minutes: int) -> None:
    code, rng = Code(KEY), random.Random(6)
    size = minutes * 30
    mixing = VIEWERS[:count]
    words = [word(code, each, size) for each in mixing]
    served = [mix(seen, rng) for seen in zip(*words, strict=True)]
    named = names(judge(code, read(served, 0.4, rng), VIEWERS[:1000]))
    assert named
    assert set(named) <= set(mixing)
