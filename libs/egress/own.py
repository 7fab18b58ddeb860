"""Where this Weir itself listens: users may not name these places, whatever is allowed."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import urlsplit

from libs.egress.addresses import IPAddress, unwrap

DEFAULT_PORTS = {"http": 80, "https": 443, "rtmp": 1935, "nats": 4222}

ListURLs = Callable[[], Awaitable[Iterable[str]]]


class OwnPlaces:
    """`list_urls` tells the house's own URLs: public, internal, the bus."""

    def __init__(self, list_urls: ListURLs) -> None:
        self._list_urls = list_urls

    async def holds(self, address: IPAddress, port: int) -> bool:
        """Whether one of our listeners is at `address` and `port`, under any of our addresses."""
        ports_here: set[int] = set()
        for url in await self._list_urls():
            parts = urlsplit(url)
            own_port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
            if own_port != port or not parts.hostname:
                continue
            for own in await _addresses_of(parts.hostname):
                if own == address:
                    return True
                if is_this_host(own):
                    ports_here.add(own_port)
        return port in ports_here and is_this_host(address)


def is_this_host(address: IPAddress) -> bool:
    """Whether the address is one of this machine's (or this container's)."""
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # The kernel binds to its own addresses only.
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


async def _addresses_of(host: str) -> list[IPAddress]:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, UnicodeError):
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return [unwrap(ipaddress.ip_address(each[4][0])) for each in found]
    return []
