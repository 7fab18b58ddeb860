"""Users, console sessions, API keys and the audit log, as the catalog keeps them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from libs.events import (
    AuditEntry,
    AuditRecorded,
    ConsoleSession,
    CreateAPIKey,
    CreateUser,
    DeleteUser,
    EndConsoleSessions,
    FindAPIKey,
    FindConsoleSession,
    FindLogin,
    GetUser,
    ListAPIKeys,
    ListAudit,
    ListConsoleSessions,
    ListUsers,
    NoteAccess,
    NoteRehash,
    OpenConsoleSession,
    RevokeAPIKey,
    Role,
    UpdateUser,
    User,
)
from libs.names import DEFAULT_TENANT
from services.catalog.access_answers import AccessAnswers
from services.catalog.audit import OldAudit
from services.catalog.console_sessions import MAX_SESSIONS
from services.catalog.errors import (
    APIKeyExists,
    APIKeyUnknown,
    ConsoleSessionUnknown,
    CursorInvalid,
    UserExists,
    UserUnknown,
)
from services.catalog.models import OutboxRow
from tests.integration.catalog.conftest import Catalog

TENANT = DEFAULT_TENANT
LIFETIME_S, IDLE_S = 3600, 600


class Access:
    def __init__(self, catalog: Catalog) -> None:
        self.catalog, self.clock = catalog, catalog.clock
        self.answers = AccessAnswers(catalog.database, catalog.clock)

    async def user(self, name: str = "ann", role: Role = Role.VIEWER) -> User:
        return await self.answers.create_user(
            CreateUser(tenant=TENANT, user_name=name, role=role, password_hash=f"hash of {name}")
        )

    async def open(self, user: User | None, number: int = 1, **more: Any) -> ConsoleSession:
        facts: dict[str, Any] = {"user": None, "lifetime_s": LIFETIME_S, "idle_s": IDLE_S}
        if user is not None:
            facts |= {"user": user.id, "password_hash": f"hash of {user.name}"}
        return await self.answers.open_session(
            OpenConsoleSession(
                **{"tenant": TENANT, "user": None, "digest": digest(number)} | facts | more
            )
        )

    async def is_open(self, number: int = 1) -> bool:
        found = await self.answers.find_session(FindConsoleSession(digest=digest(number)))
        return found.session is not None

    async def key(self, number: int = 1, **more: Any) -> str:
        facts: dict[str, Any] = {"tenant": TENANT, "id": f"{number:012x}", "key_name": "k"}
        facts |= {"digest": digest(number), "permissions": ("streams:read",), "created_by": "ann"}
        return (await self.answers.create_key(CreateAPIKey(**facts | more))).id

    async def has_key(self, number: int = 1) -> bool:
        return (await self.answers.find_key(FindAPIKey(digest=digest(number)))).key is not None

    async def changes(self) -> list[tuple[str, str]]:
        """What gateways are told to forget, in order."""
        async with self.catalog.database.transaction(read_only=True) as tx:
            query = select(OutboxRow).where(OutboxRow.type == "access.changed")
            rows = (await tx.execute(query.order_by(OutboxRow.seq))).scalars()
            return [(row.data["kind"], row.data["id"]) for row in rows]


def digest(number: int) -> str:
    return f"{number:064x}"


def entry(number: int, **more: Any) -> AuditEntry:
    facts: dict[str, Any] = {
        "id": f"{number:04}", "tenant": TENANT, "at": "2031-05-06T07:08:09Z",
        "actor_kind": "user", "actor": "user-1", "actor_name": "ann", "address": "192.0.2.1",
        "method": "POST", "route": "/r", "target": "/t", "status": 201, "outcome": "done",
    }  # fmt: skip
    return AuditEntry.model_validate(facts | more)


@pytest.fixture
def access(catalog: Catalog) -> Access:
    return Access(catalog)


# --- users ----------------------------------------------------------------------------------------


async def test_name_is_taken_once_over_all_tenants_however_many_ask(access: Access) -> None:
    made = await asyncio.gather(*(access.user() for _ in range(4)), return_exceptions=True)
    assert [type(each) for each in made].count(User) == 1
    assert sum(isinstance(each, UserExists) for each in made) == 3


async def test_login_finds_disabled_users_too_and_tells_their_hash(access: Access) -> None:
    user = await access.user()
    change = UpdateUser(tenant=TENANT, user=user.id, is_disabled=True)
    await access.answers.update_user(change)
    found = await access.answers.find_login(FindLogin(user_name="ann"))
    assert (found.user and found.user.is_disabled, found.password_hash) == (True, "hash of ann")
    assert (await access.answers.find_login(FindLogin(user_name="bob"))).user is None


async def test_users_are_listed_by_name_in_pages(access: Access) -> None:
    for name in ("cid", "ann", "bob"):
        await access.user(name)
    first = await access.answers.list_users(ListUsers(tenant=TENANT, limit=2))
    assert [user.name for user in first.users] == ["ann", "bob"]
    rest = await access.answers.list_users(ListUsers(tenant=TENANT, after=first.next_after))
    assert ([user.name for user in rest.users], rest.next_after) == (["cid"], None)


async def test_user_of_another_tenant_is_unknown(access: Access) -> None:
    user = await access.user()
    for refused in (
        access.answers.get_user(GetUser(tenant="acme", user=user.id)),
        access.answers.update_user(UpdateUser(tenant="acme", user=user.id, role=Role.OWNER)),
        access.answers.delete_user(DeleteUser(tenant="acme", user=user.id)),
    ):
        with pytest.raises(UserUnknown):
            await refused
    assert (await access.answers.list_users(ListUsers(tenant="acme"))).users == ()


async def test_rehash_does_not_bring_back_a_password_that_was_changed(access: Access) -> None:
    user = await access.user()
    note = NoteRehash(user=user.id, old_hash="hash of ann", new_hash="stronger")
    await access.answers.note_rehash(note)
    await access.answers.note_rehash(note.model_copy(update={"new_hash": "late"}))
    assert (await access.answers.find_login(FindLogin(user_name="ann"))).password_hash == "stronger"


@pytest.mark.parametrize("change", [{"is_disabled": True}, {"password_hash": "new"}])
async def test_disabling_and_a_new_password_end_sessions_but_the_one_that_is_named(
    access: Access, change: dict[str, Any]
) -> None:
    ann, bob = await access.user(), await access.user("bob")
    kept = await access.open(ann, 1)
    await access.open(ann, 2)
    await access.open(bob, 3)
    ask = UpdateUser(tenant=TENANT, user=ann.id, except_session=kept.id, **change)
    await access.answers.update_user(ask)
    assert [await access.is_open(number) for number in (2, 3)] == [False, True]
    assert await access.is_open(1) is ("password_hash" in change), "nobody disabled is let in"
    assert await access.changes() == [("user", ann.id)]


async def test_role_changes_no_session(access: Access) -> None:
    ann = await access.user()
    await access.open(ann)
    await access.answers.update_user(UpdateUser(tenant=TENANT, user=ann.id, role=Role.OWNER))
    found = await access.answers.find_session(FindConsoleSession(digest=digest(1)))
    assert found.user is not None
    assert found.user.role is Role.OWNER
    assert await access.changes() == [("user", ann.id)]


async def test_deleted_user_takes_its_sessions_along(access: Access) -> None:
    ann = await access.user()
    await access.open(ann)
    await access.answers.delete_user(DeleteUser(tenant=TENANT, user=ann.id))
    assert not await access.is_open()
    assert await access.changes() == [("user", ann.id)]
    await access.user()


# --- console sessions -----------------------------------------------------------------------------


async def test_session_ends_by_its_time_and_by_being_idle(access: Access) -> None:
    session = await access.open(await access.user())
    access.clock.pass_s(IDLE_S - 1)
    assert await access.is_open()
    await access.answers.note_access(NoteAccess(sessions={session.id: access.clock()}))
    access.clock.pass_s(IDLE_S - 1)
    assert await access.is_open()
    access.clock.pass_s(1)
    assert not await access.is_open()

    await access.open(None, 2, idle_s=LIFETIME_S)
    access.clock.pass_s(LIFETIME_S - 1)
    assert await access.is_open(2)
    access.clock.pass_s(1)
    assert not await access.is_open(2)


async def test_late_note_of_use_changes_nothing(access: Access) -> None:
    session = await access.open(await access.user())
    for at in (access.clock() + timedelta(seconds=60), access.clock()):
        await access.answers.note_access(NoteAccess(sessions={session.id: at, "none": at}))
    access.clock.pass_s(IDLE_S + 59)
    assert await access.is_open()


@pytest.mark.parametrize("change", [{"is_disabled": True}, {"password_hash": "new"}])
async def test_user_who_is_changed_while_signing_in_does_not_get_in(
    access: Access, change: dict[str, Any]
) -> None:
    ann = await access.user()
    await access.answers.update_user(UpdateUser(tenant=TENANT, user=ann.id, **change))
    with pytest.raises(UserUnknown):
        await access.open(ann)


async def test_user_ends_its_own_sessions_only(access: Access) -> None:
    ann, bob = await access.user(), await access.user("bob")
    sessions = [await access.open(ann, 1), await access.open(ann, 2), await access.open(bob, 3)]
    with pytest.raises(ConsoleSessionUnknown):
        await access.answers.end_sessions(
            EndConsoleSessions(tenant=TENANT, user=ann.id, session=sessions[2].id)
        )
    await access.answers.end_sessions(
        EndConsoleSessions(tenant=TENANT, user=ann.id, session=sessions[0].id)
    )
    ask = ListConsoleSessions(tenant=TENANT, user=ann.id)
    listed = (await access.answers.list_sessions(ask)).sessions
    assert [session.id for session in listed] == [sessions[1].id]
    await access.open(ann, 4)
    await access.answers.end_sessions(
        EndConsoleSessions(tenant=TENANT, user=ann.id, except_session=sessions[1].id)
    )
    assert [await access.is_open(number) for number in (1, 2, 3, 4)] == [False, True, True, False]
    assert len(await access.changes()) == 2


async def test_sessions_of_the_settings_owner_are_nobody_elses(access: Access) -> None:
    await access.open(None, 1)
    await access.open(await access.user(), 2)
    await access.answers.end_sessions(EndConsoleSessions(tenant=TENANT, user=None))
    assert [await access.is_open(1), await access.is_open(2)] == [False, True]


async def test_number_of_a_users_sessions_is_bounded_and_the_expired_are_forgotten(
    access: Access,
) -> None:
    ann = await access.user()
    for number in range(MAX_SESSIONS + 1):
        await access.open(ann, number)
        access.clock.pass_s(0.001)
    assert not await access.is_open(0)
    assert await access.is_open(1)
    access.clock.pass_s(LIFETIME_S + 1)
    await access.open(ann, 1000)
    listed = await access.answers.list_sessions(ListConsoleSessions(tenant=TENANT, user=ann.id))
    assert len(listed.sessions) == 1


# --- API keys -------------------------------------------------------------------------------------


async def test_key_is_found_by_its_digest_until_it_expires(access: Access) -> None:
    await access.key(1, expires_at=access.clock() + timedelta(seconds=10))
    assert await access.has_key(1)
    assert not await access.has_key(2)
    access.clock.pass_s(10)
    assert not await access.has_key(1)


async def test_id_of_a_key_is_taken_once(access: Access) -> None:
    await access.key(1)
    with pytest.raises(APIKeyExists):
        await access.key(1, digest=digest(2))


async def test_revoked_key_is_gone_and_gateways_hear_of_it(access: Access) -> None:
    key_id = await access.key()
    with pytest.raises(APIKeyUnknown):
        await access.answers.revoke_key(RevokeAPIKey(tenant="acme", id=key_id))
    await access.answers.revoke_key(RevokeAPIKey(tenant=TENANT, id=key_id))
    assert not await access.has_key()
    assert await access.changes() == [("api_key", key_id)]
    with pytest.raises(APIKeyUnknown):
        await access.answers.revoke_key(RevokeAPIKey(tenant=TENANT, id=key_id))


async def test_keys_are_listed_newest_first_with_their_last_use(access: Access) -> None:
    for number in (1, 2, 3):
        await access.key(number)
        access.clock.pass_s(1)
    used = {f"{2:012x}": access.clock()}
    await access.answers.note_access(NoteAccess(api_keys=used))
    earlier = {f"{2:012x}": access.clock() - timedelta(seconds=9)}
    await access.answers.note_access(NoteAccess(api_keys=earlier))
    first = await access.answers.list_keys(ListAPIKeys(tenant=TENANT, limit=2))
    rest = await access.answers.list_keys(ListAPIKeys(tenant=TENANT, after=first.next_after))
    assert [int(key.id, 16) for key in (*first.keys, *rest.keys)] == [3, 2, 1]
    assert [key.used_at for key in first.keys] == [None, access.clock()]
    assert rest.next_after is None


# --- audit log ------------------------------------------------------------------------------------


async def test_entries_are_kept_once_however_often_they_are_said(access: Access) -> None:
    facts = [AuditRecorded(entries=(entry(1), entry(2))), AuditRecorded(entries=(entry(3),))]
    await access.answers.record(*facts)
    await access.answers.record(facts[0], facts[0])
    page = await access.answers.list_audit(ListAudit(tenant=TENANT))
    assert [each.id for each in page.entries] == ["0003", "0002", "0001"]
    assert page.entries[2] == entry(1)
    assert (await access.answers.list_audit(ListAudit(tenant="acme"))).entries == ()


async def test_log_is_read_in_pages_of_a_time_and_of_somebody(access: Access) -> None:
    start = access.clock()
    entries = [
        entry(
            number,
            at=start + timedelta(seconds=number // 2),
            actor_name="ann" if number % 2 else "bob",
        )
        for number in range(10)
    ]
    await access.answers.record(AuditRecorded(entries=tuple(entries)))
    found: list[str] = []
    ask = ListAudit(tenant=TENANT, limit=3)
    while True:
        page = await access.answers.list_audit(ask)
        found += [each.id for each in page.entries]
        if page.next_after is None:
            break
        ask = ask.model_copy(update={"after": page.next_after})
    assert found == [f"{number:04}" for number in range(9, -1, -1)]
    window = ListAudit(
        tenant=TENANT,
        actor_name="ann",
        from_at=start + timedelta(seconds=1),
        until_at=start + timedelta(seconds=3),
    )
    assert [each.id for each in (await access.answers.list_audit(window)).entries] == [
        "0005",
        "0003",
    ]
    for wrong in ("x", "5~x", ""):
        with pytest.raises(CursorInvalid):
            await access.answers.list_audit(ListAudit(tenant=TENANT, after=wrong))


async def test_log_is_narrowed_by_route_and_outcome(access: Access) -> None:
    facts = (
        entry(1, route="/api/v1/users", outcome="refused", status=403),
        entry(2, route="/api/v1/users/{user_id}"),
        entry(3, route="/api/v1/streams"),
    )
    await access.answers.record(AuditRecorded(entries=facts))
    cases: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({"under": "/api/v1/users"}, ["0002", "0001"]),
        ({"under": "/api/v1/users", "outcome": "refused"}, ["0001"]),
        ({"under": "/api/v1/users/%"}, []),
        ({"outcome": "failed"}, []),
    )
    for narrowed, wanted in cases:
        page = await access.answers.list_audit(ListAudit(tenant=TENANT, **narrowed))
        assert [each.id for each in page.entries] == wanted, narrowed


async def test_old_entries_are_forgotten(access: Access) -> None:
    start = access.clock()
    old, new = entry(1, at=start), entry(2, at=start + timedelta(days=2))
    await access.answers.record(AuditRecorded(entries=(old, new)))
    access.clock.pass_s(3 * 24 * 3600)
    assert await OldAudit(access.catalog.database, access.clock, days=2).tick() == 1
    page = await access.answers.list_audit(ListAudit(tenant=TENANT))
    assert [each.id for each in page.entries] == ["0002"]
