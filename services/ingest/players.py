"""Those who play over RTMP from this ingest: each can be counted, named and sent away."""

import asyncio
import contextlib
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import structlog

from libs.errors import Unavailable, WeirError
from libs.events import (
    AdmitPlayer,
    Answer,
    Ask,
    ListRevocations,
    Message,
    PlayerAdmitted,
    PlayersChanged,
    Revocation,
    Viewer,
    ViewerKicked,
    ViewersRevoked,
)
from libs.rtmp import Audience

log = structlog.get_logger()

A = TypeVar("A", bound=Answer)

GATHER_S = 0.25
"""Changes of so long are one message."""
BEAT_S = 2.0
"""While anybody plays."""
CHECK_S = 15.0
"""How often the tokens of those who play are looked at again: a revocation that was not heard is
made good by then."""
MAX_NAMED = 1000
"""Of one message, which has at most 1 MiB."""


@dataclass(slots=True, eq=False)
class Player:
    """One player; the RTMP server's handle of it. `grant` is there if it showed a token."""

    stream: str
    address: str
    audience: Audience
    grant: PlayerAdmitted | None
    on_close: Callable[["Player"], None]
    id: str = field(default_factory=lambda: f"r{secrets.token_urlsafe(16)[:21]}")
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    dismissed: asyncio.Future[str] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def dismiss(self, reason: str) -> None:
        if not self.dismissed.done():
            self.dismissed.set_result(reason)

    def close(self) -> None:
        self.on_close(self)


class PlayersBus(Protocol):
    """What players need of the bus."""

    async def ask(self, ask: Ask[A], *, timeout_s: float = 5.0) -> A: ...
    async def broadcast(self, message: Message) -> None: ...


class Players:
    """`run` and `watch` go on for ever."""

    def __init__(self, ingest: str, bus: PlayersBus) -> None:
        self._ingest = ingest
        self._bus = bus
        self._players: dict[str, Player] = {}
        self._changed = asyncio.Event()
        self._is_tokened = asyncio.Event()
        self._number = 0

    def __len__(self) -> int:
        return len(self._players)

    async def admit(self, stream: str, token: str, address: str) -> PlayerAdmitted:
        """Ask a gateway. Raises its refusal, or that nobody answers."""
        return await self._bus.ask(AdmitPlayer(stream=stream, token=token, address=address))

    def join(
        self, stream: str, address: str, audience: Audience, grant: PlayerAdmitted | None
    ) -> Player:
        player = Player(stream, address, audience, grant, on_close=self._leave)
        self._players[player.id] = player
        if grant is not None:
            self._is_tokened.set()
        self._changed.set()
        return player

    def _leave(self, player: Player) -> None:
        if self._players.pop(player.id, None) is not None:
            self._changed.set()

    # --- sending away ---------------------------------------------------------------------

    def on_kicked(self, fact: ViewerKicked) -> None:
        player = self._players.get(fact.viewer)
        if player is not None and player.stream == fact.stream:
            player.dismiss("An operator ended this.")

    def on_revoked(self, revoked: ViewersRevoked | Revocation) -> None:
        for player in list(self._players.values()):
            if player.stream == revoked.stream and _covers(revoked, player.grant):
                player.dismiss("Unauthorized: the viewer token has been revoked.")

    def on_signed(self, stream: str) -> None:
        """The stream is for those with a token from now on."""
        for player in list(self._players.values()):
            if player.stream == stream and player.grant is None:
                player.dismiss("Unauthorized: this stream is watched with a signed link now.")

    async def watch(self) -> None:
        """Make good the revocations that were not heard, while anybody plays with a token."""
        while True:
            await self._is_tokened.wait()
            await asyncio.sleep(CHECK_S)
            try:
                await self._check()
            except WeirError as error:
                log.info("players.unchecked", reason=str(error))
            if not any(each.grant for each in self._players.values()):
                self._is_tokened.clear()

    async def _check(self) -> None:
        after: int | None = 0
        while after is not None:
            page = await self._bus.ask(ListRevocations(after=after))
            for revoked in page.revocations:
                self.on_revoked(revoked)
            after = page.next_after

    # --- telling --------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S if self._players else None):
                    await self._changed.wait()
            self._changed.clear()
            try:
                await self._bus.broadcast(self._told())
            except Unavailable as error:
                log.info("players.waiting", reason=str(error))
            await asyncio.sleep(GATHER_S)

    def _told(self) -> PlayersChanged:
        # By the clock, so that it rises over a restart.
        self._number = max(self._number + 1, int(time.time() * 1000))
        players = list(self._players.values())
        limited = [each.grant for each in players if each.grant and each.grant.has_limit]
        return PlayersChanged(
            ingest=self._ingest,
            number=self._number,
            counts=Counter(each.stream for each in players),
            of_tokens=Counter(each.token_id for each in limited),
            players=tuple(self._viewer(each) for each in players[:MAX_NAMED]),
        )

    def _viewer(self, player: Player) -> Viewer:
        return Viewer(
            id=player.id,
            stream=player.stream,
            kind="rtmp",
            gateway=self._ingest,
            since=player.since,
            address=player.address,
            viewer=player.grant.viewer if player.grant else "",
            token_id=player.grant.token_id if player.grant else "",
        )


def _covers(revoked: ViewersRevoked | Revocation, grant: PlayerAdmitted | None) -> bool:
    """Whether the token is one of those that are void now."""
    if grant is None or grant.issued_at_ms > int(revoked.before.timestamp() * 1000):
        return False
    if revoked.scope == "stream":
        return True
    whom = grant.token_id if revoked.scope == "token" else grant.viewer
    return bool(whom) and whom == revoked.whom
