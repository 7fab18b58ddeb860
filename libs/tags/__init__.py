"""A session's tags, as ingest serves them to the services that work on what is live."""

from libs.tags.errors import IngestAway, IngestFenced, RungUnknown, SessionUnknown
from libs.tags.holding import HeldLease, hold
from libs.tags.live_jobs import LiveJob, LiveJobs, Spawn
from libs.tags.marks import (
    ClockMark,
    DiscontinuityMark,
    EndMark,
    LadderMark,
    Mark,
    PositionMark,
    RungEndMark,
    RungMark,
    is_mark,
    read_mark,
)
from libs.tags.pull import Claim, Ingest, Prologue, Pull, open_client
from libs.tags.taking import take_lease
from libs.tags.wanted import ask_wanted

__all__ = [
    "Claim",
    "ClockMark",
    "DiscontinuityMark",
    "EndMark",
    "HeldLease",
    "Ingest",
    "IngestAway",
    "IngestFenced",
    "LadderMark",
    "LiveJob",
    "LiveJobs",
    "Mark",
    "PositionMark",
    "Prologue",
    "Pull",
    "RungEndMark",
    "RungMark",
    "RungUnknown",
    "SessionUnknown",
    "Spawn",
    "ask_wanted",
    "hold",
    "is_mark",
    "open_client",
    "read_mark",
    "take_lease",
]
