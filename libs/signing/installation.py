"""Which Weir it is: a mark by which an installation knows its own relays, and no other's."""

import hashlib
import hmac

_PURPOSE = b"weir installation mark"


def installation_mark(internal_token: str) -> str:
    """32 hex digits. Other servers see it, and learn nothing of the token that it is made of."""
    return hmac.new(internal_token.encode(), _PURPOSE, hashlib.sha256).hexdigest()[:32]


def is_own_mark(mark: str, internal_token: str) -> bool:
    """Whether a relay that shows `mark` is this very Weir's."""
    return hmac.compare_digest(mark.encode(), installation_mark(internal_token).encode())
