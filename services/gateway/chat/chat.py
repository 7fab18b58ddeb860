"""One stream's chat as this gateway shows it: what the log says, in its order, to all alike."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from libs.bus import Logged
from libs.events import (
    ChatBan,
    ChatBanned,
    ChatChanged,
    ChatMessage,
    ChatRemoved,
    ChatSaid,
    ChatSettings,
    ChatState,
    ChatUnbanned,
)
from libs.events.chat import LATEST
from services.gateway.chat import words

KEPT = 200
"""Messages in memory, for who comes back after a moment."""
SLICE = 200
"""Participants that are written to before others of this process have their turn."""


class Listener(Protocol):
    """A participant, as far as its chat knows it."""

    through: int
    """The last number of the log that it was told, or that its history had."""

    def send(self, frames: bytes) -> None: ...


class _Kept(NamedTuple):
    id: int
    author: str
    frame: bytes


class History(NamedTuple):
    frames: bytes
    is_anew: bool
    """What the participant has is not the beginning of it."""
    through: int
    """What comes later has a higher number."""


class Chat:
    def __init__(self, stream: str, *, tenant: str) -> None:
        self.stream = stream
        self.tenant = tenant
        self.settings = ChatSettings()
        self.listeners: set[Listener] = set()
        self._bans: dict[str, ChatBan] = {}
        self._kept: deque[_Kept] = deque()
        self._floor = 0
        """Of messages up to this number not all are in memory."""
        self._through = 0
        """The last number of the log that was heard."""
        self._untold: list[bytes] = []

    # --- the log ----------------------------------------------------------------------

    def begin(self, state: ChatState, tail: Sequence[Logged]) -> None:
        """With what the catalog knows, and with what the log said of late, which the catalog may
        not know yet.
        """
        self.settings = state.settings
        self._bans = {ban.id: ban for ban in state.bans}
        for message in state.latest:
            self._keep(message)
        if len(state.latest) == LATEST:
            self._floor = state.latest[0].id - 1
        self._through = state.latest[-1].id if state.latest else 0
        known = self._through
        for logged in tail:
            # Of all else it does no harm if it is known already.
            if logged.sequence > known or not isinstance(logged.data, ChatSaid):
                self._take(logged)
        self._untold.clear()

    def hear(self, logged: Logged) -> None:
        """The next of the log."""
        if logged.sequence > self._through:
            self._take(logged)

    def _take(self, logged: Logged) -> None:
        match logged.data:
            case ChatSaid() as said:
                self._on_said(logged, said)
            case ChatRemoved(messages=ids):
                self._forget({kept.id for kept in self._kept if kept.id in ids})
                self._note_removal(logged.sequence, words.removed(ids))
            case ChatBanned(ban=ban):
                self._bans[ban.id] = ban
                author = ban.author.id
                self._forget({kept.id for kept in self._kept if kept.author == author})
                self._note_removal(logged.sequence, words.banned(author))
            case ChatUnbanned(ban=ban_id):
                self._bans.pop(ban_id, None)
            case ChatChanged() as changed if changed.revision > self.settings.revision:
                self.settings = ChatSettings(
                    revision=changed.revision, is_open=changed.is_open, slow_s=changed.slow_s
                )
                self._untold.append(words.settings(self.settings))
        self._through = max(self._through, logged.sequence)

    def ban_of(self, author: str, network: str, at: datetime) -> ChatBan | None:
        """Why it may not speak."""
        bans = self._bans.values()
        return next((ban for ban in bans if ban.covers(author, network, at)), None)

    # --- who is here ------------------------------------------------------------------

    def join(self, listener: Listener) -> None:
        """From now on it is told what comes; what came before is its history."""
        listener.through = self._through
        self.listeners.add(listener)

    def leave(self, listener: Listener) -> None:
        self.listeners.discard(listener)

    def history(self, after: int | None) -> History:
        """What follows `after`, or the newest if that is not all in memory; None: the newest."""
        if after is None or after < self._floor:
            newest = list(self._kept)[-LATEST:]
            frames = b"".join(kept.frame for kept in newest)
            return History(frames, is_anew=True, through=self._through)
        frames = b"".join(kept.frame for kept in self._kept if kept.id > after)
        return History(frames, is_anew=False, through=self._through)

    async def tell(self) -> int:
        """Tell all who are here what was heard; how many were told."""
        if not self._untold:
            return 0
        frames, self._untold = b"".join(self._untold), []
        through, count = self._through, 0
        for listener in list(self.listeners):
            if listener.through >= through:
                continue  # it came meanwhile, and its history has it
            listener.through = through
            listener.send(frames)
            count += 1
            if count % SLICE == 0:
                await asyncio.sleep(0)
        return count

    # --- within -----------------------------------------------------------------------

    def _on_said(self, logged: Logged, said: ChatSaid) -> None:
        if self.ban_of(said.author.id, said.network, logged.at) is not None:
            return  # it was said before its gateway knew
        message = ChatMessage(
            id=logged.sequence, at=logged.at, author=said.author, text=said.text, alert=said.alert
        )
        self._untold.append(self._keep(message))

    def _keep(self, message: ChatMessage) -> bytes:
        frame = words.message(message)
        self._kept.append(_Kept(message.id, message.author.id, frame))
        if len(self._kept) > KEPT:
            self._floor = self._kept.popleft().id
        return frame

    def _forget(self, ids: set[int]) -> None:
        if ids:
            self._kept = deque(kept for kept in self._kept if kept.id not in ids)

    def _note_removal(self, sequence: int, frame: bytes) -> None:
        self._floor = max(self._floor, sequence)
        """Who was not here when it happened may still show what is removed."""
        self._untold.append(frame)
