"""One who reads a chat, and may speak in it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from libs.errors import WeirError
from libs.events import ChatAuthor
from services.gateway.chat import words
from services.gateway.chat.chat import Chat
from services.gateway.chat.cleaning import clean_name
from services.gateway.chat.connection import Connection
from services.gateway.chat.errors import MessageUnreadable, NameMissing
from services.gateway.chat.speaking import Speaking
from services.gateway.playback.websocket import CloseCode

MAX_WAITING = 20
"""Messages of one participant that wait for their turn; a flood is cut off before."""
JOIN_S = 30.0
"""So long after it came it has to say what it wants."""


class Standing(Enum):
    """What somebody may do in a chat."""

    NONE = "none"
    VIEWER = "viewer"
    """Read, and speak where the chat is open."""
    MODERATOR = "moderator"


@dataclass(frozen=True)
class Visitor:
    """Who came, as far as its request says."""

    stream: str
    address: str
    viewer: str
    """Whom its viewer token names; empty: nobody."""
    user: str
    """Id or name of a caller who may moderate; empty: it is none."""
    judge: Callable[[], Awaitable[Standing]]
    """What it may do now: tokens expire, and users sign out."""


class Participant:
    """Answers one message after the other; `on_leave` is called once, at the end."""

    def __init__(
        self,
        visitor: Visitor,
        speaking: Speaking,
        *,
        open_chat: Callable[[], Awaitable[Chat]],
        on_leave: Callable[["Participant"], None],
    ) -> None:
        self.visitor = visitor
        self.through = 0
        self._chat: Chat | None = None
        """Since it has joined."""
        self._author: ChatAuthor | None = None
        self._network = speaking.authors.network(visitor.stream, visitor.address)
        self._speaking = speaking
        self._open_chat = open_chat
        self._on_leave = on_leave
        self._connection: Connection | None = None
        self._has_left = False
        self._came_at = asyncio.get_running_loop().time()
        self._waiting: deque[str] = deque()
        self._task: asyncio.Task[None] | None = None

    def connect(self, transport: asyncio.Transport) -> Connection:
        self._connection = Connection(transport, on_text=self._on_text, on_lost=self._on_lost)
        return self._connection

    # --- what is told ---------------------------------------------------------------------

    def send(self, frames: bytes) -> None:
        if self._connection is not None:
            self._connection.send(frames)

    def close(self, code: CloseCode, reason: str = "") -> None:
        if self._connection is not None:
            self._connection.close(code, reason)

    async def look(self) -> None:
        """Called now and then: is it still there, and may it still be?"""
        waited_s = asyncio.get_running_loop().time() - self._came_at
        if self._chat is None and waited_s > JOIN_S:
            self.close(CloseCode.POLICY, "has not joined")
        elif await self._is_admitted() and self._connection is not None:
            self._connection.look()

    # --- what it says ---------------------------------------------------------------------

    def _on_text(self, payload: str) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self.close(CloseCode.POLICY, "too fast")
            return
        self._waiting.append(payload)
        if self._task is None:
            self._task = asyncio.create_task(self._work_off(), name="chat-participant")

    async def _work_off(self) -> None:
        try:
            while self._waiting:
                await self._handle(self._waiting.popleft())
        finally:
            self._task = None

    async def _handle(self, payload: str) -> None:
        key = None
        try:
            word = words.read(payload)
            if isinstance(word, words.Say):
                key = word.key
                await self._say(word)
            else:
                await self._join(word)
        except WeirError as error:
            self.send(words.refused(key, error))

    async def _join(self, join: words.Join) -> None:
        if self._chat is not None:
            raise MessageUnreadable("You have joined already; connect anew to change your name.")
        can_moderate = await self.visitor.judge() is Standing.MODERATOR
        author, guest_pass = self._introduce(join, is_moderator=can_moderate)
        chat = await self._open_chat()
        if self._has_left:
            return
        # Nothing is awaited from here on, so that nothing is told twice, or not at all.
        history = chat.history(join.after)
        welcome = words.welcome(
            author,
            guest_pass,
            chat.settings,
            can_moderate=can_moderate,
            is_anew=history.is_anew,
            through=history.through,
        )
        self._chat, self._author = chat, author
        chat.join(self)
        self.send(welcome + history.frames)

    def _introduce(
        self, join: words.Join, *, is_moderator: bool
    ) -> tuple[ChatAuthor | None, str | None]:
        """As whom it speaks, and a guest's pass. Raises `NameWrong`."""
        if join.name is None:
            return None, None
        name, authors, visitor = clean_name(join.name), self._speaking.authors, self.visitor
        if is_moderator:
            return ChatAuthor(id=authors.moderator(visitor.user), name=name, kind="moderator"), None
        if visitor.viewer:
            return ChatAuthor(id=authors.viewer(visitor.viewer), name=name, kind="viewer"), None
        author_id, guest_pass = authors.guest(join.shown_pass)
        return ChatAuthor(id=author_id, name=name, kind="guest"), guest_pass

    async def _say(self, say: words.Say) -> None:
        if self._chat is None or self._author is None:
            raise NameMissing("Join with a name before you speak.")
        if await self._is_admitted():
            number = await self._speaking.say(
                self._chat, self._author, self._network, key=say.key, text=say.text
            )
            self.send(words.said(say.key, number))

    async def _is_admitted(self) -> bool:
        """Whether it may go on as what it is; if not, it is sent away."""
        standing = await self.visitor.judge()
        if standing is Standing.NONE:
            self.close(CloseCode.POLICY, "may not watch")
            return False
        is_moderator = self._author is not None and self._author.kind == "moderator"
        if is_moderator and standing is not Standing.MODERATOR:
            self.close(CloseCode.POLICY, "signed out")
            return False
        return True

    def _on_lost(self) -> None:
        self._has_left = True
        self._waiting.clear()
        if self._chat is not None:
            self._chat.leave(self)
        self._on_leave(self)
