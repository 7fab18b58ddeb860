"""Which IP addresses are out in the world (IANA special-purpose registries, RFC 6890).

An IPv6 address that only wraps an IPv4 one is judged by what it wraps: v4-mapped and
v4-compatible (RFC 4291), 6to4 (RFC 3056), NAT64 (RFC 6052), Teredo (RFC 4380).
"""

import ipaddress
import socket

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
# What some versions of Python take for public.
_INSIDE: tuple[Network, ...] = (
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv6Network("fec0::/10"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
)
_NAMED_LOCAL = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


def unwrap(address: IPAddress) -> IPAddress:
    """The IPv4 address within an IPv6 one, where there is one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    if inner is None and (address in _NAT64 or address in _COMPATIBLE):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def is_public(address: IPAddress) -> bool:
    """Whether the address is a host out in the world: no private, shared, loopback, link-local
    (and so no cloud's metadata service), multicast, reserved or documentation address.
    """
    address = unwrap(address)
    is_inside = any(address in network for network in _INSIDE)
    return address.is_global and not (is_inside or address.is_multicast or address.is_reserved)


def literal(host: str) -> IPAddress | None:
    """The address that `host` spells, in any spelling that the resolver takes: `127.1`,
    `0x7f000001` and `2130706433` are one; None for a name.
    """
    host = host.strip("[]")
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeEncodeError):
        return None


def names_this_host(host: str) -> bool:
    """Whether the name means this host wherever it is looked up (RFC 6761, section 6.3)."""
    name = host.rstrip(".").lower()
    return name in _NAMED_LOCAL or name.endswith(".localhost")
