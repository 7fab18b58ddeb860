"""`outdate`, the client's word for "this push key is valid until"; written in many ways.

Clients send `"2022-12-09"` (from UTC midnight on the key is expired), `"2022/12/7"`, ISO
date-times, or epoch seconds. A date-time without a zone is UTC.
"""

import math
import re
from datetime import UTC, date, datetime, time

from services.catalog.errors import OutdateInvalid

DEFAULT_VALIDITY_S = 365 * 86400
"""Of a stream without an `outdate`."""

_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_NUMBER = re.compile(r"\d{1,17}(\.\d{1,9})?", re.ASCII)
# Epoch seconds of this size lie after the year 5138, epoch milliseconds after March 1973:
# JavaScript's `Date.now()` is what such a number is.
_MILLISECONDS_FROM = 10**11
_LAST_S = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


def read_outdate(value: object, *, now_s: int) -> int:
    """The Unix second that `value` names; a year from `now_s` when there is none.

    Raises `OutdateInvalid`.
    """
    if value is None or value == "":
        return now_s + DEFAULT_VALIDITY_S
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value)
    if isinstance(value, str):
        text = value.strip()
        if _NUMBER.fullmatch(text):
            return _from_number(float(text))
        return _from_text(text)
    raise _invalid()


def _from_number(number: float) -> int:
    # Says no to NaN and infinity too, and does no arithmetic on an integer of 400 digits.
    if not 0 <= number <= _LAST_S * 1000:
        raise _invalid()
    seconds = int(number / 1000 if number >= _MILLISECONDS_FROM else number)
    if seconds > _LAST_S:
        raise _invalid()
    return seconds


def _from_text(text: str) -> int:
    found = _DATE.match(text)
    if found is None:
        raise _invalid()
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
        moment = datetime.combine(day, _time_of_day(text[found.end() :]))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = math.floor(moment.timestamp())
    except (ValueError, OverflowError):
        raise _invalid() from None
    if not 0 <= seconds <= _LAST_S:
        raise _invalid()
    return seconds


def _time_of_day(text: str) -> time:
    """What follows the date: nothing, or `T` or blanks and an ISO time of day."""
    if not text:
        return time(0, 0)
    if text[0] not in "Tt ":
        raise ValueError(text)
    return time.fromisoformat(text[1:].strip())


def _invalid() -> OutdateInvalid:
    return OutdateInvalid(
        "`outdate` must be a date (2030-12-31), an ISO date-time or epoch seconds, 1970 to 9999."
    )
