"""The egress guard: a name is resolved once, judged, and connected to as that very address.

What is judged and what is connected to are one address, so a name that answers differently a
moment later (DNS rebinding) gains nothing. A redirect is a new address: judge it again.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from typing import NamedTuple, Protocol

from libs.egress.addresses import IPAddress, Network, is_public, literal, names_this_host, unwrap
from libs.egress.errors import EgressRefused, EgressUnresolved

RESOLVE_S = 5.0


class Place(NamedTuple):
    """Where to connect: `address` is what `host` resolved to, and was let pass."""

    host: str
    port: int
    address: str


class Own(Protocol):
    """Where this Weir itself listens."""

    async def holds(self, address: IPAddress, port: int) -> bool: ...


class Egress:
    """`allow`: networks that the operator lets users name although they are not public.

    `own` is refused even there: no user may talk to the bus, the database or a service of the
    house, or loop a stream into itself.
    """

    def __init__(self, allow: Collection[Network] = (), *, own: Own | None = None) -> None:
        self._allow = tuple(allow)
        self._own = own

    def check_host(self, host: str) -> None:
        """Refuse what needs no look-up to be refused: `EgressRefused` early, for a form."""
        address = literal(host)
        if address is None and names_this_host(host):
            address = ipaddress.IPv4Address("127.0.0.1")
        if address is not None and not self._is_allowed(address):
            raise _refusal(host)

    async def resolve(self, host: str, port: int) -> Place:
        """The first address of `host` that may be connected to.

        Raises `EgressRefused` when it has only others, `EgressUnresolved` when it has none.
        """
        addresses = await _look_up(host, port)
        allowed = [address for address in addresses if self._is_allowed(address)]
        if not allowed:
            raise _refusal(host)
        for address in allowed:
            if self._own is None or not await self._own.holds(unwrap(address), port):
                return Place(host, port, str(address))
        raise EgressRefused(f"{host}:{port} is this Weir itself; name another host.")

    def _is_allowed(self, address: IPAddress) -> bool:
        inner = unwrap(address)
        return is_public(inner) or any(inner in network for network in self._allow)


def _refusal(host: str) -> EgressRefused:
    return EgressRefused(
        f"{host[:253]} is not out in the world (private, loopback, link-local or reserved); "
        "the operator may allow its network with WEIR_EGRESS_ALLOW."
    )


async def _look_up(host: str, port: int) -> list[IPAddress]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await loop.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
    except (OSError, UnicodeError, TimeoutError):
        raise EgressUnresolved(f"The name {host[:253]!r} has no address now.") from None
    addresses = [ipaddress.ip_address(each[4][0]) for each in found]
    return list(dict.fromkeys(addresses))
