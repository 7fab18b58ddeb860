"""The gateway's way to the segment log: rows, sessions, renditions, as the catalog has them."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from libs.events import (
    MAX_SESSIONS,
    Answer,
    Ask,
    Caption,
    Gap,
    GetSession,
    GetWatchable,
    ListRenditions,
    ListRuns,
    ListSegments,
    ListSessions,
    ListShownCaptions,
    ListTracks,
    ListWindow,
    LoggedRendition,
    LoggedRun,
    OutlineWindow,
    Segment,
    SegmentOutline,
    Session,
    Track,
)
from libs.names import ITS_TENANT, is_variant_b

Answered = TypeVar("Answered", bound=Answer)


class Catalog(Protocol):
    async def ask(self, ask: Ask[Answered]) -> Answered: ...


class Log:
    """Raises what the catalog answers: `session_unknown`, and that it is away.

    `tenant`: whose it must be; `ITS_TENANT`: whosever it is, for those who were let in.
    """

    def __init__(self, catalog: Catalog, tenant: str) -> None:
        self._catalog = catalog
        self._tenant = tenant

    async def tenant_of(self, stream: str) -> str:
        """Whose the stream is, or what is played under its id. Raises `stream_unknown`."""
        if self._tenant != ITS_TENANT:
            return self._tenant
        ask = GetWatchable(tenant=ITS_TENANT, stream=stream)
        return (await self._catalog.ask(ask)).tenant

    async def session(self, session: str) -> Session:
        return await self._catalog.ask(GetSession(tenant=self._tenant, id=session))

    async def session_at(self, stream: str, at_s: int) -> Session | None:
        """The newest session of the stream that began in this Unix second or before."""
        ask = ListSessions(tenant=self._tenant, stream=stream, after=f"{at_s + 1:08x}", limit=1)
        return next(iter((await self._catalog.ask(ask)).sessions), None)

    async def row(self, session: str, rendition: str, msn: int) -> Segment | None:
        ask = ListSegments(
            tenant=self._tenant, session=session, rendition=rendition, after=msn - 1, limit=1
        )
        found = (await self._catalog.ask(ask)).segments
        return next((each for each in found if each.msn == msn), None)

    async def rows(
        self, session: str, rendition: str, first: int, last: int
    ) -> tuple[Segment, ...]:
        """Those that there are of a few, in order."""
        ask = ListSegments(
            tenant=self._tenant,
            session=session,
            rendition=rendition,
            after=first - 1,
            limit=last - first + 1,
        )
        found = (await self._catalog.ask(ask)).segments
        return tuple(each for each in found if each.msn <= last)

    async def renditions(
        self,
        stream: str,
        *,
        session: str | None = None,
        from_at: datetime | None = None,
        until_at: datetime | None = None,
    ) -> tuple[LoggedRendition, ...]:
        """That players choose from."""
        ask = ListRenditions(
            tenant=self._tenant, stream=stream, session=session, from_at=from_at, until_at=until_at
        )
        found = (await self._catalog.ask(ask)).renditions
        return tuple(each for each in found if not is_variant_b(each.rendition))

    async def captions(self, stream: str, session: str) -> tuple[Caption, ...]:
        """That a session is played with."""
        ask = ListShownCaptions(tenant=self._tenant, stream=stream, session=session)
        return (await self._catalog.ask(ask)).captions

    async def tracks(self, sessions: Iterable[str]) -> dict[str, Track]:
        """The codec configurations of these sessions, by their id."""
        names = sorted(set(sessions))
        found: dict[str, Track] = {}
        for first in range(0, len(names), MAX_SESSIONS):
            some = tuple(names[first : first + MAX_SESSIONS])
            answer = await self._catalog.ask(ListTracks(tenant=self._tenant, sessions=some))
            found |= {track.config_id: track for track in answer.tracks}
        return found

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
        pages = self.pages_of_window(stream, rendition, from_at, until_at)
        return [row async for rows in pages for row in rows]

    async def outline(
        self, stream: str, rendition: str, from_at: datetime, until_at: datetime
    ) -> list[SegmentOutline]:
        """The same, as far as a playlist tells of them."""
        found: list[SegmentOutline] = []
        ask = OutlineWindow(
            tenant=self._tenant,
            stream=stream,
            rendition=rendition,
            from_at=from_at,
            until_at=until_at,
        )
        while True:
            page = await self._catalog.ask(ask)
            found += page.rows
            if page.next_from_at is None:
                return found
            ask = ask.model_copy(update={"from_at": page.next_from_at})

    async def runs(self, stream: str, from_at: datetime, until_at: datetime) -> list[LoggedRun]:
        """What a window shows, without the holes in it."""
        found: list[LoggedRun] = []
        ask = ListRuns(tenant=self._tenant, stream=stream, from_at=from_at, until_at=until_at)
        while True:
            page = await self._catalog.ask(ask)
            found += page.runs
            if page.next_after is None:
                return found
            ask = ask.model_copy(update={"after": page.next_after})

    async def pages_of_window(
        self, stream: str, rendition: str, from_at: datetime, until_at: datetime
    ) -> AsyncIterator[tuple[Segment, ...]]:
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
            yield page.segments
            if page.next_after is None:
                return
            after = page.next_after
