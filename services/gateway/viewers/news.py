"""What the gateway hears and says on the bus about viewers."""

import asyncio
import contextlib

import structlog

from libs.bus import Bus
from libs.errors import WeirError
from libs.events import (
    AdmitPlayer,
    AudienceAsked,
    AudienceChanged,
    Envelope,
    ListRevocations,
    ListTenants,
    ListViewerKeys,
    ListViewers,
    MetadataPut,
    PlayersChanged,
    StreamChanged,
    TenantChanged,
    ViewerKeysRotated,
    ViewerKicked,
    ViewerPage,
    ViewersRevoked,
)
from libs.names import DEFAULT_TENANT
from services.gateway.viewers.viewing import Viewing
from services.gateway.watch.noticeboard import Noticeboard

REFRESH_S = 15.0
"""How often keys and revocations are read again: a fact that was missed is made good by then."""
RETRY_S = 1.0
SWEEP_S = 0.5
IDLE_SWEEP_S = 5.0
"""While there is nobody who could leave without a word."""
ASK_AGAIN_S = 1.0
"""A gateway that is missed is asked for the whole once in this time."""

log = structlog.get_logger()


class ViewerNews:
    """Registers its handlers at once; `run`, `sweep` go on."""

    def __init__(
        self, bus: Bus, viewing: Viewing, noticeboard: Noticeboard, *, gateway: str
    ) -> None:
        self._bus = bus
        self._viewing = viewing
        self._noticeboard = noticeboard
        self._gateway = gateway
        self._woken = asyncio.Event()
        self._asked_at = -ASK_AGAIN_S
        self._asked = 0
        self.complete = asyncio.Event()
        """Set once keys and revocations are known."""
        bus.watch_fact(StreamChanged)(self._on_changed)
        bus.watch_fact(TenantChanged)(self._on_tenant)
        bus.watch_fact(ViewersRevoked)(self._on_revoked)
        bus.watch_fact(ViewerKeysRotated)(self._on_rotated)
        bus.watch_fact(ViewerKicked)(self._on_kicked)
        bus.watch_fact(MetadataPut)(self._on_metadata)
        bus.watch_fact(AudienceChanged)(self._on_audience)
        bus.watch_fact(AudienceAsked)(self._on_asked)
        bus.watch_fact(PlayersChanged)(self._on_players)
        bus.on_ask_all(ListViewers)(self._list)
        bus.on_ask(AdmitPlayer)(viewing.admit_player)
        bus.on_reconnect(self._on_reconnect)

    async def run(self) -> None:
        """Read keys and revocations again and again; while nobody answers, keep the last."""
        while True:
            self._woken.clear()
            pause_s = REFRESH_S
            try:
                await self._refresh()
            except WeirError as error:
                log.info("viewers.stale", reason=str(error))
                pause_s = RETRY_S
            try:
                async with asyncio.timeout(pause_s):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def sweep(self) -> None:
        """Notice who has left without a word."""
        while True:
            self._viewing.sweep()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(IDLE_SWEEP_S):
                    await self._viewing.attended.wait()
            await asyncio.sleep(SWEEP_S)

    async def _refresh(self) -> None:
        # They are the installation's: a stream's id is one tenant's, and so is its token.
        keys = await self._bus.ask(ListViewerKeys(tenant=DEFAULT_TENANT))
        self._viewing.keys_learnt(keys)
        after: int | None = 0
        while after is not None:
            page = await self._bus.ask(ListRevocations(after=after))
            for each in page.revocations:
                self._viewing.revoke(
                    each.stream,
                    each.scope,
                    each.whom,
                    before=each.before,
                    expires_at=each.expires_at,
                )
            after = page.next_after
        await self._refresh_limits()
        self.complete.set()

    async def _refresh_limits(self) -> None:
        """And whose the streams are that are watched through other gateways alone."""
        viewing = self._viewing
        after: str | None = None
        while True:
            page = await self._bus.ask(ListTenants(after=after))
            viewing.limits.learn_all(page.tenants)
            after = page.next_after
            if after is None:
                break
        if viewing.limits:
            for stream in viewing.watched():
                if viewing.policies.tenant(stream) is None:
                    await self._find(stream)

    async def _find(self, stream: str) -> None:
        try:
            await self._viewing.policies.find(stream)
        except WeirError as error:
            if error.retry:
                raise
            log.info("viewers.of_nothing", stream=stream, code=error.code)  # it was deleted

    # --- handlers -------------------------------------------------------------------

    async def _on_changed(self, envelope: Envelope[StreamChanged]) -> None:
        fact = envelope.data
        self._viewing.policy_learnt(
            fact.stream,
            fact.view_policy,
            fact.revision,
            fact.tenant,
            is_cdn_allowed=fact.is_cdn_allowed,
        )
        self._noticeboard.hear(fact)

    async def _on_tenant(self, envelope: Envelope[TenantChanged]) -> None:
        self._viewing.limits.learn(envelope.data.tenant, envelope.data.quotas.viewers)

    async def _on_revoked(self, envelope: Envelope[ViewersRevoked]) -> None:
        fact = envelope.data
        self._viewing.revoke(
            fact.stream, fact.scope, fact.whom, before=fact.before, expires_at=fact.expires_at
        )

    async def _on_rotated(self, _: Envelope[ViewerKeysRotated]) -> None:
        self._woken.set()

    async def _on_kicked(self, envelope: Envelope[ViewerKicked]) -> None:
        self._viewing.kick(envelope.data.stream, envelope.data.viewer)

    async def _on_metadata(self, envelope: Envelope[MetadataPut]) -> None:
        self._noticeboard.hear_metadata(envelope.data)

    async def _on_audience(self, envelope: Envelope[AudienceChanged]) -> None:
        loop = asyncio.get_running_loop()
        said, census = envelope.data, self._viewing.census
        if not census.has_heard(said.gateway) and not said.is_last:
            # It is new, or has been away: it does not know of us either.
            self._viewing.bulletin.want_whole()
        if census.hear(said):
            return
        if loop.time() - self._asked_at >= ASK_AGAIN_S:
            self._asked_at = loop.time()
            self._asked += 1
            await self._bus.broadcast(AudienceAsked(gateway=self._gateway, number=self._asked))

    async def _on_asked(self, envelope: Envelope[AudienceAsked]) -> None:
        if envelope.data.gateway != self._gateway:
            self._viewing.bulletin.want_whole()

    async def _on_players(self, envelope: Envelope[PlayersChanged]) -> None:
        self._viewing.players.hear(envelope.data)

    async def _list(self, ask: ListViewers) -> ViewerPage:
        viewers = self._viewing.viewers(ask.stream)[: ask.limit]
        return ViewerPage(gateway=self._gateway, viewers=tuple(viewers))

    async def _on_reconnect(self) -> None:
        self._woken.set()
        self._viewing.bulletin.want_whole()
