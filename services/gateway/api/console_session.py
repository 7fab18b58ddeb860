"""Console sessions: a signed cookie, and nothing to remember on the server.

    cookie = "<expiry>.<hmac-sha256 hex>"

The key is derived from the admin's password and the API key, so changing either signs all out.
"""

import hashlib
import hmac

COOKIE = "weir_session"
_MAX_EXPIRY_DIGITS = 19


class ConsoleSessions:
    def __init__(self, *, user: str, password: str, api_key: str, lifetime_s: int) -> None:
        self._user = user.encode()
        self._password = password.encode()
        self.lifetime_s = lifetime_s
        # Lengths go first: no two triples of secrets make one message.
        parts = (self._user, self._password, api_key.encode())
        message = b"".join(b"%d:%b" % (len(part), part) for part in parts)
        self._key = hmac.digest(message, b"weir console session", hashlib.sha256)

    def is_right(self, user: str, password: str) -> bool:
        """Whether a person may sign in so; nobody may while no password is set."""
        is_user = hmac.compare_digest(user.encode(), self._user)
        is_password = hmac.compare_digest(password.encode(), self._password)
        return is_user and is_password and bool(self._password)

    def issue(self, now: float) -> str:
        expiry = str(int(now) + self.lifetime_s)
        return f"{expiry}.{self._sign(expiry)}"

    def is_valid(self, cookie: str, now: float) -> bool:
        expiry, _, signature = cookie.partition(".")
        if not self._password or not expiry.isascii() or not expiry.isdecimal():
            return False
        is_signed = hmac.compare_digest(signature.encode(), self._sign(expiry).encode())
        return is_signed and len(expiry) <= _MAX_EXPIRY_DIGITS and int(expiry) > now

    def _sign(self, expiry: str) -> str:
        return hmac.new(self._key, expiry.encode(), hashlib.sha256).hexdigest()
