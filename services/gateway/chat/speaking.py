"""What it takes to say something: the chat is open, the author may speak, is not too fast, and what
it says can be shown. Then it goes into the log, and from there to everybody.
"""

import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

from libs.errors import WeirError
from libs.events import ChatAuthor, ChatSaid, Message
from services.gateway import metrics
from services.gateway.chat.authors import Authors
from services.gateway.chat.chat import Chat
from services.gateway.chat.cleaning import clean_text
from services.gateway.chat.errors import AuthorBanned, ChatClosed, SlowMode, TooFast
from services.gateway.chat.pace import Pace

AUTHOR_BURST, AUTHOR_EVERY_S = 5, 1.5
NETWORK_BURST, NETWORK_EVERY_S = 20, 0.2
"""Of all who come from one place: of a household, or of a school."""
CHAT_BURST, CHAT_EVERY_S = 60, 1 / 30
"""Of one chat, by way of this gateway: faster than that nobody reads."""


class Turns(Protocol):
    """`libs.bus.turns`."""

    async def take(self, key: str, pause_s: float) -> float: ...
    async def give_back(self, key: str) -> None: ...


class Speaking:
    def __init__(
        self,
        authors: Authors,
        publish: Callable[[Message], Awaitable[int]],
        turns: Turns,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`publish`: returns the message's number in the log."""
        self.authors = authors
        self._publish = publish
        self._turns = turns
        self._now = now
        self._of_authors = Pace(burst=AUTHOR_BURST, every_s=AUTHOR_EVERY_S)
        self._of_networks = Pace(burst=NETWORK_BURST, every_s=NETWORK_EVERY_S)
        self._of_chats = Pace(burst=CHAT_BURST, every_s=CHAT_EVERY_S)

    async def say(
        self, chat: Chat, author: ChatAuthor, network: str, *, key: str, text: str
    ) -> int:
        """The number of the message. Raises what `errors` and `cleaning` name, `BusUnavailable`."""
        try:
            number = await self._say(chat, author, network, key, text)
        except WeirError as error:
            metrics.CHAT_MESSAGES.labels(error.code).inc()
            raise
        metrics.CHAT_MESSAGES.labels("said").inc()
        return number

    async def _say(self, chat: Chat, author: ChatAuthor, network: str, key: str, text: str) -> int:
        is_moderator = author.kind == "moderator"
        self._check_pace(chat, author, network)
        if not is_moderator:
            self._check_admitted(chat, author, network)
        said = ChatSaid(
            tenant=chat.tenant,
            stream=chat.stream,
            key=key,
            author=author,
            network=network,
            text=clean_text(text),
        )
        pause_s = chat.settings.slow_s
        if is_moderator or not pause_s:
            return await self._publish(said)
        turn = f"{chat.stream}.{author.id}"
        wait_s = await self._turns.take(turn, pause_s)
        if wait_s:
            raise SlowMode(f"Here everybody waits {pause_s} s between messages.", wait_s=wait_s)
        try:
            return await self._publish(said)
        except WeirError:
            with contextlib.suppress(WeirError):  # what away means is said already
                await self._turns.give_back(turn)
            raise

    def _check_pace(self, chat: Chat, author: ChatAuthor, network: str) -> None:
        """Whatever comes of it, it counts. Raises `TooFast`."""
        paces = [
            (self._of_authors, author.id, "You write faster than others can read"),
            (self._of_networks, network, "Too much comes from your network"),
            (self._of_chats, chat.stream, "More is said here than anybody can read"),
        ]
        for pace, key, words in paces:
            wait_s = pace.wait_s(key)
            if wait_s:
                raise TooFast(f"{words}; wait a moment.", wait_s=wait_s)
        for pace, key, _ in paces:
            pace.note(key)

    def _check_admitted(self, chat: Chat, author: ChatAuthor, network: str) -> None:
        """Raises `ChatClosed`, `AuthorBanned`."""
        ban = chat.ban_of(author.id, network, self._now())
        if ban is not None:
            until = f"until {ban.until:%Y-%m-%d %H:%M} UTC" if ban.until else "for good"
            raise AuthorBanned(f"A moderator has banned you from this chat {until}.")
        if not chat.settings.is_open:
            raise ChatClosed("This chat is closed; you can read what was said.")
