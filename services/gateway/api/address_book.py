"""Each tenant's addresses, kept for seconds: they stand in every answer about a stream, and domains
are changed once a year.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from libs.bus import Bus
from libs.events import DomainsChanged, Envelope, ListDomains
from services.gateway.access.callers import Catalog
from services.gateway.api.addresses import Addresses, pick
from services.gateway.settings import GatewaySettings

FRESH_S = 10.0
"""How long it is not asked again; a change is heard of within that, even if its fact was missed."""
KEPT = 1000
"""Tenants that are remembered."""


class _Known(NamedTuple):
    addresses: Addresses
    ask_again_at: float


class AddressBook:
    def __init__(
        self,
        catalog: Catalog,
        settings: GatewaySettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._catalog = catalog
        self._settings = settings
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._changes = 0

    def listen(self, bus: Bus) -> None:
        """Hear of changes that other gateways were asked for."""
        bus.watch_fact(DomainsChanged)(self._on_changed)

    async def of(self, tenant: str) -> Addresses:
        """Raises what the catalog raises."""
        known = self._known.get(tenant)
        if known is not None and self._clock() < known.ask_again_at:
            return known.addresses
        asked_at, changes = self._clock(), self._changes
        found = pick(self._settings, await self._catalog.ask(ListDomains(tenant=tenant)))
        # What was under way may have been answered before a change, and is not kept.
        if changes == self._changes:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[tenant] = _Known(found, asked_at + FRESH_S)
        return found

    async def pull_of(self, tenant: str) -> str:
        """`scheme://host[:port]` of watch links."""
        return (await self.of(tenant)).pull

    def changed(self, tenant: str) -> None:
        self._changes += 1
        self._known.pop(tenant, None)

    async def _on_changed(self, envelope: Envelope[DomainsChanged]) -> None:
        self.changed(envelope.data.tenant)
