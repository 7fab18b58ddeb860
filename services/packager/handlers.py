"""The bus's side of the packager: offers come in, what is stored is announced."""

from opentelemetry import trace

from libs.bus import Bus
from libs.bus.tracing import within
from libs.events import (
    Envelope,
    GetLadder,
    Ladder,
    PackageRequested,
    Segment,
    SegmentReady,
    StreamChanged,
)
from libs.storage import SpoolEntry
from services.packager.packings import Packings

_tracer = trace.get_tracer("weir.packager")


def register(bus: Bus, packings: Packings) -> None:
    @bus.on_offer(PackageRequested, durable="packager")
    async def take(envelope: Envelope[PackageRequested]) -> bool:
        return await packings.take(envelope.data)

    @bus.watch_fact(StreamChanged)
    async def on_stream_changed(envelope: Envelope[StreamChanged]) -> None:
        packings.stream_changed(envelope.data.stream)


async def ask_ladder(bus: Bus, session: str) -> Ladder | None:
    """Raises what means that the catalog is away."""
    return (await bus.ask(GetLadder(session=session))).ladder


async def announce(bus: Bus, entry: SpoolEntry) -> None:
    """`segment.ready`, now that it is true. Raises `BusUnavailable`; then the spool tries again.

    It is published, not said: the entry leaves the spool only when the bus has the fact.
    """
    row = entry.note.get("row")
    if row is None:
        return
    with within(entry.note.get("traceparent")), _tracer.start_as_current_span("segment.stored"):
        await bus.publish(SegmentReady(segment=Segment.model_validate(row)))
