"""Reads from a leaked file which variant it shows of each segment, in memory that does not grow.

The leak is decoded twice: very small, to find segments in it; then once more beside them.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from libs.errors import Invalid
from libs.forensic.detector import whereabouts
from libs.forensic.detector.geometry import WHOLE, Geometry, register
from libs.forensic.detector.grey import HEIGHT, SMALL_HEIGHT, SMALL_WIDTH, WIDTH, Grey, standard
from libs.forensic.detector.leak import read_leak
from libs.forensic.detector.reading import Numbers, leans, measure
from libs.forensic.detector.reference import ReferenceSegment, first_picture, pictures
from libs.forensic.detector.whereabouts import Place
from libs.forensic.verdict import Reading

RATE = 50.0
"""Pictures a second of the second look: a moment is found to half of that."""
PAIRS, APART = 20, 2
"""Pictures from which is found how the leak lies on ours, and of which of its segments they are:
near its beginning, so that not all of it need be decoded for them."""
AROUND_S = 0.3
"""Of the leak's pictures before and behind a segment's that are looked at."""
UNSURE = 6
"""Of those, how many before and behind a moment may be it: `whereabouts` knows it to 0.1 s."""


class LeakUnlike(Invalid):
    code = "leak_unlike"


class Found(NamedTuple):
    readings: list[Reading]
    measured: list[float]
    """What they were computed from; see `measure`."""
    geometry: Geometry


class Detector:
    """`segments` in their order. `on_step` is told how many of how many segments were looked at."""

    def __init__(
        self,
        ffmpeg: str,
        segments: Sequence[ReferenceSegment],
        *,
        on_step: Callable[[str, int, int], None] = lambda *_: None,
    ) -> None:
        self._ffmpeg = ffmpeg
        self._segments = segments
        self._on_step = on_step

    def read(self, file: Path) -> Found:
        """Raises `LeakUnreadable`, `LeakUnlike`."""
        moments, firsts = self._look(file), self._firsts()
        places = self._find(firsts, moments)
        geometry = self._register(file, places)
        # What a crop has left of a segment is found more surely once it is known.
        cropped = geometry.warp(firsts, SMALL_HEIGHT, SMALL_WIDTH)
        places = self._find(cropped, moments)
        read: dict[int, float] = {}
        for done, (place, leaked, leaked_s) in enumerate(self._beside(file, places)):
            self._on_step("reading", done + 1, len(places))
            segment = self._segments[place.segment]
            times_s, a = pictures(segment.read_a())
            _, b = pictures(segment.read_b())
            value = measure(times_s + place.at_s, a, b, leaked, leaked_s, geometry)
            if value is not None:
                read[segment.msn] = value
        measured = list(read.values())
        readings = [Reading(msn, lean) for msn, lean in zip(read, leans(measured), strict=True)]
        return Found(readings, measured, geometry)

    def _look(self, file: Path) -> Grey:
        """The leak, very small."""
        shown = read_leak(
            self._ffmpeg, file, rate=whereabouts.RATE, width=SMALL_WIDTH, height=SMALL_HEIGHT
        )
        return np.stack([each.astype(np.uint8) for each in shown]).astype(np.float32)

    def _firsts(self) -> Grey:
        """The first picture of each segment, as small."""
        firsts: list[Grey] = []
        for segment in self._segments:
            firsts.append(first_picture(segment.read_a(), SMALL_WIDTH, SMALL_HEIGHT))
            self._on_step("looking", len(firsts), len(self._segments))
        return np.stack(firsts)

    def _find(self, firsts: Grey, moments: Grey) -> list[Place]:
        """Raises `LeakUnlike`."""
        starts_s = np.array([each.start_s for each in self._segments])
        places = whereabouts.find(starts_s, firsts, moments)
        if not places:
            raise LeakUnlike(
                "The file shows nothing of this session. Name the one that it is a copy of."
            )
        return places

    def _register(self, file: Path, places: Sequence[Place]) -> Geometry:
        chosen = places[: PAIRS * APART : APART]
        ours: list[Grey] = []
        theirs: list[Grey] = []
        for place, leaked, leaked_s in self._beside(file, chosen):
            at = int(np.abs(leaked_s - place.at_s).argmin())
            if abs(leaked_s[at] - place.at_s) > 1 / RATE:
                continue
            first = first_picture(self._segments[place.segment].read_a(), WIDTH, HEIGHT)
            near = leaked[max(0, at - UNSURE) : at + UNSURE + 1]
            likeness = standard(near) @ standard(first[None])[0]
            ours.append(first)
            theirs.append(near[int(likeness.argmax())])
        return register(np.stack(ours), np.stack(theirs)) if ours else WHOLE

    def _beside(self, file: Path, places: Sequence[Place]) -> Iterator[tuple[Place, Grey, Numbers]]:
        """Each place with the leak's pictures around it, and their times. In one reading."""
        shown = enumerate(read_leak(self._ffmpeg, file, rate=RATE, width=WIDTH, height=HEIGHT))
        kept: deque[tuple[int, Grey]] = deque()
        for place in places:
            begin = place.at_s - AROUND_S
            end = place.at_s + self._segments[place.segment].duration_s + AROUND_S
            while kept and kept[0][0] / RATE < begin:
                kept.popleft()
            while not kept or kept[-1][0] / RATE < end:
                following = next(shown, None)
                if following is None:
                    break
                if following[0] / RATE >= begin:
                    kept.append(following)
            inside = [(at, picture) for at, picture in kept if at / RATE <= end]
            if inside:
                times = np.array([at / RATE for at, _ in inside])
                yield place, np.stack([picture for _, picture in inside]), times
