"""A cue: a text, and when it is shown."""

from typing import NamedTuple


class Cue(NamedTuple):
    """Times in milliseconds since the first frame of what it belongs to."""

    start_ms: int
    end_ms: int
    text: str
    """As a WebVTT payload (4.2.2): escaped, of tags only what `text` leaves, no empty line."""
    settings: str = ""
    """Where on the picture (WebVTT, 4.1.4), if not at its usual place."""
