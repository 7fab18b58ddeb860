"""The owner that the settings name: the first user of an installation, whom no API can lock out."""

import hashlib
import hmac

from libs.events import ConsoleSession
from libs.names import DEFAULT_TENANT
from services.gateway.access.caller import Caller


class SettingsOwner:
    """`WEIR_ADMIN_USER`, `WEIR_ADMIN_PASSWORD` and `WEIR_API_KEY`; what is empty opens nothing.

    `fence` is kept with the console sessions that the password has opened: they end when name,
    password or key of the settings change, as no gateway knows them any more.
    """

    def __init__(self, *, user: str, password: str, api_key: str) -> None:
        self.name = user
        self._password = password.encode()
        self._api_key = api_key.encode()
        # Lengths go first: no two triples of secrets make one message.
        parts = (user.encode(), self._password, self._api_key)
        message = b"".join(b"%d:%b" % (len(part), part) for part in parts)
        self.fence = hmac.new(message, b"weir console session", hashlib.sha256).hexdigest()

    def is_named(self, user: str) -> bool:
        """Whether it is the name of nobody else. Users' names are in lower case."""
        return bool(self._password) and user.lower() == self.name.lower()

    def is_right(self, user: str, password: str) -> bool:
        is_user = hmac.compare_digest(user.encode(), self.name.encode())
        is_password = hmac.compare_digest(password.encode(), self._password)
        return is_user and is_password and bool(self._password)

    def has_key(self, key: str) -> bool:
        return bool(self._api_key) and hmac.compare_digest(key.encode(), self._api_key)

    def opened(self, session: ConsoleSession) -> bool:
        """Whether it was opened with the settings as they are."""
        is_same = hmac.compare_digest(session.fence.encode(), self.fence.encode())
        return is_same and session.user is None and bool(self._password)

    def caller(self, session: ConsoleSession | None = None) -> Caller:
        return Caller.of_settings("user", self.name, DEFAULT_TENANT, session)

    def key_caller(self) -> Caller:
        return Caller.of_settings("api_key", "settings", DEFAULT_TENANT)
