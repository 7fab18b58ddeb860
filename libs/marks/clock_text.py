"""What a clock in the picture says."""

from datetime import UTC, datetime, tzinfo

CLOCK_FORMAT = "%Y-%m-%d %H:%M:%S"
WIDEST = datetime(2028, 8, 28, 20, 48, 58, tzinfo=UTC).strftime(CLOCK_FORMAT)
"""No other second needs more room."""


def clock_text(at_s: float, zone: tzinfo) -> str:
    """`at_s`: Unix seconds."""
    return datetime.fromtimestamp(at_s, zone).strftime(CLOCK_FORMAT)
