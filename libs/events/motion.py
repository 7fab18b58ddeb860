"""Motion: the pictures of a stream are compared, and whoever asked hears that they changed."""

from datetime import datetime
from typing import ClassVar

from libs.events.envelope import Message
from libs.events.rows import Row


class StoredPicture(Row):
    """Where a segment's first picture lies in the store."""

    init_key: str
    """The codec configuration of the picture's track."""
    object_key: str
    offset: int
    size_bytes: int
    """Of all of the segment's pictures."""


class MotionRequested(Message):
    """Order: compare two keyframes, and say so if enough of the picture has changed."""

    name: ClassVar[str] = "job.requested.motion"

    tenant: str
    stream: str
    session: str
    msn: int
    """Of the later one."""
    at: datetime
    before: StoredPicture
    now: StoredPicture
    difference: int
    """How much a pixel must have changed to count, of 255."""
    percent: float
    """How many of the pixels must have."""

    def natural_key(self) -> str:
        return f"{self.session}:{self.msn}"

    def about(self) -> str:
        return self.stream


class MotionDetected(Message):
    """Between a segment's first picture and the one before, enough has changed."""

    name: ClassVar[str] = "motion.detected"

    tenant: str
    stream: str
    session: str
    msn: int
    at: datetime
    percent: float
    """Of the pixels that changed."""

    def natural_key(self) -> str:
        return f"{self.session}:{self.msn}"

    def about(self) -> str:
        return self.stream
