"""What the RTMP server asks of whoever stands behind it."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from libs.events import EndCause
from libs.media.flv import Tag
from libs.rtmp.audience import Audience

INSTALLATION = "weirInstallation"
"""The field of the connect object in which a Weir's relay says whose it is, and through which Weirs
the stream came to it: marks, joined by commas, the nearest first."""
MAX_INSTALLATIONS = 16
"""A stream that has come through more goes round."""
LOOP_STATUS = "NetStream.Publish.Loop"
"""The status with which a Weir refuses its own relay."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a peer may do; past one the connection is closed with a logged reason."""

    handshake_s: float = 5.0
    """From the connection to the end of the handshake."""
    command_s: float = 10.0
    """From the handshake to publish or play."""
    idle_s: float = 8.0
    """Without a byte from a publisher."""
    max_message_bytes: int = 10 * 1024 * 1024
    max_command_bytes: int = 64 * 1024
    max_metadata_bytes: int = 1024 * 1024
    max_half_open: int = 512
    """Connections that neither publish nor play yet; past it the oldest of them is closed."""
    max_half_open_per_address: int = 64
    """The same, of one peer address."""
    player_buffer_bytes: int = 4 * 1024 * 1024
    """Unsent bytes after which a player misses tags until the next keyframe."""


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A publish or a play, as the peer worded it."""

    app: str
    name: str
    """Stream name without its query."""
    query: str
    """What stood behind `?` in the name, else in the app."""
    peer_address: str
    encoder: str
    """The peer's `flashVer`."""
    installations: tuple[str, ...] = ()
    """The Weir that a relay belongs to and those before it (`libs.signing.installation_mark`);
    () for all other publishers."""


class PublishHandle(Protocol):
    """One accepted publish."""

    revoked: asyncio.Future[EndCause]
    """Done when the publish was taken over or kicked: the server closes the connection."""

    @property
    def may_wait(self) -> bool:
        """Whether the publisher's bytes may be read a tick later (`libs.rtmp.pacer`)."""

    def pace(self, *, is_paced: bool) -> None:
        """From now on they are read at ticks, or as they come."""

    def accept(self, *tags: Tag) -> None:
        """Take the tags that came together, in publisher time. Must not block."""

    async def close(self, cause: EndCause) -> None: ...


class PlayHandle(Protocol):
    """One player that was admitted."""

    audience: Audience
    """Which the connection joins."""
    dismissed: asyncio.Future[str]
    """Done when it may not play any more, with the reason: the server closes the connection."""

    def close(self) -> None:
        """It has gone."""


class Door(Protocol):
    """Admits publishers and players. Refuses with `RTMPRefused`."""

    async def publish(self, request: StreamRequest) -> PublishHandle: ...

    async def play(self, request: StreamRequest) -> PlayHandle: ...
