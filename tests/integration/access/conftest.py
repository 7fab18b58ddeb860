"""The gateway's API on a real catalog in this process: what lies between them is a call."""

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.egress import Egress
from libs.events import Ask, AuditRecorded, Envelope, Message, Written
from services.catalog.access_answers import AccessAnswers
from services.catalog.answers import Answers
from services.catalog.asset_answers import AssetAnswers
from services.catalog.chat_answers import ChatAnswers
from services.catalog.chat_log import ChatLog
from services.catalog.clock import now_utc
from services.catalog.database import Database
from services.catalog.database_answers import DatabaseAnswers
from services.catalog.delivery_reports import DeliveryRules
from services.catalog.domain_answers import DomainAnswers
from services.catalog.handlers import (
    register_access,
    register_asks,
    register_assets,
    register_chat,
    register_database,
    register_domains,
    register_tenants,
    register_uploads,
    register_webhooks,
)
from services.catalog.migrate import migrate
from services.catalog.retention import Rules
from services.catalog.tenant_answers import TenantAnswers
from services.catalog.upload_answers import UploadAnswers
from services.catalog.upload_rules import UploadRules
from services.catalog.webhook_answers import WebhookAnswers
from services.gateway.api.house import House
from tests.unit.services.gateway.conftest import PASSWORD, client_of, house_of, settings_of

ORIGIN = {"origin": "http://weir.test"}
ACCESS_KEY_ID, SECRET_ACCESS_KEY = "WEIRTEST", "a secret of this test"


class Direct:
    """A bus of one process: asks are calls, and facts are kept."""

    def __init__(self) -> None:
        self.said: list[Message] = []
        self._answers: dict[type[Ask[Any]], Any] = {}
        self._hears: Any = None

    def on_ask(self, kind: type[Ask[Any]]) -> Callable[[Any], Any]:
        return lambda handler: self._answers.__setitem__(kind, handler)

    def on_facts(self, _: type[Message], handler: Any, *, durable: str) -> None:
        self._hears = handler

    def follow(self, *_: Any, **__: Any) -> None:
        """There is no log."""

    async def ask(self, ask: Ask[Any], *, timeout_s: float = 5) -> Any:
        answer = await self._answers[type(ask)](ask)
        return ask.answer.read(answer.body) if isinstance(answer, Written) else answer

    async def ask_all(self, ask: Ask[Any], *, wanted: int, timeout_s: float = 1.0) -> list[Any]:
        return []

    async def broadcast(self, message: Message) -> None:
        """Nobody listens."""

    async def tell(self) -> None:
        """The catalog hears what was said."""
        said, self.said[:] = list(self.said), []
        facts: Sequence[Any] = [fact for fact in said if isinstance(fact, AuditRecorded)]
        await self._hears([Envelope.of(fact, source="test") for fact in facts])


class Installation:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.bus = Direct()
        self.access = AccessAnswers(database, now_utc)
        self._register()
        settings = settings_of(access_key_id=ACCESS_KEY_ID, secret_access_key=SECRET_ACCESS_KEY)
        self.house: House = house_of(settings, folder, self.bus)
        self.house.feed.close()  # what goes on and on ends at once

    def _register(self) -> None:
        async def has_let_go(_: object) -> bool:
            return False

        bus: Any = self.bus
        register_asks(bus, Answers(self.database, now_utc, push_secret="s", has_let_go=has_let_go))
        register_uploads(bus, UploadAnswers(self.database, now_utc, UploadRules()))
        register_assets(bus, AssetAnswers(self.database, now_utc, grace=Rules().grace))
        register_chat(bus, ChatAnswers(self.database, now_utc), ChatLog(self.database))
        register_access(bus, self.access)
        register_tenants(bus, TenantAnswers(self.database, now_utc))
        register_database(bus, DatabaseAnswers(self.database))
        register_domains(bus, DomainAnswers(self.database, now_utc))
        rules = DeliveryRules((), disable_after=timedelta(days=1))
        hooks = WebhookAnswers(self.database, now_utc, egress=Egress(), rules=rules)
        register_webhooks(bus, hooks)

    def client(self, **headers: str) -> httpx2.AsyncClient:
        return client_of(self.house, **headers)

    async def signed_in(self, user: str = "admin", password: str = PASSWORD) -> httpx2.AsyncClient:
        client = self.client(**ORIGIN)
        answer = await client.post("/api/v1/login", json={"user": user, "password": password})
        assert answer.status_code == 200, answer.text
        return client


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database that was migrated once, to be copied."""
    import asyncio

    file = tmp_path_factory.mktemp("migrated") / "catalog.db"
    asyncio.run(migrate(f"sqlite:///{file}"))
    return file


@pytest.fixture
async def weir(migrated: Path, tmp_path: Path) -> AsyncIterator[Installation]:
    database = Database(f"sqlite:///{shutil.copy(migrated, tmp_path)}")
    yield Installation(database, tmp_path / "store")
    await database.close()
