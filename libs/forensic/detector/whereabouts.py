"""Which segments a leak shows, and when: it may begin anywhere, and be cut.

The first picture of each segment is compared with every moment of the leak. One picture may be like
many (a still scene), so the moment is the one that a stretch of segments agree on.
"""

from typing import Any, NamedTuple

import numpy as np

from libs.forensic.detector.grey import Grey, standard

RATE = 10.0
"""Moments a second."""
STRETCH = 12
"""Segments that are looked for together."""
LEAST = 0.5
"""Mean correlation of a stretch that is there, cropped as it may be."""
NEIGHBOURS = 2
"""On each side of a segment, which must be there as well, or be cut off."""

APART_S = 1.0
"""Two segments that are found so near each other cannot both be there."""

Times = np.ndarray[Any, np.dtype[Any]]
"""Seconds, or moments."""
Correlations = np.ndarray[Any, np.dtype[np.float32]]


class Place(NamedTuple):
    """`segment` is an index. It begins `at_s` seconds after the leak does, perhaps before it."""

    segment: int
    at_s: float


def find(starts_s: Times, firsts: Grey, moments: Grey) -> list[Place]:
    """Where the segments that begin at `starts_s` with `firsts` are in a leak of `moments`."""
    known, seen = standard(firsts), standard(moments)
    times = np.round(starts_s * RATE).astype(int)
    offsets = _offsets(times, known, seen)
    if not offsets:
        return []
    # Of every offset, how well each segment fits with those beside it.
    fits = np.stack([_smooth(_along(times + offset, known, seen)) for offset in offsets])
    best = fits.argmax(axis=0)
    fit = fits[best, np.arange(len(times))]
    places: list[Place] = []
    for at in np.argsort(-fit):
        at_s = float(starts_s[at] + offsets[best[at]] / RATE)
        if fit[at] >= LEAST and all(abs(at_s - each.at_s) >= APART_S for each in places):
            places.append(Place(int(at), at_s))
    return sorted(places, key=lambda place: place.at_s)


def _offsets(times: Times, known: Correlations, seen: Correlations) -> list[int]:
    """At which the leak shows some stretch: in moments, from a segment's own time to the leak's."""
    found: set[int] = set()
    for first in range(0, len(times), STRETCH // 2):
        rows = slice(first, first + STRETCH)
        least, most = -int(times[rows][-1]), len(seen) - int(times[rows][0])
        total = np.zeros(most - least, np.float32)
        count = np.zeros(most - least, np.float32)
        for time, alike in zip(times[rows], known[rows] @ seen.T, strict=True):
            # The moment m is at the offset m - time.
            at = -time - least
            total[at : at + len(seen)] += alike
            count[at : at + len(seen)] += 1
        # A stretch that sticks out of the leak at one end counts as far as it is in it.
        size = len(times[rows])
        mean = np.where(count >= min(3, size), total / np.maximum(count, 1), 0)
        mean *= np.sqrt(count / size)
        best = int(mean.argmax())
        if mean[best] >= LEAST / 2:
            found.add(best + least)
    return sorted(found)


def _along(moments: Times, known: Correlations, seen: Correlations) -> Correlations:
    """The correlation of each segment with its moment of the leak; NaN outside of that."""
    inside = np.flatnonzero((moments >= 0) & (moments < len(seen)))
    along = np.full(len(moments), np.nan, np.float32)
    along[inside] = (known[inside] * seen[moments[inside]]).sum(axis=1)
    return along


def _smooth(along: Correlations) -> Correlations:
    """The mean with those neighbours that are in the leak; -1 for what is not."""
    inside = ~np.isnan(along)
    kernel = np.ones(2 * NEIGHBOURS + 1)
    sums = np.convolve(np.where(inside, along, 0), kernel, mode="same")
    counts = np.convolve(inside, kernel, mode="same")
    smooth: Correlations = np.where(inside, sums / np.maximum(counts, 1), -1).astype(np.float32)
    return smooth
