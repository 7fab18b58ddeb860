"""The live keys of viewer tokens, as the catalog has them."""

from datetime import datetime, timedelta

from libs.errors import Unavailable
from libs.events import ViewerKeys
from libs.signing import ViewerKey

SIGNS_AFTER = timedelta(seconds=20)
"""A new key signs only when every gateway has surely heard of it."""


class KeysUnknown(Unavailable):
    code = "viewer_keys_unknown"


class Keys:
    def __init__(self) -> None:
        self.by_id: dict[str, bytes] = {}
        self._answer: ViewerKeys | None = None

    def learn(self, answer: ViewerKeys) -> bool:
        """Whether anything is new."""
        if answer == self._answer:
            return False
        self._answer = answer
        self.by_id = {key.id: bytes.fromhex(key.secret) for key in answer.keys}
        return True

    def signing(self, now: datetime) -> ViewerKey:
        """The newest key that all gateways know. Raises `KeysUnknown`."""
        if self._answer is None or not self._answer.keys:
            raise KeysUnknown("The keys of viewer tokens are not known yet; try again.")
        settled = (key for key in self._answer.keys if now - key.created_at >= SIGNS_AFTER)
        key = next(settled, self._answer.keys[-1])
        return ViewerKey(key.id, self.by_id[key.id])
