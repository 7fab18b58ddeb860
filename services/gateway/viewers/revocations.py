"""What has been revoked, and whether it covers a token."""

from libs.events import RevocationScope
from libs.signing import ViewerClaims


class Revocations:
    """In memory; the catalog has them all. Times are Unix milliseconds and seconds."""

    def __init__(self) -> None:
        self._before_ms: dict[tuple[str, RevocationScope, str], tuple[int, float]] = {}
        """By stream, scope and whom: up to when tokens are void, and until when that matters."""

    def __len__(self) -> int:
        return len(self._before_ms)

    def add(
        self,
        stream: str,
        scope: RevocationScope,
        whom: str,
        *,
        before_ms: int,
        expires_at_s: float,
    ) -> bool:
        """Whether it is new."""
        key = (stream, scope, whom)
        known_ms, known_s = self._before_ms.get(key, (-1, 0.0))
        if known_ms >= before_ms:
            return False
        self._before_ms[key] = (before_ms, max(expires_at_s, known_s))
        return True

    def covers(self, claims: ViewerClaims) -> bool:
        stream = claims.subject
        keys: list[tuple[str, RevocationScope, str]] = [
            (stream, "token", claims.token_id),
            (stream, "stream", ""),
        ]
        if claims.viewer:
            keys.append((stream, "viewer", claims.viewer))
        return any(
            claims.issued_at_ms <= self._before_ms[key][0] for key in keys if key in self._before_ms
        )

    def purge(self, now: float) -> None:
        """Forget what no token can need any more."""
        gone = [key for key, (_, expires_at_s) in self._before_ms.items() if expires_at_s < now]
        for key in gone:
            del self._before_ms[key]
