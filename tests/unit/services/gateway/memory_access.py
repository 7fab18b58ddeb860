"""Users, console sessions and API keys of a catalog that lives in memory."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from libs.bus import RemoteError
from libs.events import (
    Answer,
    APIKey,
    APIKeys,
    Ask,
    AuditPage,
    ConsoleSession,
    ConsoleSessions,
    CreateAPIKey,
    CreateUser,
    DeleteUser,
    EndConsoleSessions,
    FindAPIKey,
    FindConsoleSession,
    FindLogin,
    FoundAPIKey,
    FoundSession,
    GetUser,
    ListAPIKeys,
    ListAudit,
    ListConsoleSessions,
    ListUsers,
    Login,
    NoteRehash,
    Nothing,
    OpenConsoleSession,
    RevokeAPIKey,
    UpdateUser,
    User,
    Users,
)

MADE_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def refusal(code: str, status: int) -> RemoteError:
    return RemoteError(code=code, status=status, detail=code, blame="caller", retry=False)


class MemoryAccess:
    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.hashes: dict[str, str] = {}
        self.sessions: dict[str, ConsoleSession] = {}
        """By digest."""
        self.keys: dict[str, APIKey] = {}
        """By digest."""
        self.audit = AuditPage(entries=())
        self._numbers = itertools.count(1)

    def answer(self, ask: Ask[Any]) -> Answer | None:  # noqa: C901, PLR0911, PLR0912 - one line per ask
        """None: it is about something else."""
        match ask:
            case FindLogin():
                user = next((u for u in self.users.values() if u.name == ask.user_name), None)
                return Login(user=user, password_hash=self.hashes[user.id] if user else "")
            case CreateUser():
                return self._create_user(ask)
            case GetUser():
                return self._user(ask.user)
            case ListUsers():
                return Users(users=tuple(self.users.values()))
            case UpdateUser():
                return self._update_user(ask)
            case NoteRehash():
                self.hashes[ask.user] = ask.new_hash
                return Nothing()
            case DeleteUser():
                self._end(ask.user)
                del self.users[self._user(ask.user).id]
                return Nothing()
            case OpenConsoleSession():
                return self._open(ask)
            case FindConsoleSession():
                session = self.sessions.get(ask.digest)
                user = self.users.get(session.user or "") if session else None
                return FoundSession(session=session, user=user)
            case ListConsoleSessions():
                theirs = (each for each in self.sessions.values() if each.user == ask.user)
                return ConsoleSessions(sessions=tuple(theirs))
            case EndConsoleSessions():
                self._end(ask.user, only=ask.session, but=ask.except_session)
                return Nothing()
            case CreateAPIKey():
                return self._create_key(ask)
            case FindAPIKey():
                return FoundAPIKey(key=self.keys.get(ask.digest))
            case ListAPIKeys():
                return APIKeys(keys=tuple(self.keys.values()))
            case RevokeAPIKey():
                self.keys = {d: key for d, key in self.keys.items() if key.id != ask.id}
                return Nothing()
            case ListAudit():
                return self.audit
        return None

    def _create_user(self, ask: CreateUser) -> User:
        if any(user.name == ask.user_name for user in self.users.values()):
            raise refusal("user_exists", 409)
        user = User(
            id=f"user-{next(self._numbers):016x}",
            tenant=ask.tenant,
            name=ask.user_name,
            role=ask.role,
            is_disabled=False,
            created_at=MADE_AT,
        )
        self.users[user.id], self.hashes[user.id] = user, ask.password_hash
        return user

    def _user(self, user: str) -> User:
        if user not in self.users:
            raise refusal("user_unknown", 404)
        return self.users[user]

    def _update_user(self, ask: UpdateUser) -> User:
        said = {"role": ask.role, "is_disabled": ask.is_disabled}
        changes = {name: value for name, value in said.items() if value is not None}
        self.users[ask.user] = self._user(ask.user).model_copy(update=changes)
        if ask.password_hash is not None:
            self.hashes[ask.user] = ask.password_hash
        if ask.is_disabled or ask.password_hash is not None:
            self._end(ask.user, but=ask.except_session)
        return self.users[ask.user]

    def _open(self, ask: OpenConsoleSession) -> ConsoleSession:
        if ask.user is not None and self.hashes[self._user(ask.user).id] != ask.password_hash:
            raise refusal("user_unknown", 404)
        now = datetime.now(UTC)
        session = ConsoleSession(
            id=f"{next(self._numbers):016x}",
            tenant=ask.tenant,
            user=ask.user,
            fence=ask.fence,
            created_at=now,
            expires_at=now + timedelta(seconds=ask.lifetime_s),
            used_at=now,
            address=ask.address,
            agent=ask.agent,
        )
        self.sessions[ask.digest] = session
        return session

    def _end(self, user: str | None, *, only: str | None = None, but: str | None = None) -> None:
        self.sessions = {
            digest: each
            for digest, each in self.sessions.items()
            if each.user != user or each.id == but or only not in (None, each.id)
        }

    def _create_key(self, ask: CreateAPIKey) -> APIKey:
        said = ask.model_dump(
            include={"tenant", "id", "permissions", "stream_prefix", "created_by"}
        )
        key = APIKey(name=ask.key_name, created_at=MADE_AT, expires_at=ask.expires_at, **said)
        self.keys[ask.digest] = key
        return key
