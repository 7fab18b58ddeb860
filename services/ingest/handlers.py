"""What ingest hears on the bus."""

from libs.bus import Bus
from libs.events import Envelope, SessionEnded, StreamChanged, ViewerKicked, ViewersRevoked
from services.ingest.hub import Hub


def register(bus: Bus, hub: Hub) -> None:
    @bus.watch_fact(SessionEnded)
    async def on_session_ended(envelope: Envelope[SessionEnded]) -> None:
        # Our own word comes back here too; by then the session is no longer live.
        hub.on_ended_elsewhere(envelope.data.session, envelope.data.cause)

    @bus.watch_fact(ViewersRevoked)
    async def on_viewers_revoked(envelope: Envelope[ViewersRevoked]) -> None:
        hub.players.on_revoked(envelope.data)

    @bus.watch_fact(ViewerKicked)
    async def on_viewer_kicked(envelope: Envelope[ViewerKicked]) -> None:
        hub.players.on_kicked(envelope.data)

    @bus.watch_fact(StreamChanged)
    async def on_stream_changed(envelope: Envelope[StreamChanged]) -> None:
        changed = envelope.data
        hub.on_view_policy(changed.stream, changed.view_policy)
        hub.on_marks(changed.stream, is_marked=changed.is_marked)
