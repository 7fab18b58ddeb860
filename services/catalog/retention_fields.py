"""The fields of a stream's item that say how long what was on air is kept, and where."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.catalog.errors import StreamFieldInvalid
from services.catalog.fields import read_number

MAX_HOURS = 100 * 366 * 24.0
MAX_BYTES = 2**60
KINESIS_HOURS = "DataRetentionInHours"
"""What clients of Kinesis Video Streams set; 0 is what they leave out, so the house decides."""


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """None: as the house does it."""

    hours: float | None = None
    size_bytes: int | None = None
    cold_after_hours: float | None = None


def read_retention(item: Mapping[str, Any]) -> RetentionSettings:
    """Raises `StreamFieldInvalid`, which names the field."""
    hours = _positive(item, "retentionHours", MAX_HOURS)
    if hours is None:
        hours = _positive(item, KINESIS_HOURS, MAX_HOURS, may_be_0=True) or None
    size_bytes = _positive(item, "retentionBytes", MAX_BYTES)
    cold_after_hours = _positive(item, "coldAfterHours", MAX_HOURS)
    return RetentionSettings(
        hours, None if size_bytes is None else int(size_bytes), cold_after_hours
    )


def _positive(
    item: Mapping[str, Any], name: str, most: float, *, may_be_0: bool = False
) -> float | None:
    if item.get(name) in (None, ""):
        return None
    number = read_number(item, name, 0)
    if not (0 < number <= most or (number == 0 and may_be_0)):
        raise StreamFieldInvalid(f"`{name}` must be above 0 and at most {most:.0f}.")
    return number
