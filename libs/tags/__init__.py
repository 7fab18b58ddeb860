"""A session's tags, as ingest serves them to the services that work on what is live."""

from libs.tags.cues import (
    ClockCue,
    Cue,
    DiscontinuityCue,
    EndCue,
    LadderCue,
    PositionCue,
    RungCue,
    RungEndCue,
    is_cue,
    read_cue,
    rung_end_cue,
)
from libs.tags.errors import IngestAway, IngestFenced, RungUnknown, SessionUnknown
from libs.tags.holding import HeldLease, hold
from libs.tags.live_jobs import LiveJob, LiveJobs, Spawn
from libs.tags.pull import Claim, Ingest, Prologue, Pull, open_client
from libs.tags.taking import take_lease
from libs.tags.wanted import ask_wanted

__all__ = [
    "Claim",
    "ClockCue",
    "Cue",
    "DiscontinuityCue",
    "EndCue",
    "HeldLease",
    "Ingest",
    "IngestAway",
    "IngestFenced",
    "LadderCue",
    "LiveJob",
    "LiveJobs",
    "PositionCue",
    "Prologue",
    "Pull",
    "RungCue",
    "RungEndCue",
    "RungUnknown",
    "SessionUnknown",
    "Spawn",
    "ask_wanted",
    "hold",
    "is_cue",
    "open_client",
    "read_cue",
    "rung_end_cue",
    "take_lease",
]
