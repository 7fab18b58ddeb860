"""Who may watch and who watches: facts of the catalog, asks about keys, revocations and viewers.

Asks named `gateway.…` are answered by every gateway; `Bus.ask_all` gathers the answers.
"""

from datetime import datetime
from typing import ClassVar, Literal, NamedTuple

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing
from libs.events.envelope import Message

ViewPolicy = Literal["public", "signed"]
"""`public`: anybody watches; `signed`: whoever holds a viewer token."""
ViewerKind = Literal["flv", "hls", "dash", "rtmp"]
RevocationScope = Literal["token", "viewer", "stream"]
"""What is revoked: the token of an id, all tokens of a viewer, or all of the stream."""

# --- facts of the catalog ---------------------------------------------------------------


class StreamChanged(Message):
    """A stream was made, its settings were set, or it was deleted."""

    name: ClassVar[str] = "stream.changed"

    tenant: str
    stream: str
    revision: int
    """Rises with each change of a stream's settings, over deletion and making it again."""
    view_policy: ViewPolicy
    is_cdn_allowed: bool = False
    """Whether a CDN that checks signatures may have it, too."""
    is_marked: bool = False
    """Whether its picture is shown with marks only."""
    is_deleted: bool = False
    title: str = ""
    description: str = ""

    def natural_key(self) -> str:
        return f"{self.stream}:{self.revision}"

    def about(self) -> str:
        return self.stream


class ViewersRevoked(Message):
    """Viewer tokens of a stream must not be honoured any more."""

    name: ClassVar[str] = "viewers.revoked"

    tenant: str
    stream: str
    scope: RevocationScope
    whom: str
    before: datetime
    """Tokens that were issued later are good."""
    expires_at: datetime
    """When the last of the tokens will have expired; until then this is remembered."""

    def natural_key(self) -> str:
        return f"{self.stream}:{self.scope}:{self.whom}:{self.before.isoformat()}"

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


class RevokeViewers(Ask[Nothing]):
    """Revoke tokens that have been issued up to now. The stream need not exist (any more)."""

    name: ClassVar[str] = "catalog.viewer_token.revoke"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    stream: str
    scope: RevocationScope
    whom: str = ""
    """Token id or viewer; empty for all of the stream."""
    expires_at: datetime
    """When the last of them will have expired by itself."""


class Revocation(Answer):
    seq: int
    stream: str
    scope: RevocationScope
    whom: str
    before: datetime
    expires_at: datetime


class RevocationPage(Answer):
    revocations: tuple[Revocation, ...]
    next_after: int | None = None


class ListRevocations(Ask[RevocationPage]):
    """Revocations of tokens that may not have expired, in the order in which they were made."""

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


class Attendee(NamedTuple):
    """A player that watches by HLS or DASH, as gateways tell each other of it."""

    id: str
    """Of its viewer session; the same on every gateway that it asks."""
    stream: str
    kind: ViewerKind
    token_id: str = ""
    """Only of a token that limits how many players may use it at once."""


class AudienceChanged(Message):
    """Who has come to one gateway and who has left it; said at each change, and as a beat.

    Never stored. A gateway that finds a number missing asks for the whole (`AudienceAsked`).
    """

    name: ClassVar[str] = "gateway.audience.changed"

    gateway: str
    number: int
    """Counts what this gateway has said."""
    is_whole: bool = False
    """What it said before counts no more: this, and what follows, is all."""
    is_last: bool = False
    """It stops, and nobody watches through it any more."""
    flv: dict[str, int] = Field(default_factory=dict)
    """FLV players by stream, where their number has changed."""
    flv_of_tokens: dict[str, int] = Field(default_factory=dict)
    """The same by token, of tokens that have a limit."""
    joined: tuple[Attendee, ...] = ()
    left: tuple[str, ...] = ()
    """Ids of viewer sessions."""

    def natural_key(self) -> str:
        return f"{self.gateway}:{self.number}"

    def about(self) -> str:
        return self.gateway


class AudienceAsked(Message):
    """A gateway wants to hear the whole audience of the others; never stored."""

    name: ClassVar[str] = "gateway.audience.asked"

    gateway: str
    number: int

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
    """Or the ingest that it plays from."""
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


# --- between ingests and gateways --------------------------------------------------------


class PlayerAdmitted(Answer):
    """What the token says, for those who revoke it or ask who watches."""

    token_id: str
    viewer: str
    issued_at_ms: int
    has_limit: bool
    """Whether only so many players may use the token at once."""


class AdmitPlayer(Ask[PlayerAdmitted]):
    """Ingest asks any gateway whether an RTMP player may watch. `token_id` is empty of who has no
    token and needs none. Errors: `player_refused`.
    """

    name: ClassVar[str] = "gateway.player.admit"
    answer: ClassVar[type[Answer]] = PlayerAdmitted

    stream: str
    token: str = Field(max_length=4096, repr=False)
    address: str


class PlayersChanged(Message):
    """Who plays over RTMP from one ingest, always all of them: said at each change, and as a beat
    while anybody plays. Never stored.
    """

    name: ClassVar[str] = "ingest.players.changed"

    ingest: str
    number: int
    """Rises with each that is said, also after the ingest was started again."""
    counts: dict[str, int]
    """By stream."""
    of_tokens: dict[str, int]
    """By token, of tokens that have a limit."""
    players: tuple[Viewer, ...]
    """Those who have watched longest; not all, if they are very many."""

    def natural_key(self) -> str:
        return f"{self.ingest}:{self.number}"

    def about(self) -> str:
        return self.ingest
