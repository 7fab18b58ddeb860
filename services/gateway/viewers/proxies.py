"""The viewer's address behind proxies that are trusted."""

import ipaddress

from libs.errors import Invalid

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ProxiesInvalid(Invalid):
    code = "trusted_proxies_invalid"


class Proxies:
    """`trusted`: addresses and networks with commas, or `*` for everybody."""

    def __init__(self, trusted: str) -> None:
        """Raises `ProxiesInvalid`."""
        words = [word.strip() for word in trusted.split(",") if word.strip()]
        self._trusts_all = "*" in words
        try:
            self._networks: list[_Network] = [
                ipaddress.ip_network(word, strict=False) for word in words if word != "*"
            ]
        except ValueError as error:
            raise ProxiesInvalid(f"WEIR_TRUSTED_PROXIES: {error}.") from None
        self._known: dict[str, bool] = {}
        """What has been found of peers; proxies are few."""

    def trusts(self, peer: str) -> bool:
        if self._trusts_all:
            return True
        if not self._networks:
            return False
        found = self._known.get(peer)
        if found is None:
            found = self._is_listed(peer)
            if len(self._known) < 1024:  # noqa: PLR2004 - strangers must not fill memory
                self._known[peer] = found
        return found

    def address_of(self, peer: str, forwarded_for: bytes | None) -> str:
        """Who asked, given the connection's peer and X-Forwarded-For.

        From the right, the first address that is no proxy of ours: what stands further left was
        said by strangers.
        """
        if forwarded_for is None or not self.trusts(peer):
            return peer
        address = peer
        for word in reversed(forwarded_for.decode("latin-1").split(",")):
            address = word.strip() or address
            if self._trusts_all:
                continue
            if not self.trusts(address):
                break
        return address

    def _is_listed(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)
