"""When a viewer's mark is shown, and where on the picture it lies: drawn by lot with a secret.

Each row of a session has a lot for each token: an HMAC of its number. In mode `bursts` those rows
show the mark whose lot is the lowest of some `WINDOW` rows on end that they are among. So there is
one in any `WINDOW` rows on end; which it is, nobody can tell who lacks the secret; and no gateway
has to know which were shown before. A share of 2 / (`WINDOW` + 1) of all rows is.
"""

import hmac

from libs.events.viewer_marks import POSITIONS

WINDOW = 16
_LABEL = b"viewer marks"


class Schedule:
    """The same in all gateways that have the same `secret`."""

    def __init__(self, secret: str, *, window: int = WINDOW) -> None:
        self._key = hmac.digest(secret.encode(), _LABEL, "sha256")
        self._window = window

    def shows(self, token_id: str, session: str, msn: int) -> bool:
        """Whether the lot falls on the row."""
        own = self._lot(token_id, session, msn)
        higher = 1
        for step in (-1, 1):
            for distance in range(1, self._window):
                if self._lot(token_id, session, msn + step * distance) < own:
                    break
                higher += 1
        return higher >= self._window

    def position(self, token_id: str, session: str, msn: int) -> int:
        """Where the grid of a moving mark lies in the row."""
        return self._lot(token_id, session, msn)[-1] % POSITIONS

    def _lot(self, token_id: str, session: str, msn: int) -> bytes:
        told = f"{token_id}/{session}/{msn}".encode()
        return hmac.digest(self._key, told, "sha256")
