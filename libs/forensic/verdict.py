"""Whom a leak names: how much better each viewer's word explains what was read of it than chance.

For a viewer and a segment, let r be how likely the reading is if this viewer's variant was leaked,
over how likely it is whoever's was. The word of a viewer who has nothing to do with the leak was
drawn independently of all readings, so that r is 1 on average, whatever was read, however bad the
picture is and however the readings were made. So is the product of all r, and by Markov's
inequality it reaches x by chance with a probability of at most 1/x. A viewer is named if it reaches
the number of viewers that are compared, over `FALSE_ACCUSATION`: then the probability that anybody
innocent is named, of all of them together, is at most that.

Viewers who mix their copies show each of their own variants in a part of the segments only. r is
that of a mixture, for some such parts; the mean of the products is 1 on average, too. (It is the
decoder for the interleaving attack, which serves for others as well: Laarhoven, "Capacities and
capacity-achieving decoders for various fingerprinting games", 2014.)
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from libs.forensic.code import Code

FALSE_ACCUSATION = 1e-6
"""The most that may be risked to name any innocent viewer."""
PARTS = (1.0, 0.75, 0.5, 0.375, 0.25, 0.125)
"""How much of what a viewer was served may have been leaked."""
DOUBT = 0.01
"""No reading is surer than that: one that errs must not clear whoever leaked the rest."""


class Reading(NamedTuple):
    """What a leak shows of one segment."""

    msn: int
    lean: float
    """How likely it is variant A, of 0 to 1; 0.5 says nothing."""


class Suspicion(NamedTuple):
    viewer: str
    evidence: float
    """Natural logarithm of how much better than chance this viewer explains the leak."""
    agreement: float
    """In how much of what could be read the viewer was served what the leak shows."""


class Verdict(NamedTuple):
    named: list[Suspicion]
    """Whoever leaked it, the surest first."""
    closest: Suspicion | None
    """Of those who are not named."""
    needed: float
    """Evidence from which on somebody is named."""
    viewers: int


def judge(
    code: Code,
    readings: Sequence[Reading],
    viewers: Iterable[str],
    *,
    false_accusation: float = FALSE_ACCUSATION,
) -> Verdict:
    """Compare every viewer that may have leaked it. `false_accusation` holds for all together."""
    told = [_Told.of(code, each) for each in readings]
    suspicions = [_suspect(code, told, viewer) for viewer in set(viewers)]
    suspicions.sort(key=lambda each: -each.evidence)
    needed = math.log(max(1, len(suspicions)) / false_accusation)
    named = [each for each in suspicions if each.evidence >= needed]
    closest = suspicions[len(named)] if len(named) < len(suspicions) else None
    return Verdict(named, closest, needed, len(suspicions))


class _Told(NamedTuple):
    """What a reading says of whoever was served variant A, and of the others."""

    msn: int
    lean: float
    of_a: tuple[float, ...]
    """Logarithms of r, for each of `PARTS`."""
    of_b: tuple[float, ...]

    @classmethod
    def of(cls, code: Code, reading: Reading) -> "_Told":
        lean = min(max(reading.lean, DOUBT), 1 - DOUBT)
        share = code.share(reading.msn)
        chance = share * lean + (1 - share) * (1 - lean)

        def logs(own: float) -> tuple[float, ...]:
            return tuple(math.log(part * own / chance + 1 - part) for part in PARTS)

        return cls(reading.msn, lean, logs(lean), logs(1 - lean))


def _suspect(code: Code, told: Sequence[_Told], viewer: str) -> Suspicion:
    if not told:
        return Suspicion(viewer, 0.0, 0.5)
    is_a = [code.variant(viewer, each.msn) == "a" for each in told]
    pairs = list(zip(told, is_a, strict=True))
    evidences = [
        sum(each) for each in zip(*(t.of_a if a else t.of_b for t, a in pairs), strict=True)
    ]
    best = max(evidences)
    mean = sum(math.exp(each - best) for each in evidences) / len(PARTS)
    agreement = sum(t.lean if a else 1 - t.lean for t, a in pairs) / len(told)
    return Suspicion(viewer, best + math.log(mean), agreement)
