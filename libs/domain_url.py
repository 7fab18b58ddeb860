"""Addresses under which an installation is reached: `rtmp://push.example.org`."""

import re
from ipaddress import IPv6Address
from typing import Literal

from libs.errors import Invalid

DomainKind = Literal["push", "pull"]
MAX_CHARS = 300
_SCHEMES: dict[DomainKind, tuple[str, str]] = {"push": ("rtmp", "rtmps"), "pull": ("http", "https")}
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[([0-9a-f:.]{{2,45}})\])(?::([0-9]{{1,5}}))?")
_MAX_HOST = 253
_MAX_PORT = 65535


class DomainInvalid(Invalid):
    code = "domain_invalid"


def check_domain_url(kind: DomainKind, url: str) -> str:
    """The address in lower case, without a slash at its end. Raises `DomainInvalid`."""
    scheme, _, host = url.strip().lower().removesuffix("/").partition("://")
    plain, secure = _SCHEMES[kind]
    if scheme not in (plain, secure):
        raise DomainInvalid(f"A {kind} domain begins with {plain}:// or {secure}://.")
    if not _is_host(host):
        raise DomainInvalid(
            f"A {kind} domain is {plain}:// and a host, which may have a port: "
            f"{plain}://{kind}.example.org. Write other scripts as xn--…"
        )
    return f"{scheme}://{host}"


def _is_host(host: str) -> bool:
    found = _HOST.fullmatch(host) if len(host) <= _MAX_HOST else None
    if found is None or not 0 < int(found[2] or 1) <= _MAX_PORT:
        return False
    try:
        return found[1] is None or bool(IPv6Address(found[1]))
    except ValueError:
        return False
