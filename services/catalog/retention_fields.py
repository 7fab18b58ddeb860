"""The fields of a stream's item that say how long what was on air is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.catalog.errors import StreamFieldInvalid
from services.catalog.fields import read_number

MAX_HOURS = 100 * 366 * 24.0
MAX_BYTES = 2**60


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """None: as the house does it."""

    hours: float | None = None
    size_bytes: int | None = None


def read_retention(item: Mapping[str, Any]) -> RetentionSettings:
    """Raises `StreamFieldInvalid`, which names the field."""
    hours = _positive(item, "retentionHours", MAX_HOURS)
    size_bytes = _positive(item, "retentionBytes", MAX_BYTES)
    return RetentionSettings(hours, None if size_bytes is None else int(size_bytes))


def _positive(item: Mapping[str, Any], name: str, most: float) -> float | None:
    if item.get(name) in (None, ""):
        return None
    number = read_number(item, name, 0)
    if not 0 < number <= most:
        raise StreamFieldInvalid(f"`{name}` must be above 0 and at most {most:.0f}.")
    return number
