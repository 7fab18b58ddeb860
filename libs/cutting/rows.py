"""What is said of cuts: rows of the segment log, and facts."""

import hashlib
from datetime import UTC, datetime
from typing import Protocol

from libs.cutting.cuts import SegmentCut, SegmentsLost
from libs.events import Segment, SegmentLost
from libs.names import SOURCE
from libs.segment_keys import folder, segment_key

MEDIA_TYPE = "video/mp4"


class Whose(Protocol):
    """Whose media they are: an order to package a session, or to make a chunk of one."""

    @property
    def tenant(self) -> str: ...
    @property
    def stream(self) -> str: ...
    @property
    def session(self) -> str: ...


def segment_row(
    order: Whose, cut: SegmentCut, *, epoch: int, rendition: str = SOURCE, key: str | None = None
) -> Segment:
    """`key`: where its object lies, if that is not where a packager puts it."""
    where = folder(order.tenant, order.stream, order.session, rendition)
    size_bytes = len(cut.data)
    return Segment(
        tenant=order.tenant,
        stream=order.stream,
        session=order.session,
        rendition=rendition,
        msn=cut.msn,
        object_key=key or segment_key(where, cut.msn),
        size_bytes=size_bytes,
        sha256=hashlib.sha256(cut.data).hexdigest(),
        tracks=cut.tracks,
        start_ms=cut.start_90k // 90,
        duration_s=cut.duration_90k / 90_000,
        starts_at=datetime.fromtimestamp(cut.starts_at_ms / 1000, UTC),
        is_independent=cut.is_independent,
        discontinuity_sequence=cut.discontinuity_sequence,
        generation=cut.generation,
        epoch=epoch,
        first_tag=cut.first_tag,
        last_tag=cut.last_tag,
        bitrate_bps=size_bytes * 8 * 90_000 // cut.duration_90k,
    )


def lost_fact(order: Whose, lost: SegmentsLost, *, rendition: str = SOURCE) -> SegmentLost:
    return SegmentLost(
        tenant=order.tenant,
        stream=order.stream,
        session=order.session,
        rendition=rendition,
        first_msn=lost.first_msn,
        last_msn=lost.last_msn,
        cause=lost.cause,
    )
