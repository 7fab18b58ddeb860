"""A session's tags, as ingest serves them to the services that work on what is live."""

from libs.tags.errors import IngestAway, IngestFenced, SessionUnknown
from libs.tags.holding import HeldLease, hold
from libs.tags.live_jobs import LiveJob, LiveJobs, Spawn
from libs.tags.marks import (
    ClockMark,
    DiscontinuityMark,
    EndMark,
    Mark,
    PositionMark,
    is_mark,
    read_mark,
)
from libs.tags.pull import Claim, Ingest, Prologue, Pull, open_client
from libs.tags.taking import take_lease

__all__ = [
    "Claim",
    "ClockMark",
    "DiscontinuityMark",
    "EndMark",
    "HeldLease",
    "Ingest",
    "IngestAway",
    "IngestFenced",
    "LiveJob",
    "LiveJobs",
    "Mark",
    "PositionMark",
    "Prologue",
    "Pull",
    "SessionUnknown",
    "Spawn",
    "hold",
    "is_mark",
    "open_client",
    "read_mark",
    "take_lease",
]
