"""Orders: one subject per kind of work, `job.requested.<kind>`.

A live order is an *offer*: it is acknowledged once a worker holds the lease, and offered
again by the catalog when the lease is stale.
"""

from typing import ClassVar

from libs.events.envelope import Message


class PackageRequested(Message):
    """Offer: cut this session's renditions into segments until it ends."""

    name: ClassVar[str] = "job.requested.package"

    job: str
    attempt: int
    """Counts the offers of this job, so that each is a message of its own."""
    tenant: str
    stream: str
    session: str
    origin_url: str
    segment_s: float
    """Wanted segment duration (`hls_time`); segments are cut at the next keyframe."""
    playlist_segments: int
    """Segments in the live playlist (`hls_list_size`)."""
    silent: tuple[int, int] | None = None
    """Epoch and beat of the last holder's lease, which the catalog has seen fall silent."""

    def natural_key(self) -> str:
        return f"{self.job}:{self.attempt}"

    def about(self) -> str:
        return self.stream
