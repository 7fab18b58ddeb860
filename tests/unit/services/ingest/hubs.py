"""A hub with a catalog of few words, for tests."""

import asyncio
import time
from typing import Any

from pydantic import SecretStr

from libs.errors import Unauthorized, WeirError
from libs.events import (
    AdmitPlayer,
    Ask,
    Message,
    OpenPublish,
    PlayerAdmitted,
    PublishGrant,
)
from libs.rtmp import StreamRequest
from libs.signing import sign_push
from services.ingest.hub import Hub
from services.ingest.settings import Settings
from tests.unit.services.ingest.shelves import MemoryShelf

SECRET = "s3cret"


class PlayerRefused(Unauthorized):
    code = "player_refused"


class SmallCatalog:
    """Grants every ask; joins the session that is held, as the real one does."""

    def __init__(self) -> None:
        self.said: list[Message] = []
        self.asks: list[OpenPublish] = []
        self.errors: list[WeirError] = []
        """Raised one after the other before anything is granted."""
        self.policy = "takeover"
        self.view_policy = "public"
        self.reconnect_window_s = 30.0
        self.joins = True
        self.gate = asyncio.Event()
        self.gate.set()
        self.generation = 0
        self.tokens: list[str] = []
        """Of the players that were asked about."""
        self.admitted = PlayerAdmitted(
            token_id="t-1", viewer="ann", issued_at_ms=1_000_000, has_limit=True
        )

    def say(self, message: Message) -> None:
        self.said.append(message)

    async def broadcast(self, message: Message) -> None:
        self.said.append(message)

    async def ask(self, ask: Ask[Any], *, timeout_s: float = 5.0) -> Any:
        if isinstance(ask, AdmitPlayer):
            self.tokens.append(ask.token)
            if self.errors:
                raise self.errors.pop(0)
            if ask.token:
                return self.admitted
            if self.view_policy == "signed":
                raise PlayerRefused("Ask for a signed link.")
            return PlayerAdmitted(token_id="", viewer="", issued_at_ms=0, has_limit=False)
        assert isinstance(ask, OpenPublish)
        self.asks.append(ask)
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        self.generation += 1
        session = ask.held_session if self.joins and not ask.is_earlier else None
        return PublishGrant.model_validate(
            {
                "tenant": "default",
                "stream": ask.stream,
                "session": session or f"65536f{self.generation:02x}-00000001",
                "generation": self.generation,
                "policy": self.policy,
                "reconnect_window_s": self.reconnect_window_s,
                "view_policy": self.view_policy,
            }
        )


def make_settings(**changes: object) -> Settings:
    base = Settings(push_secret=SecretStr(SECRET), instance="ingest-1")
    return base.model_copy(update=changes)


def make_hub(catalog: SmallCatalog, **changes: object) -> Hub:
    return Hub(
        make_settings(**changes), catalog, MemoryShelf(), origin_url=lambda: "http://ingest:1"
    )


def request(
    stream: str = "cam", *, query: str | None = None, installations: tuple[str, ...] = ()
) -> StreamRequest:
    """A publish with a right signature, or with `query`."""
    key = sign_push(stream, int(time.time()) + 60, SECRET) if query is None else ""
    return StreamRequest(
        app="stream",
        name=stream,
        query=f"sign={key}" if query is None else query,
        peer_address="127.0.0.1",
        encoder="test",
        installations=installations,
    )
