"""What is answered of users, console sessions, API keys, and of what they did."""

from libs.events import (
    APIKey,
    APIKeys,
    AuditPage,
    AuditRecorded,
    ConsoleSession,
    ConsoleSessions,
    CreateAPIKey,
    CreateUser,
    DeleteUser,
    EndConsoleSessions,
    FindAPIKey,
    FindConsoleSession,
    FindLogin,
    FoundAPIKey,
    FoundSession,
    GetUser,
    ListAPIKeys,
    ListAudit,
    ListConsoleSessions,
    ListUsers,
    Login,
    NoteAccess,
    NoteRehash,
    Nothing,
    OpenConsoleSession,
    RevokeAPIKey,
    UpdateUser,
    User,
    Users,
)
from services.catalog import api_keys, audit, console_sessions, quotas, users
from services.catalog.clock import Clock
from services.catalog.database import Database


class AccessAnswers:
    """One transaction an ask; errors are those of the asks' own words, and `DatabaseDown`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # --- users --------------------------------------------------------------------------

    async def find_login(self, ask: FindLogin) -> Login:
        async with self._database.transaction(read_only=True) as tx:
            return await users.find_login(tx, ask)

    async def create_user(self, ask: CreateUser) -> User:
        async with quotas.told(self._database, self._clock) as tx:
            return await users.create(tx, ask, now=self._clock())

    async def get_user(self, ask: GetUser) -> User:
        async with self._database.transaction(read_only=True) as tx:
            return await users.get(tx, ask)

    async def list_users(self, ask: ListUsers) -> Users:
        async with self._database.transaction(read_only=True) as tx:
            return await users.list_page(tx, ask)

    async def update_user(self, ask: UpdateUser) -> User:
        async with self._database.transaction() as tx:
            return await users.update_user(tx, ask, now=self._clock())

    async def note_rehash(self, ask: NoteRehash) -> Nothing:
        async with self._database.transaction() as tx:
            await users.note_rehash(tx, ask)
        return Nothing()

    async def delete_user(self, ask: DeleteUser) -> Nothing:
        async with self._database.transaction() as tx:
            await users.delete_user(tx, ask, now=self._clock())
        return Nothing()

    # --- console sessions ---------------------------------------------------------------

    async def open_session(self, ask: OpenConsoleSession) -> ConsoleSession:
        async with self._database.transaction() as tx:
            return await console_sessions.open_one(tx, ask, now=self._clock())

    async def find_session(self, ask: FindConsoleSession) -> FoundSession:
        async with self._database.transaction(read_only=True) as tx:
            return await console_sessions.find(tx, ask, now=self._clock())

    async def list_sessions(self, ask: ListConsoleSessions) -> ConsoleSessions:
        async with self._database.transaction(read_only=True) as tx:
            return await console_sessions.list_of(tx, ask, now=self._clock())

    async def end_sessions(self, ask: EndConsoleSessions) -> Nothing:
        async with self._database.transaction() as tx:
            await console_sessions.end(tx, ask, now=self._clock())
        return Nothing()

    # --- API keys -----------------------------------------------------------------------

    async def create_key(self, ask: CreateAPIKey) -> APIKey:
        async with quotas.told(self._database, self._clock) as tx:
            return await api_keys.create(tx, ask, now=self._clock())

    async def find_key(self, ask: FindAPIKey) -> FoundAPIKey:
        async with self._database.transaction(read_only=True) as tx:
            return await api_keys.find(tx, ask, now=self._clock())

    async def list_keys(self, ask: ListAPIKeys) -> APIKeys:
        async with self._database.transaction(read_only=True) as tx:
            return await api_keys.list_page(tx, ask)

    async def revoke_key(self, ask: RevokeAPIKey) -> Nothing:
        async with self._database.transaction() as tx:
            await api_keys.revoke(tx, ask, now=self._clock())
        return Nothing()

    async def note_access(self, ask: NoteAccess) -> Nothing:
        async with self._database.transaction() as tx:
            await console_sessions.note_used(tx, ask.sessions)
            await api_keys.note_used(tx, ask.api_keys)
        return Nothing()

    # --- audit log ----------------------------------------------------------------------

    async def record(self, *facts: AuditRecorded) -> None:
        async with self._database.transaction() as tx:
            await audit.record(tx, facts)

    async def list_audit(self, ask: ListAudit) -> AuditPage:
        async with self._database.transaction(read_only=True) as tx:
            return await audit.list_page(tx, ask)
