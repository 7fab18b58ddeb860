"""Who speaks, by ids that say nothing else; all gateways of a house give the same.

A guest holds a *pass*, which shows that its id is its own: `<id>.<mac>`. It is no secret of worth:
whoever has it can speak as that guest.
"""

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets

_PASS = re.compile(r"(g[A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{22})", re.ASCII)
_ID_BYTES = 9
_MAC_BYTES = 16
_V6_PREFIX = 64
"""What one customer of a provider has, at least."""


class Authors:
    def __init__(self, secret: str) -> None:
        self._key = hashlib.blake2b(secret.encode(), person=b"weir chat").digest()

    def guest(self, shown: str | None) -> tuple[str, str]:
        """Id and pass of a guest: those that were shown, if they are ours, or new ones."""
        found = _PASS.fullmatch(shown or "")
        if found is not None and hmac.compare_digest(self._mac("pass", found[1]), found[2]):
            return found[1], found[0]
        made = "g" + _word(secrets.token_bytes(_ID_BYTES))
        return made, f"{made}.{self._mac('pass', made)}"

    def viewer(self, viewer: str) -> str:
        """Id of whom a viewer token names."""
        return "v" + self._mac("viewer", viewer)[:12]

    def moderator(self, user: str) -> str:
        return "m" + self._mac("moderator", user)[:12]

    def network(self, stream: str, address: str) -> str:
        """Where somebody is, of use for one stream's bans and nothing else."""
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return self._mac("network", f"{stream} {address}")[:12]
        if found.version == 6:  # noqa: PLR2004 - as it is called
            mapped = found.ipv4_mapped
            network = ipaddress.ip_network((found, _V6_PREFIX), strict=False)
            address = str(mapped or network)
        return self._mac("network", f"{stream} {address}")[:12]

    def _mac(self, purpose: str, said: str) -> str:
        digest = hmac.digest(self._key, f"{purpose}:{said}".encode(), "sha256")
        return _word(digest[:_MAC_BYTES])


def _word(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
