"""Whoever calls the API, once it has shown who it is."""

from dataclasses import dataclass
from datetime import datetime

from libs.events import ActorKind, APIKey, ConsoleSession, User
from libs.permissions import ALL, Permission, Role, known, within


@dataclass(frozen=True, slots=True)
class Caller:
    kind: ActorKind
    id: str
    """Of the user or key; empty for the owner of the settings."""
    name: str
    tenant: str
    permissions: frozenset[Permission]
    role: Role | None = None
    """None: a key, which has permissions of its own."""
    stream_prefix: str = ""
    """It may touch only streams whose ids begin so, and nothing that is of none."""
    session: str | None = None
    """The console session that it came with."""
    expires_at: datetime | None = None

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def covers(self, stream: str) -> bool:
        return stream.startswith(self.stream_prefix)

    @property
    def user(self) -> str | None:
        """The id of its row, if it is a user that has one."""
        return self.id or None if self.kind == "user" else None

    @classmethod
    def of_user(cls, user: User, session: ConsoleSession | None = None) -> "Caller":
        return cls(
            kind="user",
            id=user.id,
            name=user.name,
            tenant=user.tenant,
            permissions=user.role.permissions_in(user.tenant),
            role=user.role,
            session=session.id if session else None,
            expires_at=session.expires_at if session else None,
        )

    @classmethod
    def of_key(cls, key: APIKey) -> "Caller":
        return cls(
            kind="api_key",
            id=key.id,
            name=key.name,
            tenant=key.tenant,
            permissions=within(known(key.permissions), key.tenant),
            stream_prefix=key.stream_prefix,
            expires_at=key.expires_at,
        )

    @classmethod
    def of_settings(
        cls, kind: ActorKind, name: str, tenant: str, session: ConsoleSession | None = None
    ) -> "Caller":
        """The owner that the settings name, or one of the settings' keys: they may everything."""
        return cls(
            kind=kind,
            id="",
            name=name,
            tenant=tenant,
            permissions=ALL,
            role=Role.OWNER,
            session=session.id if session else None,
            expires_at=session.expires_at if session else None,
        )
