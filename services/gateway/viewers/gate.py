"""The gate: may this request have media of this stream?"""

import time
from collections.abc import Callable
from typing import Final

from libs.signing import ViewerClaims
from services.gateway import metrics
from services.gateway.cdn.origin_secrets import OriginSecrets
from services.gateway.playback.reply import Reply, text
from services.gateway.playback.routes import MediaRoute
from services.gateway.viewers.doors import is_cdn_door, is_marked_door
from services.gateway.viewers.grant import Grant, Refusal
from services.gateway.viewers.policies import Policies
from services.gateway.viewers.scopes import Scopes
from services.gateway.viewers.tokens import Tokens
from services.gateway.viewers.visit import Visit

WORDS = {
    Refusal.MISSING: "This stream is watched with a signed link; ask for one.",
    Refusal.WRONG: "The viewer token is not one of ours; use the link as it was given.",
    Refusal.EXPIRED: "The viewer token has expired; ask for a new link.",
    Refusal.REVOKED: "The viewer token has been revoked; ask for a new link.",
    Refusal.ELSEWHERE: "The viewer token is for another stream.",
    Refusal.BEYOND: "The link is for another time of this stream; ask for one to what you want.",
    Refusal.ADDRESS: "The viewer token is for another address.",
    Refusal.REFERRER: "The viewer token may not be used on this page.",
    Refusal.LIMIT: "As many players as this link allows are watching already.",
    Refusal.QUOTA: "As many watch as this broadcaster may have at once; try again later.",
    Refusal.KICKED: "An operator ended this; open the link again to watch.",
    Refusal.CDN: "This stream is not let through a CDN; ask for a link to Weir itself.",
    Refusal.CDN_UNKNOWN: "The CDN's X-Weir-CDN is none of WEIR_CDN_ORIGIN_SECRETS.",
    Refusal.MARKED: "This link's pictures carry a mark, which is in HLS alone; open live.m3u8.",
}
REFUSALS = {
    reason: text(403, words, b"x-weir-reason: %b\r\n" % reason.encode())
    for reason, words in WORDS.items()
}
_OF_STREAMS = ("stream", "playback")
NOBODY = ViewerClaims(subject="-", expires_at_s=1, issued_at_ms=1, nonce=bytes(8))
ANYBODY: Final = Grant(NOBODY)
"""What a public stream grants to whoever shows no token."""
CDN: Final = Grant(NOBODY)
"""What is granted to a CDN, for all of whom it has asked for a signature."""
ANYBODY.token_id = CDN.token_id = ""


def refuse(reason: Refusal) -> Reply:
    metrics.REFUSALS.labels(reason.value).inc()
    return REFUSALS[reason]


class Gate:
    def __init__(
        self,
        policies: Policies,
        tokens: Tokens,
        scopes: Scopes,
        *,
        cdn: OriginSecrets | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._policies = policies
        self._tokens = tokens
        self._scopes = scopes
        self._cdn = cdn or OriginSecrets()
        self._clock = clock

    def check(
        self, stream: str, visit: Visit, route: MediaRoute | None = None
    ) -> Grant | Reply | None:
        """What is granted, or the refusal; None if that has to be asked for (`learn`).

        Without a route it is all of the stream that is asked for.
        """
        found = self.find(stream, visit, route)
        return refuse(found) if isinstance(found, Refusal) else found

    def find(
        self, stream: str, visit: Visit, route: MediaRoute | None = None
    ) -> Grant | Refusal | None:
        """The same, for who is not answered over HTTP."""
        if visit.asked.cdn_secret is not None and is_cdn_door(route):
            by_cdn = self._find_for_cdn(stream, visit)
            if by_cdn is not None:
                return by_cdn
        found = self._find(stream, visit)
        if isinstance(found, Grant) and found.mark is not None and not is_marked_door(route):
            return Refusal.MARKED
        if not isinstance(found, Grant) or not found.claims.view:
            return found
        is_covered = self._scopes.covers(stream, found.claims.view, route)
        if is_covered is None:
            return None
        return found if is_covered else Refusal.BEYOND

    async def learn(self, stream: str, visit: Visit) -> None:
        """Ask for what `check` did not know. Raises what the catalog answers."""
        await self._policies.find(stream)
        found = self._find(stream, visit)
        if isinstance(found, Grant) and found.claims.view:
            await self._scopes.find(stream, found.claims.view)

    def _find_for_cdn(self, stream: str, visit: Visit) -> Grant | Refusal | None:
        """None: it is judged as any other request.

        So is one that says who asks: the CDN checks the signature of a stream's own folder, and may
        pass on what begins with `/~` as it comes.
        """
        policy = self._policies.get(stream)
        if policy is None or not self._cdn or visit.personal or visit.query_token:
            return None
        if self._cdn.have(visit.asked.cdn_secret):
            return CDN if self._policies.is_cdn_allowed(stream) else Refusal.CDN
        return None if policy == "public" else Refusal.CDN_UNKNOWN

    def _find(self, stream: str, visit: Visit) -> Grant | Refusal | None:
        policy = self._policies.get(stream)
        if policy is None:
            return None
        if policy == "public" and not visit.personal and not visit.query:
            return ANYBODY
        token = visit.token or visit.query_token
        if policy == "public":
            found = self._judge(token, stream, visit) if token else ANYBODY
            if isinstance(found, Refusal) and self._is_of_playback(token):
                return found
            # Anybody may watch; a token that does not hold only says nothing about who it is.
            return found if isinstance(found, Grant) else ANYBODY
        return self._judge(token or visit.cookie_token, stream, visit)

    def _judge(self, token: str, stream: str, visit: Visit) -> Grant | Refusal:
        grant = self._tokens.read(token) if token else None
        if grant is None:
            return Refusal.WRONG if token else Refusal.MISSING
        return self._why_not(grant, stream, visit) or grant

    def _is_of_playback(self, token: str) -> bool:
        grant = self._tokens.read(token)
        return grant is not None and grant.claims.kind == "playback"

    def _why_not(self, grant: Grant, stream: str, visit: Visit) -> Refusal | None:
        """What says most to whoever is refused comes first."""
        claims = grant.claims
        reason = None
        if claims.expires_at_s < self._clock():
            reason = Refusal.EXPIRED
        elif grant.is_revoked:
            reason = Refusal.REVOKED
        elif claims.subject != stream or claims.kind not in _OF_STREAMS:
            reason = Refusal.ELSEWHERE
        elif grant.has_address and not grant.admits_address(visit.address):
            reason = Refusal.ADDRESS
        elif grant.has_referrers and not grant.admits_referrer(visit.referrer):
            reason = Refusal.REFERRER
        return reason
