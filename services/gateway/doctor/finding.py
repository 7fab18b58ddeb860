"""A finding: one thing that is wrong with a publish, and what to set to mend it."""

from typing import Literal

from pydantic import BaseModel

from libs.vitals import Change, ChangeCause, Vitals

Severity = Literal["serious", "warning", "hint"]
"""Viewers lose picture or sound; they notice something; it costs latency, or is not usual."""

FindingCode = Literal[
    "upload_stopped",
    "upload_slow",
    "upload_stalls",
    "reconnects",
    "too_fast",
    "video_stopped",
    "audio_stopped",
    "audio_missing",
    "audio_silent",
    "tracks_apart",
    "gop_long",
    "frame_rate_unsteady",
    "bitrate_unsteady",
    "clock_drift",
    "timestamp_jumps",
    "picture_changed",
    "b_frames",
    "video_missing",
]


class Finding(BaseModel):
    code: FindingCode
    severity: Severity
    figures: dict[str, float] = {}
    """What was measured; units stand in the names."""
    was: str = ""
    """Of `picture_changed`: codec and size before."""
    now: str = ""
    detail: str
    """What is wrong and what viewers notice of it, in English."""
    obs: str
    """What to change in OBS Studio, and where."""
    ffmpeg: str
    """The options of ffmpeg that mend it; empty if none does."""


RANK: dict[Severity, int] = {"serious": 0, "warning": 1, "hint": 2}


def changes_of(vitals: Vitals, cause: ChangeCause) -> list[Change]:
    """Those of one kind, oldest first."""
    return [each for each in vitals.changes if each.cause == cause]
