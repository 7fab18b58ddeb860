"""Who may watch and who watches: facts of the catalog, asks about keys, revocations and viewers.

Asks named `gateway.…` are answered by every gateway; `Bus.ask_all` gathers the answers.
"""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing
from libs.events.envelope import Message

ViewPolicy = Literal["public", "signed"]
"""`public`: anybody watches; `signed`: whoever holds a viewer token."""
ViewerKind = Literal["flv", "hls", "dash"]

# --- facts of the catalog ---------------------------------------------------------------


class StreamChanged(Message):
    """A stream was made, its settings were set, or it was deleted."""

    name: ClassVar[str] = "stream.changed"

    tenant: str
    stream: str
    revision: int
    """Rises with each change of a stream's settings, over deletion and making it again."""
    view_policy: ViewPolicy
    is_deleted: bool = False

    def natural_key(self) -> str:
        return f"{self.stream}:{self.revision}"

    def about(self) -> str:
        return self.stream


class ViewerTokenRevoked(Message):
    """A viewer token must not be honoured any more."""

    name: ClassVar[str] = "viewer_token.revoked"

    tenant: str
    stream: str
    token_id: str
    expires_at: datetime
    """When the token would have expired; until then the revocation is remembered."""

    def natural_key(self) -> str:
        return self.token_id

    def about(self) -> str:
        return self.stream


class ViewerKeysRotated(Message):
    """There is a new key that signs viewer tokens; the one before the last is void. Ask for them:
    a secret never stands in a fact.
    """

    name: ClassVar[str] = "viewer_keys.rotated"

    tenant: str
    key_id: str

    def natural_key(self) -> str:
        return f"{self.tenant}:{self.key_id}"

    def about(self) -> str:
        return self.key_id


# --- asks to the catalog ----------------------------------------------------------------


class SigningKey(Answer):
    id: str
    secret: str = Field(repr=False)
    """In hex."""
    created_at: datetime


class ViewerKeys(Answer):
    keys: tuple[SigningKey, ...]
    """The live ones, newest first; the newest signs."""


class ListViewerKeys(Ask[ViewerKeys]):
    """The live keys; the first is made when it is first asked for."""

    name: ClassVar[str] = "catalog.viewer_key.list"
    answer: ClassVar[type[Answer]] = ViewerKeys

    tenant: str


class RotateViewerKeys(Ask[ViewerKeys]):
    """Sign with a new key from now on; tokens of the last one stay good, older ones are void."""

    name: ClassVar[str] = "catalog.viewer_key.rotate"
    answer: ClassVar[type[Answer]] = ViewerKeys

    tenant: str


class RevokeViewerToken(Ask[Nothing]):
    """Errors: `stream_unknown`."""

    name: ClassVar[str] = "catalog.viewer_token.revoke"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    stream: str
    token_id: str
    expires_at: datetime


class Revocation(Answer):
    seq: int
    stream: str
    token_id: str
    expires_at: datetime


class RevocationPage(Answer):
    revocations: tuple[Revocation, ...]
    next_after: int | None = None


class ListRevocations(Ask[RevocationPage]):
    """Revocations of tokens that have not expired, in the order in which they were made."""

    name: ClassVar[str] = "catalog.viewer_token.list_revoked"
    answer: ClassVar[type[Answer]] = RevocationPage

    after: int = 0
    """`seq` after which the page starts."""
    limit: int = Field(default=1000, ge=1, le=1000)


# --- among gateways ---------------------------------------------------------------------


class ViewerCounts(Answer):
    """Players that watch one stream now, by how."""

    flv: int = 0
    hls: int = 0
    dash: int = 0

    @property
    def total(self) -> int:
        return self.flv + self.hls + self.dash


class AudienceCounted(Message):
    """How many watch through one gateway: said to all gateways at each change, and as a beat.
    Never stored.
    """

    name: ClassVar[str] = "gateway.audience.counted"

    gateway: str
    number: int
    """Counts what this gateway has said; 0 for its last word, when it stops."""
    streams: dict[str, ViewerCounts] = Field(default_factory=dict)
    limited_tokens: dict[str, int] = Field(default_factory=dict)
    """Players by token, of those tokens that have a limit."""

    def natural_key(self) -> str:
        return f"{self.gateway}:{self.number}"

    def about(self) -> str:
        return self.gateway


class ViewerKicked(Message):
    """An operator sent a viewer away; said to all gateways, never stored."""

    name: ClassVar[str] = "gateway.viewer.kicked"

    stream: str
    viewer: str

    def natural_key(self) -> str:
        return f"{self.stream}:{self.viewer}"

    def about(self) -> str:
        return self.stream


class Viewer(Answer):
    """One player that watches."""

    id: str
    """Of its viewer session; chosen by the gateway."""
    stream: str
    kind: ViewerKind
    gateway: str
    since: datetime
    address: str
    viewer: str = ""
    """Who it is, as its token says."""
    token_id: str = ""


class ViewerPage(Answer):
    gateway: str
    viewers: tuple[Viewer, ...]
    """Oldest first."""


class ListViewers(Ask[ViewerPage]):
    """Every gateway answers with those that watch through it."""

    name: ClassVar[str] = "gateway.viewer.list"
    answer: ClassVar[type[Answer]] = ViewerPage

    stream: str
    limit: int = Field(default=1000, ge=1, le=1000)
