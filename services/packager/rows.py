"""What the packager says of its cuts: rows of the segment log, facts and object keys."""

import hashlib
from datetime import UTC, datetime

from libs.cutting.cuts import SegmentCut, SegmentsLost
from libs.events import PackageRequested, Segment, SegmentLost
from libs.names import SOURCE

MEDIA_TYPE = "video/mp4"


def session_folder(tenant: str, stream: str, session: str) -> str:
    return f"segments/{tenant}/{stream}/{session}"


def folder(tenant: str, stream: str, session: str, rendition: str) -> str:
    return f"{session_folder(tenant, stream, session)}/{rendition}"


def segment_key(folder: str, msn: int) -> str:
    return f"{folder}/{msn}.m4s"


def init_key(folder: str, config_id: str) -> str:
    return f"{folder}/init-{config_id}.mp4"


def segment_row(
    order: PackageRequested, cut: SegmentCut, *, epoch: int, rendition: str = SOURCE
) -> Segment:
    where = folder(order.tenant, order.stream, order.session, rendition)
    size_bytes = len(cut.data)
    return Segment(
        tenant=order.tenant,
        stream=order.stream,
        session=order.session,
        rendition=rendition,
        msn=cut.msn,
        object_key=segment_key(where, cut.msn),
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


def lost_fact(
    order: PackageRequested, lost: SegmentsLost, *, rendition: str = SOURCE
) -> SegmentLost:
    return SegmentLost(
        tenant=order.tenant,
        stream=order.stream,
        session=order.session,
        rendition=rendition,
        first_msn=lost.first_msn,
        last_msn=lost.last_msn,
        cause=lost.cause,
    )
