"""The gateway's way to the segment log: rows, sessions, renditions, as the catalog has them."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Protocol, TypeVar

from libs.events import (
    Answer,
    Ask,
    Gap,
    GetSession,
    ListRenditions,
    ListSegments,
    ListWindow,
    LoggedRendition,
    Segment,
    Session,
)

Answered = TypeVar("Answered", bound=Answer)


class Catalog(Protocol):
    async def ask(self, ask: Ask[Answered]) -> Answered: ...


class Log:
    """Raises what the catalog answers: `session_unknown`, and that it is away."""

    def __init__(self, catalog: Catalog, tenant: str) -> None:
        self._catalog = catalog
        self._tenant = tenant

    async def session(self, session: str) -> Session:
        return await self._catalog.ask(GetSession(tenant=self._tenant, id=session))

    async def renditions(
        self,
        stream: str,
        *,
        session: str | None = None,
        from_at: datetime | None = None,
        until_at: datetime | None = None,
    ) -> tuple[LoggedRendition, ...]:
        ask = ListRenditions(
            tenant=self._tenant, stream=stream, session=session, from_at=from_at, until_at=until_at
        )
        return (await self._catalog.ask(ask)).renditions

    async def of_session(
        self, session: str, rendition: str, after: int | None
    ) -> AsyncIterator[tuple[tuple[Segment, ...], tuple[Gap, ...]]]:
        """Pages of rows behind MSN `after`, each with the gaps of its interval."""
        while True:
            page = await self._catalog.ask(
                ListSegments(tenant=self._tenant, session=session, rendition=rendition, after=after)
            )
            yield page.segments, page.gaps
            if page.next_after is None:
                return
            after = page.next_after

    async def of_window(
        self, stream: str, rendition: str, from_at: datetime, until_at: datetime
    ) -> list[Segment]:
        """All rows that start within the window, in order."""
        found: list[Segment] = []
        after: str | None = None
        while True:
            ask = ListWindow(
                tenant=self._tenant,
                stream=stream,
                rendition=rendition,
                from_at=from_at,
                until_at=until_at,
                after=after,
            )
            page = await self._catalog.ask(ask)
            found += page.segments
            if page.next_after is None:
                return found
            after = page.next_after
