"""Facts as an ingest and a packager say them of one session."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from libs.events import (
    EndCause,
    Message,
    PublishGrant,
    RenditionEnded,
    RenditionStarted,
    Segment,
    SegmentLost,
    SegmentReady,
    SessionEnded,
    StreamPublished,
    StreamUnpublished,
    Track,
    TrackRange,
)
from libs.names import SOURCE, session_started_at_s
from services.catalog.facts import Facts

START = datetime(2031, 5, 6, 7, 8, 10, tzinfo=UTC)
VIDEO = Track(
    kind="video", codec="avc1.64001f", config_id="a" * 12, timescale=90000, width=160, height=90,
    frame_rate=29.97,
)  # fmt: skip
AUDIO = Track(
    kind="audio", codec="mp4a.40.2", config_id="b" * 12, timescale=48000, sample_rate=48000,
    channels=2,
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What is said under one grant."""

    grant: PublishGrant

    @property
    def first_msn(self) -> int:
        return session_started_at_s(self.grant.session)

    def published(self) -> StreamPublished:
        return StreamPublished(
            tenant=self.grant.tenant,
            stream=self.grant.stream,
            session=self.grant.session,
            generation=self.grant.generation,
            origin_url="http://ingest-1:8000",
            started_at=START,
        )

    def unpublished(self, cause: EndCause = "publisher_ended") -> StreamUnpublished:
        return StreamUnpublished(
            tenant=self.grant.tenant,
            stream=self.grant.stream,
            session=self.grant.session,
            generation=self.grant.generation,
            cause=cause,
            ended_at=START + timedelta(seconds=20),
        )

    def ended(self, cause: EndCause = "publisher_ended") -> SessionEnded:
        return SessionEnded(
            tenant=self.grant.tenant,
            stream=self.grant.stream,
            session=self.grant.session,
            cause=cause,
            last_tag=999,
            ended_at=START + timedelta(seconds=35),
        )

    def rendition_started(self, rendition: str = SOURCE, epoch: int = 1) -> RenditionStarted:
        return RenditionStarted(
            tenant=self.grant.tenant,
            stream=self.grant.stream,
            session=self.grant.session,
            rendition=rendition,
            epoch=epoch,
            tracks=(VIDEO, AUDIO),
        )

    def rendition_ended(
        self, last_msn: int | None, rendition: str = SOURCE, epoch: int = 1
    ) -> RenditionEnded:
        return RenditionEnded(
            tenant=self.grant.tenant,
            stream=self.grant.stream,
            session=self.grant.session,
            rendition=rendition,
            epoch=epoch,
            last_msn=last_msn,
        )

    def ready(
        self, index: int, rendition: str = SOURCE, *, body: str = "", epoch: int = 1
    ) -> SegmentReady:
        msn = self.first_msn + index
        folder = f"segments/{self.grant.tenant}/{self.grant.stream}/{self.grant.session}"
        ranges = [
            TrackRange(
                kind=track.kind,
                offset=offset,
                size_bytes=1000,
                dts=index * 2 * track.timescale,
                pts=index * 2 * track.timescale,
                duration=2 * track.timescale,
                timescale=track.timescale,
                samples=60,
                config_id=track.config_id,
            )
            for track, offset in ((VIDEO, 0), (AUDIO, 1000))
        ]
        segment = Segment(
            tenant=self.grant.tenant,
            stream=self.grant.stream,
            session=self.grant.session,
            rendition=rendition,
            msn=msn,
            object_key=f"{folder}/{rendition}/{msn}.m4s",
            size_bytes=2000,
            sha256=hashlib.sha256(f"{rendition}:{msn}:{body}".encode()).hexdigest(),
            tracks=tuple(ranges),
            start_ms=10_000 + 2002 * index,
            # No binary fraction, so that a sum of floats would depend on its order.
            duration_s=2.002,
            starts_at=START + timedelta(milliseconds=2002 * index, microseconds=123),
            is_independent=True,
            discontinuity_sequence=0,
            generation=self.grant.generation,
            epoch=epoch,
            first_tag=index * 100,
            last_tag=index * 100 + 99,
            bitrate_bps=8000,
        )
        return SegmentReady(segment=segment)

    def lost(self, first: int, last: int, rendition: str = SOURCE) -> SegmentLost:
        return SegmentLost(
            tenant=self.grant.tenant,
            stream=self.grant.stream,
            session=self.grant.session,
            rendition=rendition,
            first_msn=self.first_msn + first,
            last_msn=self.first_msn + last,
            cause="replay_window_passed",
        )


async def apply(facts: Facts, fact: Message) -> None:
    """What the bus does with a fact."""
    match fact:
        case StreamPublished():
            await facts.stream_published(fact)
        case StreamUnpublished():
            await facts.stream_unpublished(fact)
        case SessionEnded():
            await facts.session_ended(fact)
        case RenditionStarted():
            await facts.rendition_started(fact)
        case RenditionEnded():
            await facts.rendition_ended(fact)
        case SegmentReady():
            await facts.segment_ready(fact)
        case SegmentLost():
            await facts.segment_lost(fact)
        case _:
            raise AssertionError(fact)
