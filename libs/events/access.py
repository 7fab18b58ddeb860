"""Who may call the API: users, their console sessions, API keys; and the fact that any of them
may less than before.

Secrets never come this way: passwords as the Argon2 hash that the gateway makes, session ids and
keys as their SHA-256, which is enough for random ones.
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing
from libs.events.envelope import Message
from libs.permissions import Role

UserId = Annotated[str, Field(pattern="^user-[0-9a-f]{16}$")]
APIKeyId = Annotated[str, Field(pattern="^[0-9a-f]{12}$")]
ConsoleSessionId = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$", repr=False)]
AccessKind = Literal["user", "session", "api_key", "tenant"]
MAX_USER_NAME = 128
MAX_KEY_NAME = 128
MAX_PREFIX = 64
PAGE_ACCESS = 200


class AccessChanged(Message):
    """Forget what was known of this user, console session, API key, or of all callers of this
    tenant: it has changed or is gone.
    """

    name: ClassVar[str] = "access.changed"

    tenant: str
    kind: AccessKind
    id: str
    except_session: str | None = None
    """Of a user: the console session that goes on."""
    changed_at: datetime

    def natural_key(self) -> str:
        return f"{self.kind}:{self.id}:{self.changed_at.isoformat()}"

    def about(self) -> str:
        return self.id


# --- users ------------------------------------------------------------------------------


class User(Answer):
    id: str
    tenant: str
    name: str
    """What is signed in with; unique over the installation, in lower case."""
    role: Role
    is_disabled: bool
    created_at: datetime
    signed_in_at: datetime | None = None
    """Last."""


class Users(Answer):
    users: tuple[User, ...]
    next_after: str | None = None


class Login(Answer):
    """What signing in is judged by."""

    user: User | None
    password_hash: str = Field(default="", repr=False)


class FindLogin(Ask[Login]):
    """The user of that name, disabled or not; None if there is none."""

    name: ClassVar[str] = "catalog.user.find_login"
    answer: ClassVar[type[Answer]] = Login

    user_name: str


class CreateUser(Ask[User]):
    """Errors: `user_exists`."""

    name: ClassVar[str] = "catalog.user.create"
    answer: ClassVar[type[Answer]] = User

    tenant: str
    user_name: str
    role: Role
    password_hash: str = Field(repr=False)


class GetUser(Ask[User]):
    """Errors: `user_unknown`."""

    name: ClassVar[str] = "catalog.user.get"
    answer: ClassVar[type[Answer]] = User

    tenant: str
    user: str


class ListUsers(Ask[Users]):
    """A page of users, by name."""

    name: ClassVar[str] = "catalog.user.list"
    answer: ClassVar[type[Answer]] = Users

    tenant: str
    after: str | None = None
    limit: int = Field(default=PAGE_ACCESS, ge=1, le=PAGE_ACCESS)


class UpdateUser(Ask[User]):
    """Set what is given. A new password and being disabled end the user's console sessions, but
    for `except_session`. Errors: `user_unknown`.
    """

    name: ClassVar[str] = "catalog.user.update"
    answer: ClassVar[type[Answer]] = User

    tenant: str
    user: str
    role: Role | None = None
    is_disabled: bool | None = None
    password_hash: str | None = Field(default=None, repr=False)
    except_session: str | None = None


class NoteRehash(Ask[Nothing]):
    """The same password under today's parameters; nothing ends by it."""

    name: ClassVar[str] = "catalog.user.note_rehash"
    answer: ClassVar[type[Answer]] = Nothing

    user: str
    old_hash: str = Field(repr=False)
    new_hash: str = Field(repr=False)


class DeleteUser(Ask[Nothing]):
    """And end the user's console sessions. Errors: `user_unknown`."""

    name: ClassVar[str] = "catalog.user.delete"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    user: str


# --- console sessions -------------------------------------------------------------------


class ConsoleSession(Answer):
    """Somebody who is signed in."""

    id: str
    tenant: str
    user: str | None
    """None: the owner of the settings."""
    fence: str = Field(default="", repr=False)
    """Of the owner of the settings: what the session hangs on, beside its time."""
    created_at: datetime
    expires_at: datetime
    used_at: datetime
    address: str
    agent: str


class ConsoleSessions(Answer):
    sessions: tuple[ConsoleSession, ...]


class FoundSession(Answer):
    session: ConsoleSession | None
    user: User | None = None


class OpenConsoleSession(Ask[ConsoleSession]):
    """Errors: `user_unknown`, if the user was deleted, disabled, or given another password than
    the one of `password_hash` meanwhile.
    """

    name: ClassVar[str] = "catalog.console_session.open"
    answer: ClassVar[type[Answer]] = ConsoleSession

    tenant: str
    user: str | None
    password_hash: str = Field(default="", repr=False)
    digest: Digest
    fence: str = Field(default="", repr=False)
    lifetime_s: int = Field(ge=1)
    idle_s: int = Field(ge=1)
    """Unused for so long it is over, too."""
    address: str = Field(default="", max_length=64)
    agent: str = Field(default="", max_length=200)


class FindConsoleSession(Ask[FoundSession]):
    """None: it never was, is over, or its user is disabled."""

    name: ClassVar[str] = "catalog.console_session.find"
    answer: ClassVar[type[Answer]] = FoundSession

    digest: Digest


class ListConsoleSessions(Ask[ConsoleSessions]):
    """Those of one user that are not over, newest first."""

    name: ClassVar[str] = "catalog.console_session.list"
    answer: ClassVar[type[Answer]] = ConsoleSessions

    tenant: str
    user: str | None


class EndConsoleSessions(Ask[Nothing]):
    """End one, or all of a user but one. Errors: `console_session_unknown`."""

    name: ClassVar[str] = "catalog.console_session.end"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    user: str | None
    session: str | None = None
    """None: all."""
    except_session: str | None = None


# --- API keys ---------------------------------------------------------------------------


class APIKey(Answer):
    id: str
    tenant: str
    name: str
    permissions: tuple[str, ...]
    stream_prefix: str = ""
    """It is good for streams whose ids begin so, and for nothing that is of none."""
    created_at: datetime
    created_by: str
    """The name of whoever made it."""
    expires_at: datetime | None = None
    used_at: datetime | None = None
    """Last, to within some seconds."""


class APIKeys(Answer):
    keys: tuple[APIKey, ...]
    next_after: str | None = None


class FoundAPIKey(Answer):
    key: APIKey | None


class CreateAPIKey(Ask[APIKey]):
    """Errors: `api_key_exists`, if the id is taken."""

    name: ClassVar[str] = "catalog.api_key.create"
    answer: ClassVar[type[Answer]] = APIKey

    tenant: str
    id: APIKeyId
    digest: Digest
    key_name: str = Field(min_length=1, max_length=MAX_KEY_NAME)
    permissions: tuple[str, ...]
    stream_prefix: str = Field(default="", max_length=MAX_PREFIX)
    created_by: str
    expires_at: datetime | None = None


class FindAPIKey(Ask[FoundAPIKey]):
    """None: it never was, was revoked, or has expired."""

    name: ClassVar[str] = "catalog.api_key.find"
    answer: ClassVar[type[Answer]] = FoundAPIKey

    digest: Digest


class ListAPIKeys(Ask[APIKeys]):
    """A page of keys, newest first; those that have expired stay until they are revoked."""

    name: ClassVar[str] = "catalog.api_key.list"
    answer: ClassVar[type[Answer]] = APIKeys

    tenant: str
    after: str | None = None
    limit: int = Field(default=PAGE_ACCESS, ge=1, le=PAGE_ACCESS)


class RevokeAPIKey(Ask[Nothing]):
    """Errors: `api_key_unknown`."""

    name: ClassVar[str] = "catalog.api_key.revoke"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    id: str


class NoteAccess(Ask[Nothing]):
    """When sessions and keys were used last, as one gateway saw it."""

    name: ClassVar[str] = "catalog.access.note"
    answer: ClassVar[type[Answer]] = Nothing

    sessions: dict[str, datetime] = Field(default_factory=dict)
    api_keys: dict[str, datetime] = Field(default_factory=dict)
