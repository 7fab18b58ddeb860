"""Tokens that have been verified: what each costs once, each request pays with a look-up."""

from collections import OrderedDict

from libs.signing import ViewerTokenWrong, read_viewer
from services.gateway.viewers.grant import Grant
from services.gateway.viewers.keys import Keys
from services.gateway.viewers.revocations import Revocations

KEPT = 50_000
"""About a kilobyte each."""


class Tokens:
    """Bounded; the least recently used goes first. Wrong tokens are not kept."""

    def __init__(self, keys: Keys, revocations: Revocations, *, kept: int = KEPT) -> None:
        self._keys = keys
        self._revocations = revocations
        self._kept = kept
        self._grants: OrderedDict[str, Grant] = OrderedDict()

    def __len__(self) -> int:
        return len(self._grants)

    def read(self, token: str) -> Grant | None:
        """What the token grants, expired and revoked or not; None if it is not one of ours."""
        grant = self._grants.get(token)
        if grant is not None:
            self._grants.move_to_end(token)
            return grant
        try:
            grant = Grant(read_viewer(token, self._keys.by_id))
        except ViewerTokenWrong:
            return None
        grant.is_revoked = self._revocations.covers(grant.claims)
        self._grants[token] = grant
        if len(self._grants) > self._kept:
            self._grants.popitem(last=False)
        return grant

    def forget(self) -> None:
        """The keys have changed: verify all anew."""
        self._grants.clear()

    def mark_revoked(self) -> None:
        """There is a new revocation."""
        for grant in self._grants.values():
            grant.is_revoked = grant.is_revoked or self._revocations.covers(grant.claims)
