"""Tenants as the catalog keeps them: their quotas, their names, and what they take."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from libs.events import (
    CreateAPIKey,
    CreateStream,
    CreateTenant,
    CreateUpload,
    CreateUser,
    DeleteStream,
    FindAPIKey,
    FindConsoleSession,
    FindLogin,
    GetSession,
    GetStream,
    GetTenant,
    GetTenantUsage,
    GetWatchable,
    ListSessions,
    OpenConsoleSession,
    OpenPublish,
    PublishGrant,
    Quotas,
    RevokeViewers,
    Role,
    Tenant,
    UpdateTenant,
)
from libs.names import DEFAULT_TENANT, ITS_TENANT
from services.catalog.access_answers import AccessAnswers
from services.catalog.asset_answers import AssetAnswers
from services.catalog.errors import (
    QuotaBusy,
    QuotaFull,
    QuotaReached,
    SessionUnknown,
    StorageFull,
    StreamExists,
    StreamUnknown,
    TenantDisabled,
    TenantExists,
    TenantOfInstallation,
    TenantUnknown,
    UploadQuotaFull,
)
from services.catalog.models import EventRow, JobTimeRow, OutboxRow, SessionRow
from services.catalog.tenant_answers import TenantAnswers
from services.catalog.upload_answers import UploadAnswers
from services.catalog.upload_rules import UploadRules
from services.catalog.usage import GRANT_PENDING
from tests.integration.catalog.conftest import Catalog

pytestmark = pytest.mark.integration

ACME = "acme"


class House:
    """A catalog with a second tenant."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.tenants = TenantAnswers(catalog.database, catalog.clock)
        self.access = AccessAnswers(catalog.database, catalog.clock)
        self.assets = AssetAnswers(catalog.database, catalog.clock, grace=timedelta(seconds=60))
        self.uploads = UploadAnswers(catalog.database, catalog.clock, UploadRules())

    async def make(self, tenant: str = ACME, **quotas: int) -> Tenant:
        ask = CreateTenant(
            id=tenant, quotas=Quotas(**quotas), owner_name=f"ann-{tenant}", password_hash="hash"
        )
        return (await self.tenants.create(ask)).tenant

    async def stream(self, stream: str, tenant: str = ACME) -> None:
        await self.catalog.answers.create_stream(CreateStream(tenant=tenant, id=stream))

    async def publish(self, stream: str, ingest: str = "ingest-1") -> PublishGrant:
        return await self.catalog.answers.open_publish(
            OpenPublish(
                stream=stream,
                ingest=ingest,
                origin_url=f"http://{ingest}:8000",
                remote_address="192.0.2.1",
            )
        )

    async def set(self, **change: Any) -> Tenant:
        return await self.tenants.update(UpdateTenant(id=ACME, **change))

    async def holds(self, session: str, size_bytes: int) -> None:
        async with self.catalog.database.transaction() as tx:
            its = SessionRow.id == session
            await tx.execute(update(SessionRow).where(its).values(size_bytes=size_bytes))

    async def told(self) -> list[str]:
        """The quotas of which the tenant's log says that they were reached."""
        async with self.catalog.database.transaction(read_only=True) as tx:
            query = select(EventRow).where(EventRow.type == "quota.exceeded")
            rows = (await tx.execute(query)).scalars().all()
            assert {row.tenant_id for row in rows} <= {ACME}
            return [row.id for row in rows]


@pytest.fixture
def house(catalog: Catalog) -> House:
    return House(catalog)


def said_of(refusal: pytest.ExceptionInfo[QuotaReached]) -> tuple[Any, ...]:
    return tuple(refusal.value.more[name] for name in ("quota", "limit", "use"))


# --- tenants ----------------------------------------------------------------------------


async def test_tenant_has_its_first_owner_and_is_made_once(house: House) -> None:
    made = await house.make(streams=2)
    assert (made.quotas.streams, made.quotas.users) == (2, None)
    login = await house.access.find_login(FindLogin(user_name="ann-acme"))
    assert login.user is not None
    assert (login.user.tenant, login.user.role) == (ACME, Role.OWNER)
    with pytest.raises(TenantExists):
        await house.make()
    with pytest.raises(TenantUnknown):
        await house.tenants.get(GetTenant(id="nobody"))


async def test_quotas_change_one_by_one_and_all_gateways_hear(house: House) -> None:
    await house.make(streams=2, viewers=5)
    house.catalog.clock.pass_s(1)
    changed = await house.set(quotas=Quotas(viewers=None, users=3))
    assert changed.quotas == Quotas(streams=2, users=3)
    async with house.catalog.database.transaction(read_only=True) as tx:
        query = select(OutboxRow.data).where(OutboxRow.type == "tenant.changed")
        said: Any = (await tx.execute(query.order_by(OutboxRow.seq))).scalars().all()
    assert [each["quotas"]["viewers"] for each in said] == [5, None]


async def test_disabled_tenant_is_let_in_nowhere_and_publishes_nothing(house: House) -> None:
    await house.make()
    await house.stream("theirs")
    grant = await house.publish("theirs")
    ask = CreateAPIKey(
        tenant=ACME, id="0" * 12, digest="a" * 64, key_name="k", permissions=(), created_by="ann"
    )
    await house.access.create_key(ask)
    user = (await house.access.find_login(FindLogin(user_name="ann-acme"))).user
    assert user is not None
    session = OpenConsoleSession(
        tenant=ACME, user=user.id, password_hash="hash", digest="b" * 64, lifetime_s=60, idle_s=60
    )
    await house.access.open_session(session)
    await house.set(is_disabled=True)
    assert (await house.access.find_login(FindLogin(user_name="ann-acme"))).user is None
    assert (await house.access.find_key(FindAPIKey(digest="a" * 64))).key is None
    ended = await house.catalog.answers.get_session(GetSession(tenant=ACME, id=grant.session))
    assert ended.cause == "kicked"
    with pytest.raises(TenantDisabled):
        await house.publish("theirs")
    await house.set(is_disabled=False)
    assert (await house.access.find_key(FindAPIKey(digest="a" * 64))).key is not None
    found = await house.access.find_session(FindConsoleSession(digest="b" * 64))
    assert found.session is None, "who was signed out signs in again"
    with pytest.raises(TenantOfInstallation):
        await house.tenants.update(UpdateTenant(id=DEFAULT_TENANT, is_disabled=True))


# --- names ------------------------------------------------------------------------------


async def test_id_of_a_stream_stays_its_tenants_when_it_is_deleted(house: House) -> None:
    await house.make()
    await house.catalog.create("cam-1")
    with pytest.raises(StreamExists):
        await house.stream("cam-1")
    await house.catalog.answers.delete_stream(DeleteStream(tenant=DEFAULT_TENANT, id="cam-1"))
    with pytest.raises(StreamExists):
        await house.stream("cam-1")
    await house.catalog.create("cam-1")


async def test_what_is_anothers_is_not_found(house: House) -> None:
    await house.make()
    await house.catalog.create("cam-1")
    grant = await house.publish("cam-1")
    with pytest.raises(StreamUnknown):
        await house.catalog.answers.get_stream(GetStream(tenant=ACME, id="cam-1"))
    with pytest.raises(SessionUnknown):
        await house.catalog.answers.get_session(GetSession(tenant=ACME, id=grant.session))
    ask = RevokeViewers(
        tenant=ACME,
        stream="cam-1",
        scope="stream",
        expires_at=house.catalog.clock() + timedelta(days=1),
    )
    with pytest.raises(StreamUnknown):
        await house.catalog.answers.revoke_viewers(ask)


async def test_playback_names_no_tenant_and_finds_it(house: House) -> None:
    await house.make()
    await house.stream("theirs")
    grant = await house.publish("theirs")
    session = await house.catalog.answers.get_session(
        GetSession(tenant=ITS_TENANT, id=grant.session)
    )
    assert session.tenant == ACME
    for stream, sessions in (("theirs", [grant.session]), ("nothing", []), (None, [])):
        asked = ListSessions(tenant=ITS_TENANT, stream=stream)
        page = await house.catalog.answers.list_sessions(asked)
        assert [each.id for each in page.sessions] == sessions
    found = await house.assets.watchable(GetWatchable(tenant=ITS_TENANT, stream="theirs"))
    assert found.tenant == ACME
    with pytest.raises(StreamUnknown):
        await house.assets.watchable(GetWatchable(tenant=ITS_TENANT, stream="nothing"))


# --- quotas -----------------------------------------------------------------------------


async def test_streams_past_the_quota_are_refused_and_it_is_told_once(house: House) -> None:
    await house.make(streams=1)
    await house.stream("one")
    for _ in range(2):
        with pytest.raises(QuotaFull) as refusal:
            await house.stream("two")
    assert said_of(refusal) == ("streams", 1, 1)
    assert len(await house.told()) == 1
    await house.catalog.create("cam-1")
    await house.catalog.answers.delete_stream(DeleteStream(tenant=ACME, id="one"))
    await house.stream("two")


async def test_users_and_keys_past_the_quota_are_refused(house: House) -> None:
    await house.make(users=1, api_keys=0)
    user = CreateUser(tenant=ACME, user_name="bob", role=Role.VIEWER, password_hash="hash")
    with pytest.raises(QuotaFull) as refusal:
        await house.access.create_user(user)
    assert said_of(refusal) == ("users", 1, 1)
    key = CreateAPIKey(
        tenant=ACME, id="0" * 12, digest="a" * 64, key_name="k", permissions=(), created_by="ann"
    )
    with pytest.raises(QuotaFull) as refusal:
        await house.access.create_key(key)
    assert said_of(refusal) == ("api_keys", 0, 0)


async def test_publishers_past_the_quota_are_refused_until_one_ends(house: House) -> None:
    await house.make(publishers=1)
    for stream in ("one", "two"):
        await house.stream(stream)
    await house.publish("one")
    with pytest.raises(QuotaBusy) as refusal:
        await house.publish("two")
    assert said_of(refusal) == ("publishers", 1, 1)
    await house.publish("one")  # takes over from itself
    house.catalog.clock.pass_s(GRANT_PENDING.total_seconds() + 1)  # it never got on air
    await house.publish("two")


async def test_full_storage_lets_nobody_publish_or_upload(house: House) -> None:
    await house.make(storage_bytes=1000)
    await house.stream("one")
    grant = await house.publish("one")
    await house.holds(grant.session, 999)
    with pytest.raises(StorageFull) as refusal:
        await house.uploads.create(CreateUpload(tenant=ACME, file="a.mp4", size_bytes=2))
    assert said_of(refusal) == ("storage_bytes", 1000, 999)
    await house.holds(grant.session, 1000)
    with pytest.raises(StorageFull):
        await house.publish("one")
    assert (StorageFull.status, len(await house.told())) == (507, 1)


async def test_uploads_have_a_quota_of_their_own(house: House) -> None:
    await house.make(upload_bytes=10)
    await house.uploads.create(CreateUpload(tenant=ACME, file="a.mp4", size_bytes=6))
    with pytest.raises(UploadQuotaFull) as refusal:
        await house.uploads.create(CreateUpload(tenant=ACME, file="b.mp4", size_bytes=5))
    assert said_of(refusal) == ("upload_bytes", 10, 6)
    wanted = CreateUpload(tenant=DEFAULT_TENANT, file="b.mp4", size_bytes=5)
    await house.uploads.create(wanted)


async def test_use_counts_what_there_is(house: House) -> None:
    await house.make()
    await house.stream("one")
    grant = await house.publish("one")
    await house.holds(grant.session, 700)
    await house.uploads.create(CreateUpload(tenant=ACME, file="a.mp4", size_bytes=6))
    async with house.catalog.database.transaction() as tx:
        month = {"tenant_id": ACME, "month": f"{house.catalog.clock():%Y-%m}", "job_id": "j"}
        now, past = {"number": 1, "seconds": 90.0}, {"number": 2, "seconds": 9.0}
        await tx.execute(insert(JobTimeRow).values(month | now))
        await tx.execute(insert(JobTimeRow).values(month | past | {"month": "2001-01"}))
    use = await house.tenants.usage(GetTenantUsage(id=ACME))
    assert (use.streams, use.publishers, use.users, use.api_keys) == (1, 1, 1, 0)
    assert (use.storage_bytes, use.upload_bytes, use.job_minutes) == (706, 6, 1.5)
    other = await house.tenants.usage(GetTenantUsage(id=DEFAULT_TENANT))
    assert (other.streams, other.storage_bytes, other.job_minutes) == (0, 0, 0)
