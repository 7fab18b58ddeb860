"""CloudFront's signed URLs and cookies: a policy, signed with a key that the distribution trusts.

Source: "Use signed URLs" and "Use signed cookies", Amazon CloudFront Developer Guide. The policy is
always a custom one: a canned one opens a single file, and what is played is many.
"""

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from libs.errors import Invalid
from services.gateway.settings import GatewaySettings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

KEY_BITS = 2048
"""What CloudFront takes, of RSA."""
_ALPHABET = str.maketrans("+=/", "-_~")
"""What stands in a URL or a cookie for what base64 has and they have not."""


class CDNSettingsWrong(Invalid):
    code = "cdn_settings_wrong"


class CDNPolicy(NamedTuple):
    """What may be read, by whom and when."""

    resource: str
    """A URL; `*` stands for any characters."""
    expires_at_s: int
    """Unix second from which it may be read no more."""
    starts_at_s: int = 0
    """Unix second from which on it may; 0: at once."""
    network: str = ""
    """IPv4 network from which alone, as `192.0.2.0/24`."""

    def write(self) -> str:
        condition: dict[str, dict[str, int | str]] = {
            "DateLessThan": {"AWS:EpochTime": self.expires_at_s}
        }
        if self.network:
            condition["IpAddress"] = {"AWS:SourceIp": self.network}
        if self.starts_at_s:
            condition["DateGreaterThan"] = {"AWS:EpochTime": self.starts_at_s}
        statement = {"Resource": self.resource, "Condition": condition}
        return json.dumps({"Statement": [statement]}, separators=(",", ":"))


class CDNSigner:
    """Signs for the distribution that answers at `url`."""

    def __init__(
        self, url: str, *, key_pair_id: str, private_key: "RSAPrivateKey", cookie_domain: str
    ) -> None:
        self.url = url.rstrip("/")
        self.cookie_domain = cookie_domain
        self._key_pair_id = key_pair_id
        self._private_key = private_key

    @classmethod
    def of(cls, settings: GatewaySettings) -> Self | None:
        """None: nothing is said of a distribution. Raises `CDNSettingsWrong`."""
        said = (settings.cdn_url, settings.cdn_key_pair_id, settings.cdn_private_key_file)
        if not any(said):
            return None
        url, key_pair_id, file = said
        if not url or not key_pair_id or file is None:
            raise CDNSettingsWrong(
                "Set all three: WEIR_CDN_URL, WEIR_CDN_KEY_PAIR_ID, WEIR_CDN_PRIVATE_KEY_FILE."
            )
        return cls(
            url,
            key_pair_id=key_pair_id,
            private_key=_read_key(file),
            cookie_domain=settings.cdn_cookie_domain or _host_of(url),
        )

    def sign(self, policy: CDNPolicy) -> dict[str, str]:
        """The parameters of a signed URL in their order; cookies are called `CloudFront-<name>`."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA1

        text = policy.write().encode()
        # CloudFront's own hash, if none is named. Nobody chooses what is signed: it is a stream's
        # id, a network and two numbers, so that collisions are of no use.
        signature = self._private_key.sign(text, PKCS1v15(), SHA1())  # noqa: S303
        return {
            "Policy": _encode(text),
            "Signature": _encode(signature),
            "Key-Pair-Id": self._key_pair_id,
        }


def _read_key(file: Path) -> "RSAPrivateKey":
    # The library takes memory that gateways without a distribution need not.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise CDNSettingsWrong(f"WEIR_CDN_PRIVATE_KEY_FILE cannot be read: {error}") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size != KEY_BITS:
        raise CDNSettingsWrong(
            f"WEIR_CDN_PRIVATE_KEY_FILE must be a PEM file of an RSA key of {KEY_BITS} bits."
        )
    return key


def _host_of(url: str) -> str:
    return url.partition("://")[2].rstrip("/").partition(":")[0]


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode().translate(_ALPHABET)
