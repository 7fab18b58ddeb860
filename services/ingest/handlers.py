"""What ingest hears on the bus."""

from libs.bus import Bus
from libs.events import Envelope, SessionEnded, StreamChanged
from services.ingest.hub import Hub


def register(bus: Bus, hub: Hub) -> None:
    @bus.watch_fact(SessionEnded)
    async def on_session_ended(envelope: Envelope[SessionEnded]) -> None:
        # Our own word comes back here too; by then the session is no longer live.
        hub.on_ended_elsewhere(envelope.data.session, envelope.data.cause)

    @bus.watch_fact(StreamChanged)
    async def on_stream_changed(envelope: Envelope[StreamChanged]) -> None:
        changed = envelope.data
        hub.on_view_policy(changed.stream, changed.view_policy)
        hub.on_marks(changed.stream, is_marked=changed.is_marked)
