"""A viewer token that was found right, kept ready for the checks that each request needs."""

import ipaddress
from enum import StrEnum
from urllib.parse import urlsplit

from libs.events.viewer_marks import MarkClaim
from libs.signing import ViewerClaims, ViewerTokenWrong

NO_REFERRER = "none"
"""In a list of referrers: requests that name no page are admitted, too."""
_MAX_REFERRER_BYTES = 2048


class Refusal(StrEnum):
    """Why a request for media gets 403; also the `reason` label of the metrics."""

    MISSING = "viewer_token_missing"
    WRONG = "viewer_token_wrong"
    EXPIRED = "viewer_token_expired"
    REVOKED = "viewer_token_revoked"
    ELSEWHERE = "viewer_token_elsewhere"
    BEYOND = "viewer_token_beyond"
    ADDRESS = "viewer_address_wrong"
    REFERRER = "viewer_referrer_wrong"
    LIMIT = "viewer_limit_reached"
    QUOTA = "viewer_quota_full"
    KICKED = "viewer_kicked"
    MARKED = "viewer_marked"
    CDN = "cdn_not_allowed"
    CDN_UNKNOWN = "cdn_unknown"


class Grant:
    """Claims in the form in which they are compared. `is_revoked` is set from outside."""

    __slots__ = ("_hosts", "_last_address", "_network", "claims", "is_revoked", "mark", "token_id")

    def __init__(self, claims: ViewerClaims) -> None:
        """Raises `ViewerTokenWrong` if the address is none, or the mark cannot be read."""
        self.claims = claims
        self.mark = _read_mark(claims.watermark)
        """What the pictures must carry."""
        self.token_id = claims.token_id
        self.is_revoked = False
        self._network = None
        if claims.address:
            try:
                self._network = ipaddress.ip_network(claims.address, strict=False)
            except ValueError:
                raise ViewerTokenWrong("The viewer token is for no address.") from None
        self._hosts = tuple(host.lower() for host in claims.referrers)
        self._last_address = ""
        """The address that was found right last; a viewer's rarely changes."""

    @property
    def limit(self) -> int:
        """How many players may use it at once; 0: any number."""
        return self.claims.max_sessions

    @property
    def has_address(self) -> bool:
        return self._network is not None

    @property
    def has_referrers(self) -> bool:
        return bool(self._hosts)

    def admits_address(self, address: str) -> bool:
        if self._network is None or address == self._last_address:
            return True
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is not None:
            known = known.ipv4_mapped
        if known not in self._network:
            return False
        self._last_address = address
        return True

    def admits_referrer(self, referrer: bytes | None) -> bool:
        """`referrer` is the header Referer, or Origin where a browser keeps the page to itself."""
        if not self._hosts:
            return True
        if not referrer:
            return NO_REFERRER in self._hosts
        host = _host_of(referrer)
        return any(
            host == wanted or (wanted.startswith("*.") and host.endswith(wanted[1:]))
            for wanted in self._hosts
            if wanted != NO_REFERRER
        )


def _read_mark(text: str) -> MarkClaim | None:
    try:
        return MarkClaim.read(text) if text else None
    except ValueError:
        # Rather nothing than pictures without it.
        raise ViewerTokenWrong("The viewer token is for a mark that is not known here.") from None


def _host_of(referrer: bytes) -> str:
    """The host of a URL in lower case; "" if there is none."""
    try:
        parsed = urlsplit(referrer[:_MAX_REFERRER_BYTES].decode("latin-1"))
        host = parsed.hostname or ""
    except ValueError:
        return ""
    # A browser leaves user and password out (RFC 9110 section 10.1.3); who writes them lies.
    return "" if "@" in parsed.netloc else host
