"""Who may watch which stream, as far as this gateway has heard."""

from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol

from libs.events import ViewPolicy
from services.gateway.playback.flights import Flights

KEPT = 100_000


class Watched(Protocol):
    """What is played under a stream's id."""

    @property
    def tenant(self) -> str: ...
    @property
    def view_policy(self) -> ViewPolicy: ...
    @property
    def is_cdn_allowed(self) -> bool: ...
    @property
    def revision(self) -> int: ...


class _Known(NamedTuple):
    policy: ViewPolicy
    revision: int
    tenant: str
    is_cdn_allowed: bool


class Policies:
    """`find` asks the catalog for what is not known; nobody is let in on a guess."""

    def __init__(self, ask: Callable[[str], Coroutine[Any, Any, Watched]]) -> None:
        self._ask = ask
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._flights: Flights[ViewPolicy] = Flights()

    def get(self, stream: str) -> ViewPolicy | None:
        """None: not known."""
        known = self._known.get(stream)
        return known.policy if known is not None else None

    def tenant(self, stream: str) -> str | None:
        """Whose it is; None: not known."""
        known = self._known.get(stream)
        return known.tenant if known is not None else None

    def is_cdn_allowed(self, stream: str) -> bool:
        """Whether a CDN that has checked a signature may have it; not, if it is not known."""
        known = self._known.get(stream)
        return known is not None and (known.is_cdn_allowed or known.policy == "public")

    def learn(
        self,
        stream: str,
        policy: ViewPolicy,
        revision: int,
        tenant: str,
        *,
        is_cdn_allowed: bool = False,
    ) -> bool:
        """Whether it changes what was known; older news than that does not."""
        known = self._known.get(stream)
        if known is not None and known.revision >= revision:
            return False
        self._known[stream] = _Known(policy, revision, tenant, is_cdn_allowed)
        self._known.move_to_end(stream)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return known is None or known.policy != policy

    async def find(self, stream: str) -> ViewPolicy:
        """Raises what the catalog answers, or that it does not."""
        return self.get(stream) or await self._flights.fly(stream, lambda: self._fetch(stream))

    async def find_tenant(self, stream: str) -> str:
        """Whose it is. Raises what the catalog answers, or that it does not."""
        known = self.tenant(stream)
        return (await self._ask(stream)).tenant if known is None else known

    async def _fetch(self, stream: str) -> ViewPolicy:
        found = await self._ask(stream)
        self.learn(
            stream,
            found.view_policy,
            found.revision,
            found.tenant,
            is_cdn_allowed=found.is_cdn_allowed,
        )
        return self.get(stream) or found.view_policy
