"""How a row measures: runs in the order A B B A, void runs again, pairs compared."""

import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx2

from bench.reading import Reading
from bench.verdict import NOT_MEASURABLE, Goal, Line, Ratio

TRIES = 3
"""After so many void runs in a row, what is measured is *not measurable here*."""

Run = Callable[[], Reading]


class NotMeasurable(Exception):
    """Three void runs in a row."""


@dataclass
class Comparison:
    """The readings of all subjects, position by position of one round."""

    readings: dict[str, list[Reading]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    """Subjects that are not measurable here, and why."""

    def values(self, name: str) -> list[float]:
        return [reading.value for reading in self.readings.get(name, [])]

    def line(
        self, row: int, metric: str, work: str, unit: str, beside: str, goal: Goal | None,
        *, ours: str = "weir", note: str = "",
    ) -> Line:  # fmt: skip
        """Ours beside one of the others."""
        said = str(goal) if goal else ""
        for name in (ours, beside):
            if name in self.failed:
                reason = f"{name}: {self.failed[name]}"
                return Line(
                    row, metric, work, unit, None, beside, None, None, said, NOT_MEASURABLE, reason
                )  # fmt: skip
        mine, theirs = self.values(ours), self.values(beside)
        ratio = Ratio.of(mine, theirs)
        return Line(
            row, metric, work, unit, statistics.median(mine), beside, statistics.median(theirs),
            ratio, said, goal.judge(ratio) if goal else "shown", note,
        )  # fmt: skip


@dataclass(frozen=True)
class Board:
    """What the command line asked for; a row asks it for its own numbers."""

    is_quick: bool = False
    pairs: int | None = None
    window_s: float | None = None
    sizes: tuple[int, ...] | None = None

    def pairs_of(self, usual: int) -> int:
        """How many pairs to run; `usual` is 5 for a row that gates a release, else 2."""
        return self.pairs or (1 if self.is_quick else usual)

    def window_of(self, usual_s: float = 20.0) -> float:
        return self.window_s or (min(5.0, usual_s) if self.is_quick else usual_s)

    def sizes_of(self, *usual: int, quick: int) -> tuple[int, ...]:
        return self.sizes or ((quick,) if self.is_quick else usual)

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def compare(self, what: str, subjects: Mapping[str, Run], *, pairs: int) -> Comparison:
        """Run all subjects `pairs` times, every second round backwards."""
        found = Comparison()
        for round_number in range(pairs):
            names = list(subjects) if round_number % 2 == 0 else list(subjects)[::-1]
            for name in names:
                if name in found.failed:
                    continue
                try:
                    reading = self._read(f"{what} · {name}", subjects[name])
                except NotMeasurable as reason:
                    found.failed[name] = str(reason)
                else:
                    found.readings.setdefault(name, []).append(reading)
        return found

    def _read(self, what: str, run: Run) -> Reading:
        reasons = []
        for _ in range(TRIES):
            try:
                reading = run()
            except (OSError, TimeoutError, httpx2.HTTPError) as error:
                reasons.append(str(error) or type(error).__name__)
                self.say(f"  {what:42} VOID: {reasons[-1]}")
                continue
            self.say(f"  {what:42} {reading.described()}")
            if not reading.void:
                return reading
            reasons.append(reading.void)
        raise NotMeasurable("; ".join(dict.fromkeys(reasons)))
