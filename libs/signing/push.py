"""The push signature: `rtmp://host/stream/<id>?sign=<exp>-<md5>`.

    md5 = md5hex("/stream/" + id + "-" + exp + "-" + secret)

Published clients and encoders make it this way, so the construction (MD5, secret last) is
given. A stream id holds no "/" and `exp` only digits, so two streams never share a message
by accident; MD5's collisions do not help without the secret.

    Unauthorized
    ├── PushSignatureMissing   no signature at all
    ├── PushSignatureExpired   right, but its time has passed
    └── PushSignatureWrong     malformed, or made for another stream, expiry or secret
"""

import hashlib
import hmac
import re

from libs.errors import Unauthorized

MAX_EXPIRY_S = 2**63 - 1
"""Expiries are Unix seconds in a signed 64-bit integer; they outlive 2038."""

# At most 19 digits fit 63 bits; no sign, no leading zero, so that one expiry has one spelling.
_SIGN = re.compile(r"(0|[1-9][0-9]{0,18})-([0-9a-f]{32})", re.ASCII)


class PushSignatureMissing(Unauthorized):
    code = "push_signature_missing"


class PushSignatureExpired(Unauthorized):
    code = "push_signature_expired"


class PushSignatureWrong(Unauthorized):
    code = "push_signature_wrong"


def sign_push(stream_id: str, exp: int, secret: str) -> str:
    """The push key of a stream, valid up to and including the Unix second `exp`."""
    if not 0 <= exp <= MAX_EXPIRY_S:
        raise ValueError(f"A push key's expiry is 0 to {MAX_EXPIRY_S}, not {exp}.")
    return f"{exp}-{_digest(stream_id, exp, secret)}"


def verify_push(stream_id: str, sign: str | None, secret: str, now: float) -> None:
    """Return if `sign` lets its bearer push to `stream_id` at `now` (Unix seconds).

    Raises `PushSignatureMissing`, `PushSignatureWrong` or `PushSignatureExpired`. The digest is
    compared before the clock, so that only the holder of a right signature learns it is old.
    """
    if not sign:
        raise PushSignatureMissing("Add ?sign=<key> to the stream name; the key is shown with it.")
    parsed = _SIGN.fullmatch(sign)
    if parsed is None or int(parsed[1]) > MAX_EXPIRY_S:
        raise PushSignatureWrong("The push signature is not of the form <expiry>-<md5>.")
    exp = int(parsed[1])
    if not hmac.compare_digest(_digest(stream_id, exp, secret), parsed[2]):
        raise PushSignatureWrong("The push signature does not belong to this stream and expiry.")
    if exp < now:
        raise PushSignatureExpired("The push signature has expired; extend the stream's outdate.")


def _digest(stream_id: str, exp: int, secret: str) -> str:
    message = f"/stream/{stream_id}-{exp}-{secret}"
    return hashlib.md5(message.encode(), usedforsecurity=False).hexdigest()
