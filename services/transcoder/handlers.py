"""The bus's side of the transcoder: offers come in, and news of what is wanted."""

from libs.bus import Bus
from libs.events import (
    Envelope,
    GetTranscodePlan,
    StreamChanged,
    TranscodePlan,
    TranscodeRequested,
)
from services.transcoder.ladders import Ladders


def register(bus: Bus, ladders: Ladders) -> None:
    @bus.on_offer(TranscodeRequested, durable="transcoder")
    async def take(envelope: Envelope[TranscodeRequested]) -> bool:
        return await ladders.take(envelope.data)

    @bus.watch_fact(StreamChanged)
    async def on_stream_changed(envelope: Envelope[StreamChanged]) -> None:
        ladders.stream_changed(envelope.data.stream)


async def ask_plan(bus: Bus, order: TranscodeRequested) -> TranscodePlan:
    """Raises the catalog's `transcode_unwanted` (404), or what means that it is away."""
    return await bus.ask(GetTranscodePlan(session=order.session))
