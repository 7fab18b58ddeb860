"""Holders: does an ingest still hold the session that the catalog believes it holds?

Asked only when a publisher would be turned away for that session's sake.
"""

import asyncio
from collections.abc import Awaitable, Callable

from libs.errors import Unavailable
from services.catalog.ingests import IngestGone
from services.catalog.models import SessionRow
from services.catalog.reconcile import Ingest, ListHeld, ListIngests

HasLetGo = Callable[[SessionRow], Awaitable[bool]]

PATIENCE_S = 2.0
"""An asker waits 5 s in all."""


class Holders:
    def __init__(self, list_ingests: ListIngests, list_held: ListHeld) -> None:
        self._list_ingests = list_ingests
        self._list_held = list_held

    async def has_let_go(self, session: SessionRow) -> bool:
        """True on proof only: the ingest lists its sessions without this one, nobody listens at
        its address any more, or it neither answers nor is in the registry.
        """
        holder = Ingest(session.ingest, session.origin_url)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return session.id not in await self._list_held(holder)
        except IngestGone:
            return True
        except (TimeoutError, Unavailable):
            return await self._is_unregistered(holder)

    async def _is_unregistered(self, holder: Ingest) -> bool:
        try:
            ingests = await self._list_ingests()
        except Unavailable:
            return False
        return all(ingest.instance != holder.instance for ingest in ingests)
