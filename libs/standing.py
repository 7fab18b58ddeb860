"""How far a packager has come with a session, and how far behind that players are to stay."""

from libs.events.rows import Row


class Standing(Row):
    """All in ms; the times are session time."""

    part_ms: int
    """The end of the newest part, or of the newest segment where there are no parts."""
    segment_ms: int
    """The end of the newest whole segment."""
    low_latency_ms: int
    """How far behind the newest part HLS players stay that know parts (PART-HOLD-BACK); those that
    know none, where there are no parts."""
    hold_back_ms: int
    """How far behind the newest segment other HLS players stay (RFC 8216, 6.3.3)."""
    dash_ms: int
    """How far behind its own clock the manifest tells players to stay."""
