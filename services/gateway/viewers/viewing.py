"""All that a gateway knows of who may watch and who watches, and what operators do about it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.events import (
    AdmitPlayer,
    AudienceChanged,
    PlayerAdmitted,
    RevocationScope,
    Viewer,
    ViewerKeys,
    ViewerKind,
    ViewPolicy,
)
from services.gateway import metrics
from services.gateway.cdn.origin_secrets import OriginSecrets
from services.gateway.errors import PlayerRefused
from services.gateway.viewers.attendance import Attendance, Session
from services.gateway.viewers.bulletin import Bulletin
from services.gateway.viewers.census import Census
from services.gateway.viewers.gate import ANYBODY, WORDS, Gate
from services.gateway.viewers.grant import Grant, Refusal
from services.gateway.viewers.keys import Keys
from services.gateway.viewers.players import Players
from services.gateway.viewers.policies import Policies, Watched
from services.gateway.viewers.revocations import Revocations
from services.gateway.viewers.roster import Member, Roster
from services.gateway.viewers.scopes import ListRuns, Scopes
from services.gateway.viewers.tenants import TenantLimits
from services.gateway.viewers.tokens import Tokens
from services.gateway.viewers.visit import Visit


@dataclass(frozen=True)
class Outside:
    """What viewing asks of others."""

    gateway: str
    """Name of this gateway."""
    find_stream: Callable[[str], Coroutine[Any, Any, Watched]]
    list_runs: ListRuns
    say: Callable[[AudienceChanged], Awaitable[None]]
    target_s: Callable[[str], float]
    """Target duration of a stream."""


class Viewing:
    def __init__(self, outside: Outside, cdn: OriginSecrets | None = None) -> None:
        self._gateway = outside.gateway
        self.policies = Policies(outside.find_stream)
        self.keys = Keys()
        self.revocations = Revocations()
        self.tokens = Tokens(self.keys, self.revocations)
        self.gate = Gate(self.policies, self.tokens, Scopes(outside.list_runs), cdn=cdn)
        self.census = Census(outside.gateway)
        self.bulletin = Bulletin(outside.gateway, self.census, outside.say)
        self.players = Players()
        self.limits = TenantLimits()
        self.roster = Roster(on_change=self._on_flv)
        self.attendance = Attendance(
            target_s=outside.target_s, on_join=self._on_join, on_leave=self._on_leave
        )
        self.attended = asyncio.Event()
        """Set while there is who may leave without a word, a player or a gateway."""

    # --- what has been heard --------------------------------------------------------

    def policy_learnt(
        self,
        stream: str,
        policy: ViewPolicy,
        revision: int,
        tenant: str,
        *,
        is_cdn_allowed: bool = False,
    ) -> None:
        """Cut off who may watch no more."""
        is_changed = self.policies.learn(
            stream, policy, revision, tenant, is_cdn_allowed=is_cdn_allowed
        )
        if is_changed and policy == "signed":
            self._end_where(stream, lambda grant: grant is ANYBODY)

    def keys_learnt(self, answer: ViewerKeys) -> None:
        if self.keys.learn(answer):
            self.tokens.forget()

    def revoke(
        self,
        stream: str,
        scope: RevocationScope,
        whom: str,
        *,
        before: datetime,
        expires_at: datetime,
    ) -> None:
        """Refuse the tokens from now on, and cut off who watches with them."""
        before_ms = int(before.timestamp() * 1000)
        is_new = self.revocations.add(
            stream, scope, whom, before_ms=before_ms, expires_at_s=expires_at.timestamp()
        )
        if is_new:
            self.tokens.mark_revoked()
            self._end_where(stream, lambda grant: self.revocations.covers(grant.claims))

    def kick(self, stream: str, viewer: str) -> None:
        self.attendance.kick(stream, viewer)
        self.roster.kick(stream, viewer)

    def _end_where(self, stream: str, is_over: Callable[[Grant], bool]) -> None:
        def ends(player: Session | Member) -> bool:
            return player.stream == stream and is_over(player.grant)

        self.attendance.end_where(ends)
        self.roster.cut_where(ends)

    # --- who watches ----------------------------------------------------------------

    def viewers(self, stream: str) -> list[Viewer]:
        """Those who watch through this gateway, oldest first."""
        found = [self._viewer(each, each.kind) for each in self.attendance.of(stream)]
        found += [self._viewer(each, "flv") for each in self.roster.of(stream)]
        return sorted(found, key=lambda viewer: viewer.since)

    def count(self, stream: str) -> int:
        """How many watch it, on all gateways."""
        return self.census.counts(stream).total + self.players.count(stream)

    def why_full(self, stream: str, grant: Grant) -> Refusal | None:
        """Why nobody else may watch now, if so."""
        if self._is_used_up(grant):
            return Refusal.LIMIT
        tenant = self.policies.tenant(stream) if self.limits else None
        limit = self.limits.of(tenant) if tenant is not None else None
        if tenant is None or limit is None:
            return None
        return Refusal.QUOTA if self.count_of_tenant(tenant) >= limit else None

    def count_of_tenant(self, tenant: str) -> int:
        """How many watch what is a tenant's, on all gateways."""
        its = (each for each in self.watched() if self.policies.tenant(each) == tenant)
        return sum(map(self.count, its))

    def watched(self) -> set[str]:
        """The streams that anybody watches, on any gateway."""
        return self.census.streams | self.players.streams

    def _is_used_up(self, grant: Grant) -> bool:
        """Whether as many players as the token allows watch with it already."""
        if not grant.limit:
            return False
        token_id = grant.token_id
        players = self.census.players_of_token(token_id) + self.players.count_of_token(token_id)
        return players >= grant.limit

    async def admit_player(self, ask: AdmitPlayer) -> PlayerAdmitted:
        """An RTMP player, for its ingest. Raises `PlayerRefused`, or what the catalog answers."""
        await self.policies.find(ask.stream)
        visit = Visit(query=b"token=" + ask.token.encode(), address=ask.address)
        found = self.gate.find(ask.stream, visit)
        if isinstance(found, Grant):
            found = self.why_full(ask.stream, found) or found
        if not isinstance(found, Grant):
            reason = found or Refusal.MISSING
            metrics.REFUSALS.labels(reason.value).inc()
            raise PlayerRefused(WORDS[reason])
        return PlayerAdmitted(
            token_id=found.token_id,
            viewer=found.claims.viewer,
            issued_at_ms=found.claims.issued_at_ms,
            has_limit=bool(found.limit),
        )

    def sweep(self) -> None:
        self.attendance.sweep()
        self.census.drop_silent()
        self.players.drop_silent()
        self.revocations.purge(time.time())
        if self.attendance or self.players or self.census.gateways > 1:
            self.attended.set()
        else:
            self.attended.clear()

    def _viewer(self, player: Session | Member, kind: ViewerKind) -> Viewer:
        return Viewer(
            id=player.id,
            stream=player.stream,
            kind=kind,
            gateway=self._gateway,
            since=player.since,
            address=player.address,
            viewer=player.grant.claims.viewer,
            token_id=player.grant.token_id,
        )

    def _on_join(self, session: Session) -> None:
        metrics.VIEWERS.labels(session.kind).inc()
        self.attended.set()
        self.bulletin.joined(session)

    def _on_leave(self, session: Session) -> None:
        metrics.VIEWERS.labels(session.kind).dec()
        self.bulletin.left(session)

    def _on_flv(self, member: Member) -> None:
        self.bulletin.flv_changed(self.roster, member)
