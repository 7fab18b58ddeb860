"""The fields of a stream's item that say which files are made of it while it is on air."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.catalog.errors import StreamFieldInvalid
from services.catalog.fields import check_truth, read_number

LEAST_VIDEO_S, MOST_VIDEO_S = 2.0, 12 * 3600.0  # a job takes 50,000 segments
LEAST_IMAGE_S, MOST_IMAGE_S = 1.0, 24 * 3600.0
MOST_ROLL_S = 600.0
LEAST_EVENT_S, MOST_EVENT_S = 1.0, 3600.0
_MILLISECONDS = 1000
"""A roll of so much or more was meant in milliseconds."""
VIDEO_S, IMAGE_S = 30.0, 10.0
"""Where the item says nothing, as in the replaced system."""
DIFFERENCE, PERCENT, ROLL_S, EVENT_S = 10.0, 30.0, 5.0, 60.0
"""Likewise; of the roll, as its console has it: its server took 5000 for as many seconds."""
_TRUE: tuple[object, ...] = (True, "true")


@dataclass(frozen=True, slots=True)
class Motion:
    """What counts as motion, and what is kept of it."""

    difference: int
    """How much a pixel must change to count, of 255."""
    percent: float
    """How many of the pixels must."""
    roll_s: float
    """Kept before the first change and behind the last."""
    longest_s: float
    """Of one event: what goes on for longer becomes several."""


@dataclass(frozen=True, slots=True)
class Recording:
    """How long each MP4 lasts and how far pictures are apart, in seconds; None: none are made."""

    video_s: float | None = None
    image_s: float | None = None
    motion: Motion | None = None

    @property
    def is_wanted(self) -> bool:
        return (self.video_s, self.image_s, self.motion) != (None, None, None)


def read_recording(item: Mapping[str, Any]) -> Recording:
    """`isVideo` with `video_time`, `isImage` with `image_time`, `isMotion` with its four.

    Raises `StreamFieldInvalid`.
    """
    return Recording(
        _interval(item, "isVideo", "video_time", VIDEO_S, LEAST_VIDEO_S, MOST_VIDEO_S),
        _interval(item, "isImage", "image_time", IMAGE_S, LEAST_IMAGE_S, MOST_IMAGE_S),
        _motion(item),
    )


def _motion(item: Mapping[str, Any]) -> Motion | None:
    check_truth(item, "isMotion")
    difference = _number(item, "motion_diff", DIFFERENCE, 1, 254)
    percent = _number(item, "motion_percent", PERCENT, 0.01, 100)
    roll_s = read_number(item, "motion_duration", ROLL_S)
    if roll_s >= _MILLISECONDS:
        roll_s /= 1000
    if not 0 <= roll_s <= MOST_ROLL_S:
        raise StreamFieldInvalid(f"`motion_duration` must be 0 to {MOST_ROLL_S:g} seconds.")
    longest_s = _number(item, "motion_timeout", EVENT_S, LEAST_EVENT_S, MOST_EVENT_S)
    if item.get("isMotion") not in _TRUE:
        return None
    return Motion(int(difference), percent, roll_s, max(longest_s, 2 * roll_s))


def _number(item: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    number = read_number(item, name, default)
    if not least <= number <= most:
        raise StreamFieldInvalid(f"`{name}` must be {least:g} to {most:g}.")
    return number


def _interval(
    item: Mapping[str, Any], flag: str, name: str, default: float, least: float, most: float
) -> float | None:
    check_truth(item, flag)
    seconds = read_number(item, name, default)
    if not least <= seconds <= most:
        raise StreamFieldInvalid(f"`{name}` must be {least:g} to {most:g} seconds.")
    return seconds if item.get(flag) in _TRUE else None
