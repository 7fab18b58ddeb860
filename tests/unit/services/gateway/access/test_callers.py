"""Who is behind a cookie or a key: asked seldom, forgotten at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.bus import BusUnavailable
from libs.events import (
    AccessChanged,
    Answer,
    APIKey,
    Ask,
    ConsoleSession,
    FindAPIKey,
    FoundAPIKey,
    FoundSession,
    User,
)
from libs.permissions import ALL, Permission, Role
from services.gateway.access.callers import FRESH_S, KEPT_S, RETRY_S, Callers
from services.gateway.access.owner import SettingsOwner

AT = datetime(2026, 1, 2, tzinfo=UTC)
USER = User(
    id="user-1", tenant="default", name="ann", role=Role.VIEWER, is_disabled=False, created_at=AT
)
SESSION = ConsoleSession(
    id="s1",
    tenant="default",
    user="user-1",
    created_at=AT,
    expires_at=AT + timedelta(hours=1),
    used_at=AT,
    address="",
    agent="",
)
KEY = APIKey(
    id="k1",
    tenant="default",
    name="uploads",
    permissions=("assets:write", "of:tomorrow"),
    created_at=AT,
    created_by="ann",
)
OWNER = SettingsOwner(user="admin", password="p", api_key="settings-key")


class Catalog:
    """Counts what it is asked; `away` is what it raises."""

    def __init__(self) -> None:
        self.asked = 0
        self.away: Exception | None = None
        self.session: ConsoleSession | None = SESSION
        self.user: User | None = USER
        self.key: APIKey | None = KEY
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(self, ask: Ask[Any], *, timeout_s: float = 5) -> Any:
        self.asked += 1
        if self.away is not None:
            raise self.away
        answer: Answer = FoundSession(session=self.session, user=self.user)
        if isinstance(ask, FindAPIKey):
            answer = FoundAPIKey(key=self.key)
        await self.gate.wait()
        return answer


class House:
    def __init__(self, *, kept: int = 10) -> None:
        self.catalog = Catalog()
        self.at_s = 0.0
        self.callers = Callers(
            self.catalog,
            OWNER,
            kept=kept,
            clock=lambda: self.at_s,
            now=lambda: AT + timedelta(seconds=self.at_s),
        )


@pytest.fixture
def house() -> House:
    return House()


async def test_caller_is_asked_for_once_in_a_while(house: House) -> None:
    for _ in range(5):
        caller = await house.callers.of_session("cookie")
        assert caller is not None
        assert (caller.name, caller.session, caller.role) == ("ann", "s1", Role.VIEWER)
    assert house.catalog.asked == 1
    house.at_s = FRESH_S
    await house.callers.of_session("cookie")
    assert house.catalog.asked == 2


async def test_what_opens_nothing_is_asked_for_once_in_a_while_too(house: House) -> None:
    house.catalog.key = None
    for _ in range(5):
        assert await house.callers.of_key("weir_k1_guess") is None
    assert house.catalog.asked == 1


@pytest.mark.parametrize("key", ["", "guess", "weir", "weir_" + "x" * 300])
async def test_what_cannot_be_a_key_is_not_asked_for(house: House, key: str) -> None:
    assert await house.callers.of_key(key) is None
    assert house.catalog.asked == 0


async def test_key_of_the_settings_needs_no_catalog(house: House) -> None:
    house.catalog.away = BusUnavailable("away")
    caller = await house.callers.of_key("settings-key")
    assert caller is not None
    assert caller.permissions == ALL


async def test_key_may_what_this_version_knows_of_it(house: House) -> None:
    caller = await house.callers.of_key("weir_k1_secret")
    assert caller is not None
    assert caller.permissions == {Permission.ASSETS_WRITE}


@pytest.mark.parametrize(
    ("kind", "changed"), [("session", "s1"), ("user", "user-1"), ("tenant", "default")]
)
async def test_change_is_heard_at_once(house: House, kind: Any, changed: str) -> None:
    await house.callers.of_session("cookie")
    house.catalog.session = None
    fact = AccessChanged(tenant="default", kind=kind, id=changed, changed_at=AT)
    house.callers.changed(fact.model_copy(update={"id": "another"}))
    assert await house.callers.of_session("cookie") is not None
    house.callers.changed(fact)
    assert await house.callers.of_session("cookie") is None


async def test_revoked_key_is_forgotten_at_once(house: House) -> None:
    assert await house.callers.of_key("weir_k1_secret") is not None
    house.catalog.key = None
    house.callers.changed(AccessChanged(tenant="default", kind="api_key", id="k1", changed_at=AT))
    assert await house.callers.of_key("weir_k1_secret") is None


async def test_answer_from_before_a_change_is_not_kept(house: House) -> None:
    house.catalog.gate.clear()
    asking = asyncio.create_task(house.callers.of_session("cookie"))
    while not house.catalog.asked:
        await asyncio.sleep(0)
    house.catalog.session = None
    house.callers.changed(AccessChanged(tenant="default", kind="session", id="s1", changed_at=AT))
    after = asyncio.create_task(house.callers.of_session("cookie"))
    while house.catalog.asked < 2:
        await asyncio.sleep(0)
    house.catalog.gate.set()
    await asking
    assert await after is None
    assert await house.callers.of_session("cookie") is None


async def test_known_caller_goes_on_for_a_while_without_the_catalog(house: House) -> None:
    await house.callers.of_session("cookie")
    house.catalog.away = BusUnavailable("away")
    house.callers.doubt()
    assert await house.callers.of_session("cookie") is not None
    assert await house.callers.of_session("cookie") is not None
    assert house.catalog.asked == 2, "not every request waits for who is away"
    house.at_s = RETRY_S
    await house.callers.of_session("cookie")
    assert house.catalog.asked == 3
    house.at_s = KEPT_S
    with pytest.raises(BusUnavailable):
        await house.callers.of_session("cookie")


async def test_what_has_changed_does_not_go_on_without_the_catalog(house: House) -> None:
    await house.callers.of_session("cookie")
    house.catalog.away = BusUnavailable("away")
    house.callers.changed(AccessChanged(tenant="default", kind="session", id="s1", changed_at=AT))
    with pytest.raises(BusUnavailable):
        await house.callers.of_session("cookie")


async def test_session_is_over_to_the_second_though_it_is_kept(house: House) -> None:
    house.catalog.session = SESSION.model_copy(update={"expires_at": AT + timedelta(seconds=5)})
    house.at_s = 4.9
    assert await house.callers.of_session("cookie") is not None
    house.at_s = 5.0
    assert await house.callers.of_session("cookie") is None
    assert house.catalog.asked == 1


async def test_session_of_the_settings_owner_hangs_on_the_settings(house: House) -> None:
    of_owner = SESSION.model_copy(update={"user": None, "fence": OWNER.fence})
    house.catalog.session, house.catalog.user = of_owner, None
    caller = await house.callers.of_session("cookie")
    assert caller is not None
    assert (caller.name, caller.permissions, caller.user) == ("admin", ALL, None)
    changed = SettingsOwner(user="admin", password="another", api_key="settings-key")
    assert await Callers(house.catalog, changed).of_session("cookie") is None
    assert not OWNER.opened(of_owner.model_copy(update={"fence": ""}))
    assert not OWNER.opened(SESSION.model_copy(update={"fence": OWNER.fence}))


async def test_number_of_the_known_is_bounded() -> None:
    house = House(kept=2)
    for cookie in ("a", "b", "c", "a"):
        await house.callers.of_session(cookie)
    assert house.catalog.asked == 4
    await house.callers.of_session("c")
    assert house.catalog.asked == 4


async def test_what_opens_nothing_takes_nobodys_place() -> None:
    house = House(kept=2)
    await house.callers.of_session("a")
    await house.callers.of_session("b")
    house.catalog.key = None
    for number in range(5):
        await house.callers.of_key(f"weir_{number}")
    asked = house.catalog.asked
    await house.callers.of_session("a")
    await house.callers.of_session("b")
    assert house.catalog.asked == asked


async def test_who_was_there_is_told_once(house: House) -> None:
    assert house.callers.take_used() is None
    await house.callers.of_session("cookie")
    await house.callers.of_key("weir_k1_secret")
    used = house.callers.take_used()
    assert used is not None
    assert (used.sessions, used.api_keys) == ({"s1": AT}, {"k1": AT})
    assert house.callers.take_used() is None
