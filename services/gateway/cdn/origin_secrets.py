"""How a request is known that a CDN has let through: by a header that it alone can send."""

import hmac
import re
from typing import Self

from libs.errors import Invalid

HEADER = b"x-weir-cdn"
MOST = 2
"""The one in use, and the one that comes next or was there before."""
_SECRET = re.compile(r"[!-+\--~]{32,256}", re.ASCII)
"""What a header carries unchanged, but commas."""


class OriginSecretsWrong(Invalid):
    code = "cdn_origin_secrets_wrong"


class OriginSecrets:
    """None at all: no request is known so."""

    def __init__(self, secrets: tuple[bytes, ...] = ()) -> None:
        self._secrets = secrets

    def __bool__(self) -> bool:
        return bool(self._secrets)

    @classmethod
    def read(cls, text: str) -> Self:
        """`text`: one or two, with a comma between them. Raises `OriginSecretsWrong`."""
        words = [word.strip() for word in text.split(",") if word.strip()]
        if len(words) > MOST or not all(map(_SECRET.fullmatch, words)):
            raise OriginSecretsWrong(
                "WEIR_CDN_ORIGIN_SECRETS: one or two secrets with a comma between them, each of "
                "32 to 256 printable characters, as `openssl rand -hex 32` makes one."
            )
        return cls(tuple(word.encode() for word in words))

    def have(self, shown: bytes | None) -> bool:
        """Whether `shown` is one of them. How long it takes does not tell which, nor how nearly."""
        if shown is None:
            return False
        found = [hmac.compare_digest(secret, shown) for secret in self._secrets]
        return any(found)
