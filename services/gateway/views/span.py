"""A window of wall-clock time as it stands in a path: `<from>-<until>` in Unix milliseconds.

Without its end, `<from>-`, it lasts until now, and while the stream is on air it goes on.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

MAX_SPAN = timedelta(hours=24)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPAN = re.compile(rb"[1-9][0-9]{12}-(?:[1-9][0-9]{12})?")


class Span(NamedTuple):
    from_at: datetime
    until_at: datetime
    is_open: bool = False
    """Whether its end was left to the clock."""

    @property
    def trouble(self) -> str | None:
        """Why it is no window that can be played, if so."""
        if self.from_at >= self.until_at:
            return "A window ends after it begins."
        if self.until_at - self.from_at > MAX_SPAN:
            hours = MAX_SPAN // timedelta(hours=1)
            return f"A window lasts at most {hours} hours; ask for several."
        return None

    def __str__(self) -> str:
        return f"{_unix_ms(self.from_at)}-{_unix_ms(self.until_at)}"


def read_span(text: str, *, now: datetime) -> Span:
    """Of a path that matched `SPAN`."""
    first, _, last = text.partition("-")
    from_at = _EPOCH + timedelta(milliseconds=int(first))
    if not last:
        return Span(from_at, now, is_open=True)
    return Span(from_at, _EPOCH + timedelta(milliseconds=int(last)))


def _unix_ms(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)
