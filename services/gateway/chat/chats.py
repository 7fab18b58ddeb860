"""All chats that somebody reads through this gateway, and the log that they all come from."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from libs.bus import Logged
from libs.descriptors import places
from libs.events import ChatState
from services.gateway import metrics
from services.gateway.chat.chat import Chat
from services.gateway.chat.errors import ConnectionsTooMany, ParticipantsTooMany
from services.gateway.chat.participant import Participant, Visitor
from services.gateway.chat.speaking import Speaking
from services.gateway.playback.flights import Flights
from services.gateway.playback.websocket import CloseCode

KEPT = 1000
"""Chats that nobody reads are remembered, so many of them."""
TAIL = 5000
TAIL_AGE = timedelta(minutes=2)
"""Of the log, for chats that are opened: the catalog may be behind by as much."""
LOOK_S = 5.0
GATHER_S = 0.05
"""What is said within this time is told together."""

FindChat = Callable[[str], Coroutine[Any, Any, ChatState]]


class Chats:
    def __init__(
        self, find_chat: FindChat, speaking: Speaking, *, most: int, most_of_address: int
    ) -> None:
        """`most`: participants of this gateway; `most_of_address`: those of one address."""
        self._find_chat = find_chat
        self._speaking = speaking
        self._most = most
        self._most_of_address = most_of_address
        self._chats: OrderedDict[str, Chat] = OrderedDict()
        self._flights: Flights[None] = Flights()
        self._tail: deque[Logged] = deque(maxlen=TAIL)
        self._participants: set[Participant] = set()
        self._addresses: Counter[str] = Counter()
        self.is_closed = False

    # --- the log --------------------------------------------------------------------------

    async def start(self) -> datetime:
        """From when on the log is read."""
        return datetime.now(UTC) - TAIL_AGE

    async def hear(self, found: Sequence[Logged]) -> None:
        """What the log says next: tell it to all whom it concerns."""
        heard: dict[str, Chat] = {}
        for logged in found:
            self._tail.append(logged)
            chat = self._chats.get(logged.data.about())
            if chat is not None:
                chat.hear(logged)
                heard[chat.stream] = chat
        for chat in heard.values():
            metrics.CHAT_FRAMES.inc(await chat.tell())

    # --- who comes ------------------------------------------------------------------------

    async def open(self, stream: str) -> Chat:
        """Raises what the catalog answers."""
        while (chat := self._chats.get(stream)) is None:
            await self._flights.fly(stream, lambda: self._fetch(stream))
        self._chats.move_to_end(stream)
        return chat

    def admit(self, address: str) -> None:
        """Whether there is a place. Raises `ParticipantsTooMany`, `ConnectionsTooMany`."""
        if self.is_closed or len(self._participants) >= min(self._most, places()):
            raise ParticipantsTooMany("Too many read chats here already; try again later.")
        if self._addresses[address] >= self._most_of_address:
            raise ConnectionsTooMany("Too many connections to chats come from your address.")

    def enter(self, visitor: Visitor) -> Participant:
        """`admit` has just been asked."""
        participant = Participant(
            visitor,
            self._speaking,
            open_chat=lambda: self.open(visitor.stream),
            on_leave=self._on_leave,
        )
        self._participants.add(participant)
        self._addresses[visitor.address] += 1
        metrics.CHAT_PARTICIPANTS.inc()
        return participant

    async def run(self) -> None:
        """Until cancelled: look after who is here."""
        while True:
            await asyncio.sleep(LOOK_S)
            for participant in list(self._participants):
                await participant.look()

    def forget(self, stream: str) -> None:
        """It was deleted: who reads its chat is sent away."""
        if self._chats.pop(stream, None) is None:
            return
        for participant in list(self._participants):
            if participant.visitor.stream == stream:
                participant.close(CloseCode.NORMAL, "deleted")

    def close(self) -> None:
        """Send everybody away; they find another gateway, or this one when it is back."""
        self.is_closed = True
        for participant in list(self._participants):
            participant.close(CloseCode.GOING_AWAY)

    # --- within ---------------------------------------------------------------------------

    async def _fetch(self, stream: str) -> None:
        state = await self._find_chat(stream)
        chat = Chat(stream, tenant=state.tenant)
        # What the log says from now on reaches it as it is in the table: nothing comes between.
        chat.begin(state, [each for each in self._tail if each.data.about() == stream])
        self._make_room()
        self._chats[stream] = chat

    def _make_room(self) -> None:
        if len(self._chats) < KEPT:
            return
        unread = (each for each, chat in self._chats.items() if not chat.listeners)
        oldest = next(unread, None)
        if oldest is not None:
            del self._chats[oldest]

    def _on_leave(self, participant: Participant) -> None:
        self._participants.discard(participant)
        address = participant.visitor.address
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]
        metrics.CHAT_PARTICIPANTS.dec()
