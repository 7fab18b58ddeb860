"""What a caller of the API may do, in the field's words: `<noun>:<verb>`, and the roles that are
sets of it.

Whoever holds `…:write` does not hold `…:read` by that: a key that only uploads reads nothing.
"""

from collections.abc import Iterable
from enum import StrEnum

from libs.names import DEFAULT_TENANT


class Permission(StrEnum):
    STREAMS_READ = "streams:read"
    """Streams and their settings, less their push keys."""
    STREAMS_WRITE = "streams:write"
    """Make, change and delete streams."""
    STREAMS_PUBLISH = "streams:publish"
    """Push media by way of the API (PutMedia); push keys do so at ingest."""
    KEYS_READ = "keys:read"
    """The push keys of streams: who reads them can publish."""
    VIEWERS_READ = "viewers:read"
    """Who watches."""
    VIEWERS_WRITE = "viewers:write"
    """Give out links that let others watch, take them back, send players away."""
    CHAT_READ = "chat:read"
    """Settings and bans of chats; what is said there reads whoever may watch."""
    CHAT_WRITE = "chat:write"
    """Open, close and slow chats, remove what others say, and ban them: to be a moderator."""
    ALERTS_WRITE = "alerts:write"
    """Tell viewers of tips, subscriptions and the like: for programs that hear of them."""
    DOMAINS_WRITE = "domains:write"
    """Say under which domains streams are pushed to and watched; whoever reads streams sees it."""
    RELAYS_READ = "relays:read"
    """Relay targets, less their stream keys."""
    RELAYS_WRITE = "relays:write"
    RECORDINGS_READ = "recordings:read"
    """Sessions, clips and files, and watching all of it, live too."""
    RECORDINGS_WRITE = "recordings:write"
    """Make clips and holds."""
    RECORDINGS_DELETE = "recordings:delete"
    """Delete clips, and holds, after which retention may delete more."""
    ASSETS_READ = "assets:read"
    """Uploads and assets."""
    ASSETS_WRITE = "assets:write"
    """Upload, make and rename assets."""
    ASSETS_DELETE = "assets:delete"
    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    EVENTS_READ = "events:read"
    """What happens here, as it happens."""
    WEBHOOKS_READ = "webhooks:read"
    """Webhooks with their addresses, less their secrets, and what was sent to them."""
    WEBHOOKS_WRITE = "webhooks:write"
    """Send what happens here to others, again, or no more."""
    WATERMARKS_READ = "watermarks:read"
    """The secrets of forensic watermarks, and everybody who was served one."""
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    """Make, change and delete users that may no more than the caller."""
    API_KEYS_READ = "api_keys:read"
    API_KEYS_WRITE = "api_keys:write"
    """Make API keys that may no more than the caller, and revoke any."""
    SETTINGS_READ = "settings:read"
    """What operates the house: dead letters, the figures of bus, database and stores."""
    SETTINGS_WRITE = "settings:write"
    """What holds for the whole house: rotating the keys of viewer tokens."""
    AUDIT_READ = "audit:read"
    TENANTS_READ = "tenants:read"
    """One's own tenant, its quotas and its use; the installation's sees all."""
    TENANTS_WRITE = "tenants:write"
    """Make tenants, and set their quotas."""

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing; all else is written into the audit log."""
        return self.value.endswith(":read")


class Role(StrEnum):
    """What a user is. Each role may all that those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"

    @property
    def permissions(self) -> frozenset[Permission]:
        return _OF_ROLES[self]

    def permissions_in(self, tenant: str) -> frozenset[Permission]:
        """As far as it may have them there."""
        return within(self.permissions, tenant)


ALL = frozenset(Permission)
_VIEWER = frozenset(
    {
        Permission.STREAMS_READ,
        Permission.VIEWERS_READ,
        Permission.CHAT_READ,
        Permission.RELAYS_READ,
        Permission.RECORDINGS_READ,
        Permission.ASSETS_READ,
        Permission.JOBS_READ,
        Permission.EVENTS_READ,
    }
)
_OF_THE_OWNER = frozenset(
    {
        Permission.DOMAINS_WRITE,
        Permission.WATERMARKS_READ,
        Permission.USERS_READ,
        Permission.USERS_WRITE,
        Permission.API_KEYS_READ,
        Permission.API_KEYS_WRITE,
        Permission.SETTINGS_WRITE,
        Permission.AUDIT_READ,
        Permission.TENANTS_WRITE,
    }
)
OF_THE_INSTALLATION = frozenset(
    {Permission.SETTINGS_READ, Permission.SETTINGS_WRITE, Permission.TENANTS_WRITE}
)
"""What concerns all tenants: held in the installation's own only."""
_OF_ROLES = {Role.VIEWER: _VIEWER, Role.OPERATOR: ALL - _OF_THE_OWNER, Role.OWNER: ALL}


def known(permissions: Iterable[str]) -> frozenset[Permission]:
    """Those that this version knows; a word of another version allows nothing."""
    return frozenset(Permission(each) for each in permissions if each in _WORDS)


def within(permissions: frozenset[Permission], tenant: str) -> frozenset[Permission]:
    """Those that a user or key of the tenant may have."""
    return permissions if tenant == DEFAULT_TENANT else permissions - OF_THE_INSTALLATION


_WORDS = frozenset(each.value for each in Permission)
