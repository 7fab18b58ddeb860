"""The viewer token: one signed word that lets its bearer watch one stream or asset.

It stands in a URL's path (`/~<token>/<id>/live.m3u8`), so it is made of letters, digits, "-" and
"_" alone: base64url without padding of

    version (1 byte) | key id | fields in ascending order of their numbers | HMAC-SHA-256 (32 bytes)

where the key id and each text is its length (2 bytes) and its bytes, and each field its number
(1 byte) and its text. The MAC is over all that stands before it. There is exactly one spelling of
a set of claims: fields that say nothing are left out, none comes twice, nothing may follow, and
base64 with stray bits is refused, because else one token would have several spellings.

    Forbidden
    ├── ViewerTokenWrong     altered, cut short, or signed with a key that is not known (any more)
    └── ViewerTokenExpired   right, but its time has passed
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from libs.errors import Forbidden

MAX_TOKEN_CHARS = 2048
"""A longer one is not read at all; URLs of 8 KiB pass every proxy."""
NONCE_BYTES = 8

_VERSION = 1
_MAC_BYTES = hashlib.sha256().digest_size
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{44,{MAX_TOKEN_CHARS}}}", re.ASCII)
_TOKEN_ID = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{16})", re.ASCII)
_MAX_INTEGER = 2**63 - 1

Kind = Literal["stream", "asset", "playback"]
"""`playback`: of a stream, and judged also where anybody may watch: a link that is to expire."""
_KINDS: tuple[Kind, ...] = ("stream", "asset", "playback")


class ViewerTokenWrong(Forbidden):
    code = "viewer_token_wrong"


class ViewerTokenExpired(Forbidden):
    code = "viewer_token_expired"


class _Field(IntEnum):
    KIND = 1
    SUBJECT = 2
    EXPIRES = 3
    NONCE = 4
    VIEWER = 5
    ADDRESS = 6
    REFERRER = 7
    """The hosts, one to a line."""
    MAX_SESSIONS = 8
    WATERMARK = 9
    ISSUED = 10
    VIEW = 11


@dataclass(frozen=True, slots=True)
class ViewerKey:
    """A secret that signs tokens, and the name under which tokens refer to it."""

    id: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class ViewerClaims:
    """What a token says. Empty fields restrict nothing."""

    subject: str
    """Id of the stream or asset."""
    expires_at_s: int
    """Last Unix second in which the token is good."""
    issued_at_ms: int
    """Unix milliseconds; who revokes all of a viewer's tokens means those up to a moment."""
    kind: Kind = "stream"
    nonce: bytes = field(default_factory=lambda: secrets.token_bytes(NONCE_BYTES))
    viewer: str = ""
    """Who watches, in the issuer's words."""
    address: str = ""
    """IP address or network (`192.0.2.0/24`) from which alone it is good."""
    referrers: tuple[str, ...] = ()
    """Hosts whose pages may use it; `*.example.com` is any host below, `none` admits requests that
    name no page."""
    max_sessions: int = 0
    """How many players may use it at once; 0: any number."""
    watermark: str = ""
    """The mark that the pictures of this viewer must carry (`MarkClaim.write`)."""
    view: str = ""
    """A session, or a window (`<from>-<until>` in Unix milliseconds), of which alone it is good."""

    @property
    def token_id(self) -> str:
        """What a revocation names: it says by itself until when it must be remembered."""
        return f"{self.expires_at_s:x}-{self.nonce.hex()}"


def expiry_of_token_id(token_id: str) -> int | None:
    """The Unix second at which the token of this id expires; None if it is no token id."""
    found = _TOKEN_ID.fullmatch(token_id)
    return None if found is None or token_id.startswith("0") else int(found[1], 16)


def sign_viewer(claims: ViewerClaims, key: ViewerKey) -> str:
    """The token. Raises `ValueError` if the claims do not fit one."""
    message = _message(claims, key.id)
    token = _encode(message + _mac(message, key.secret))
    if len(token) > MAX_TOKEN_CHARS:
        raise ValueError(f"The claims make a token of more than {MAX_TOKEN_CHARS} characters.")
    return token


def read_viewer(token: str, keys: Mapping[str, bytes]) -> ViewerClaims:
    """The claims of a rightly signed token, by the secrets of the live keys. No clock is asked.

    Raises `ViewerTokenWrong`. Nothing of the claims is believed before the MAC has been compared.
    """
    data = _decode(token)
    message, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
    if message[:1] != bytes((_VERSION,)):
        raise _wrong()
    key_id, rest = _take_text(message[1:])
    secret = keys.get(key_id.decode("latin-1"))
    # An unknown key costs as much as a known one, so that time tells nobody which there are.
    right = _mac(message, secret if secret is not None else b"unknown key")
    if not hmac.compare_digest(right, mac) or secret is None:
        raise _wrong()
    claims = _claims(rest)
    try:
        is_canonical = _message(claims, key_id.decode("latin-1")) == message
    except ValueError:
        is_canonical = False
    if not is_canonical:
        raise _wrong()
    return claims


def verify_viewer(token: str, keys: Mapping[str, bytes], now: float) -> ViewerClaims:
    """The claims of a token that is rightly signed and has not expired at `now` (Unix seconds).

    Raises `ViewerTokenWrong` or `ViewerTokenExpired`.
    """
    claims = read_viewer(token, keys)
    if claims.expires_at_s < now:
        raise ViewerTokenExpired("The viewer token has expired; ask for a new link.")
    return claims


def keys_by_id(keys: Iterable[ViewerKey]) -> dict[str, bytes]:
    return {key.id: key.secret for key in keys}


def _wrong() -> ViewerTokenWrong:
    return ViewerTokenWrong("The viewer token is not one of ours; use the link as it was given.")


def _mac(message: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, message, "sha256")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(token: str) -> bytes:
    if not _TOKEN.fullmatch(token):
        raise _wrong()
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise _wrong() from None
    if _encode(data) != token:
        raise _wrong()
    return data


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _take_text(data: bytes) -> tuple[bytes, bytes]:
    size = int.from_bytes(data[:2], "big")
    text = data[2 : 2 + size]
    if len(data) < 2 or len(text) != size:  # noqa: PLR2004 - the 16-bit length
        raise _wrong()
    return text, data[2 + size :]


def _message(claims: ViewerClaims, key_id: str) -> bytes:
    _check(claims)
    texts = {
        _Field.KIND: claims.kind.encode(),
        _Field.SUBJECT: claims.subject.encode(),
        _Field.EXPIRES: str(claims.expires_at_s).encode(),
        _Field.NONCE: claims.nonce,
        _Field.VIEWER: claims.viewer.encode(),
        _Field.ADDRESS: claims.address.encode(),
        _Field.REFERRER: "\n".join(claims.referrers).encode(),
        _Field.MAX_SESSIONS: str(claims.max_sessions or "").encode(),
        _Field.WATERMARK: claims.watermark.encode(),
        _Field.ISSUED: str(claims.issued_at_ms).encode(),
        _Field.VIEW: claims.view.encode(),
    }
    fields = (bytes((number,)) + _text(text) for number, text in sorted(texts.items()) if text)
    return bytes((_VERSION,)) + _text(key_id.encode("latin-1")) + b"".join(fields)


def _check(claims: ViewerClaims) -> None:
    """Raise `ValueError` for claims that could not be read back as they are."""
    if claims.kind not in _KINDS or not claims.subject:
        raise ValueError("A viewer token is for one stream or asset.")
    integers = (claims.expires_at_s - 1, claims.issued_at_ms - 1, claims.max_sessions)
    if not all(0 <= integer < _MAX_INTEGER for integer in integers):
        raise ValueError("Times and session limit are positive 64-bit integers.")
    if len(claims.nonce) != NONCE_BYTES:
        raise ValueError(f"A nonce has {NONCE_BYTES} bytes.")
    if any(not host or "\n" in host for host in claims.referrers):
        raise ValueError("A referrer is the name of a host.")


def _claims(data: bytes) -> ViewerClaims:
    texts: dict[int, bytes] = {}
    while data:
        number = data[0]
        text, data = _take_text(data[1:])
        texts[number] = text
    try:
        said = {_Field(number): text for number, text in texts.items()}
        kind = next(kind for kind in _KINDS if kind.encode() == said[_Field.KIND])
        referrers = said.get(_Field.REFERRER, b"").decode()
        return ViewerClaims(
            kind=kind,
            subject=said[_Field.SUBJECT].decode(),
            expires_at_s=int(said[_Field.EXPIRES]),
            issued_at_ms=int(said[_Field.ISSUED]),
            nonce=said[_Field.NONCE],
            viewer=said.get(_Field.VIEWER, b"").decode(),
            address=said.get(_Field.ADDRESS, b"").decode(),
            referrers=tuple(referrers.split("\n")) if referrers else (),
            max_sessions=int(said.get(_Field.MAX_SESSIONS, b"0")),
            watermark=said.get(_Field.WATERMARK, b"").decode(),
            view=said.get(_Field.VIEW, b"").decode(),
        )
    except (KeyError, ValueError, StopIteration):
        raise _wrong() from None
