"""What each ask is answered with, one transaction an ask."""

from libs.events import (
    CreateStream,
    DeadLetterPage,
    DeleteStream,
    GetStream,
    JobPage,
    ListDeadLetters,
    ListJobs,
    ListSegments,
    ListSessions,
    ListStreams,
    Nothing,
    OpenPublish,
    PublishGrant,
    SegmentPage,
    SessionPage,
    Stream,
    StreamPage,
    UpdateStream,
)
from services.catalog import dead_letters, jobs, publishing, segments, sessions, streams
from services.catalog.clock import Clock
from services.catalog.database import Database


class Answers:
    """Errors are those of the asks' own words in `libs.events.asks`, and `DatabaseDown`."""

    def __init__(self, database: Database, clock: Clock, *, push_secret: str) -> None:
        self._database = database
        self._clock = clock
        self._push_secret = push_secret

    async def open_publish(self, ask: OpenPublish) -> PublishGrant:
        async with self._database.transaction() as tx:
            return await publishing.open_publish(tx, ask, now=self._clock())

    async def create_stream(self, ask: CreateStream) -> Stream:
        async with self._database.transaction() as tx:
            return await streams.create(tx, ask, secret=self._push_secret, now=self._clock())

    async def update_stream(self, ask: UpdateStream) -> Stream:
        async with self._database.transaction() as tx:
            return await streams.update(tx, ask, now=self._clock())

    async def get_stream(self, ask: GetStream) -> Stream:
        async with self._database.transaction(read_only=True) as tx:
            return await streams.get(tx, ask.tenant, ask.id)

    async def delete_stream(self, ask: DeleteStream) -> Nothing:
        async with self._database.transaction() as tx:
            await streams.delete(tx, ask.tenant, ask.id)
        return Nothing()

    async def list_streams(self, ask: ListStreams) -> StreamPage:
        async with self._database.transaction(read_only=True) as tx:
            return await streams.list_page(tx, ask)

    async def list_sessions(self, ask: ListSessions) -> SessionPage:
        async with self._database.transaction(read_only=True) as tx:
            return await sessions.list_page(tx, ask)

    async def list_segments(self, ask: ListSegments) -> SegmentPage:
        async with self._database.transaction(read_only=True) as tx:
            return await segments.list_page(tx, ask)

    async def list_jobs(self, ask: ListJobs) -> JobPage:
        async with self._database.transaction(read_only=True) as tx:
            return await jobs.list_page(tx, ask)

    async def list_dead_letters(self, ask: ListDeadLetters) -> DeadLetterPage:
        async with self._database.transaction(read_only=True) as tx:
            return await dead_letters.list_page(tx, ask)
