"""What the gateway hears on the bus of chats."""

from collections.abc import Sequence

from libs.bus import Bus, Logged
from libs.bus.topology import CHAT_LOG
from libs.events import CHAT_FACTS, ChatChanged, Envelope, StreamChanged
from services.gateway.chat.chats import GATHER_S, Chats
from services.gateway.watch.noticeboard import Noticeboard


def listen(bus: Bus, chats: Chats, noticeboard: Noticeboard) -> None:
    async def hear(found: Sequence[Logged]) -> None:
        for logged in found:
            if isinstance(logged.data, ChatChanged):
                noticeboard.hear_chat(logged.data)
        await chats.hear(found)

    async def on_changed(envelope: Envelope[StreamChanged]) -> None:
        if envelope.data.is_deleted:
            chats.forget(envelope.data.stream)

    bus.follow(CHAT_LOG, CHAT_FACTS, hear, start=chats.start, gather_s=GATHER_S)
    bus.watch_fact(StreamChanged)(on_changed)
