"""The fields of a stream's item that say which files are made of it while it is on air."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.catalog.errors import StreamFieldInvalid
from services.catalog.fields import check_truth, read_number

LEAST_VIDEO_S, MOST_VIDEO_S = 2.0, 12 * 3600.0  # a job takes 50,000 segments
LEAST_IMAGE_S, MOST_IMAGE_S = 1.0, 24 * 3600.0
VIDEO_S, IMAGE_S = 30.0, 10.0
"""Where the item says nothing, as in the replaced system."""
_TRUE: tuple[object, ...] = (True, "true")


@dataclass(frozen=True, slots=True)
class Recording:
    """How long each MP4 lasts and how far pictures are apart, in seconds; None: none are made."""

    video_s: float | None = None
    image_s: float | None = None

    @property
    def is_wanted(self) -> bool:
        return self.video_s is not None or self.image_s is not None


def read_recording(item: Mapping[str, Any]) -> Recording:
    """`isVideo` with `video_time`, `isImage` with `image_time`. Raises `StreamFieldInvalid`."""
    return Recording(
        _interval(item, "isVideo", "video_time", VIDEO_S, LEAST_VIDEO_S, MOST_VIDEO_S),
        _interval(item, "isImage", "image_time", IMAGE_S, LEAST_IMAGE_S, MOST_IMAGE_S),
    )


def _interval(
    item: Mapping[str, Any], flag: str, name: str, default: float, least: float, most: float
) -> float | None:
    check_truth(item, flag)
    seconds = read_number(item, name, default)
    if not least <= seconds <= most:
        raise StreamFieldInvalid(f"`{name}` must be {least:g} to {most:g} seconds.")
    return seconds if item.get(flag) in _TRUE else None
