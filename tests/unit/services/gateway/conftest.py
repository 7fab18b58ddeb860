"""A gateway whose catalog lives in memory."""

import asyncio
import functools
import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvloop
from fastapi import FastAPI

from libs.bus import BusUnavailable, LogState, RemoteError
from libs.events import (
    Answer,
    Ask,
    ChatState,
    CreateStream,
    DatabaseState,
    DeadLetterPage,
    DeleteStream,
    GetChat,
    GetDatabaseState,
    GetStream,
    GetUpload,
    GetWatchable,
    GetWatchPage,
    JobPage,
    ListDeadLetters,
    ListJobs,
    ListSegments,
    ListSessions,
    ListStreams,
    ListViewerKeys,
    Message,
    NoteKick,
    Nothing,
    Recorded,
    RevokeViewers,
    RotateViewerKeys,
    SegmentPage,
    SessionPage,
    SigningKey,
    Stream,
    StreamPage,
    UpdateStream,
    ViewerKeys,
    ViewerPage,
    Watchable,
    WatchPage,
)
from libs.names import ITS_TENANT
from libs.signing import sign_push
from libs.storage import open_store
from services.gateway import assets
from services.gateway.access.access import Access
from services.gateway.access.callers import Callers
from services.gateway.access.owner import SettingsOwner
from services.gateway.access.trail import Trail
from services.gateway.api.address_book import AddressBook
from services.gateway.api.app import build_api
from services.gateway.api.house import House, ServiceState
from services.gateway.burning.budget import Budget
from services.gateway.burning.burners import Burners
from services.gateway.burning.burning import Burning
from services.gateway.chat.authors import Authors
from services.gateway.chat.chats import Chats
from services.gateway.chat.replay import Replay
from services.gateway.chat.speaking import Speaking
from services.gateway.doctor.doctor import Doctor
from services.gateway.playback.directory import Directory
from services.gateway.playback.edge import Edge
from services.gateway.playback.origin import Origin
from services.gateway.progress import Progress
from services.gateway.public_feed import PublicFeeds
from services.gateway.pushes import PushRefused
from services.gateway.settings import GatewaySettings
from services.gateway.uploads.intake import Intake
from services.gateway.uploads.parts import DirectUploads
from services.gateway.viewers.viewing import Outside, Viewing
from services.gateway.views.log import Log
from services.gateway.watch.noticeboard import Noticeboard
from services.gateway.watch.posters import LivePosters
from tests.unit.services.gateway.memory_access import MemoryAccess
from tests.unit.services.gateway.memory_domains import MemoryDomains
from tests.unit.services.gateway.memory_tenants import MemoryTenants
from tests.unit.services.gateway.one_stream import connect, door, player, port

__all__ = ["connect", "door", "player", "port"]

ON_BOTH_LOOPS = {"test_front.py", "test_sockets.py", "test_turn.py", "test_viewer.py"}
API_KEY = "key-of-the-tests"
PASSWORD = "correct horse"
CREATED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_apis: dict[str, FastAPI] = {}
"""By the name of the bucket, which is in their routes."""


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What writes to transports is tested on both loops: their flow control differs."""
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.name in ON_BOTH_LOOPS:
        loops["uvloop"] = uvloop.new_event_loop
    return loops


class MemoryCatalog:
    """Answers what the API asks, as the catalog would."""

    def __init__(self) -> None:
        self.streams: dict[str, Stream] = {}
        self.asked: list[Ask[Any]] = []
        self.said: list[Message] = []
        self.pages: list[ViewerPage] = []
        """What gateways answer who watches."""
        self.keys = 1
        self.access = MemoryAccess()
        self.tenants = MemoryTenants()
        self.domains = MemoryDomains()
        self.recorded: Recorded | None = None
        """What watch pages have as the latest recording."""
        self._ids = (f"made-{number}" for number in itertools.count(1))

    async def ask(self, ask: Ask[Any], *, timeout_s: float = 5) -> Any:
        self.asked.append(ask)
        return self._answer(ask)

    async def ask_all(self, ask: Ask[Any], *, wanted: int, timeout_s: float = 1.0) -> list[Any]:
        self.asked.append(ask)
        return self.pages[:wanted]

    async def broadcast(self, message: Message) -> None:
        self.said.append(message)

    def _answer(self, ask: Ask[Any]) -> Answer:  # noqa: C901, PLR0911, PLR0912 - one line per ask
        match ask:
            case CreateStream():
                stream_id = ask.id or next(self._ids)
                self.streams[stream_id] = Stream(
                    tenant=ask.tenant,
                    id=stream_id,
                    created_at=CREATED_AT,
                    expires_at=datetime(2027, 1, 2, tzinfo=UTC),
                    key=sign_push(stream_id, 1_798_848_000, "secret"),
                    item=ask.item,
                    title=ask.title,
                    description=ask.description,
                )
                return self.streams[stream_id]
            case GetStream():
                return self._known(ask.id, ask.tenant)
            case GetWatchable():
                known = self._known(ask.stream, ask.tenant)
                return Watchable(
                    tenant=known.tenant,
                    view_policy=known.view_policy,
                    is_cdn_allowed=known.is_cdn_allowed,
                    revision=known.revision,
                )
            case GetWatchPage():
                known = self._known(ask.id, ask.tenant)
                return WatchPage(
                    stream=known.id,
                    title=known.title,
                    description=known.description,
                    view_policy=known.view_policy,
                    revision=known.revision,
                    pull=self.domains.default_of(known.tenant, "pull"),
                    recorded=self.recorded,
                )
            case UpdateStream():
                known = self._known(ask.id, ask.tenant)
                texts = {"title": ask.title, "description": ask.description}
                said = {name: text for name, text in texts.items() if text is not None}
                changed = known.model_copy(update=said | {"item": known.item | ask.item})
                self.streams[ask.id] = changed
                return changed
            case DeleteStream():
                self._known(ask.id, ask.tenant)
                del self.streams[ask.id]
                return Nothing()
            case ListStreams():
                ids = [each.id for each in self.streams.values() if each.tenant == ask.tenant]
                start = ids.index(ask.after) + 1 if ask.after else 0
                page = ids[start : start + ask.limit]
                more = page[-1] if start + ask.limit < len(ids) else None
                return StreamPage(
                    streams=tuple(self.streams[stream] for stream in page), next_after=more
                )
            case ListSessions():
                return SessionPage(sessions=())
            case ListSegments():
                return SegmentPage(segments=())
            case ListViewerKeys() | RotateViewerKeys():
                self.keys += isinstance(ask, RotateViewerKeys)
                live = range(self.keys, max(0, self.keys - 2), -1)
                return ViewerKeys(
                    keys=tuple(
                        SigningKey(id=f"k{number}", secret="ab" * 32, created_at=CREATED_AT)
                        for number in live
                    )
                )
            case RevokeViewers() | NoteKick():
                return Nothing()
            case GetUpload():
                raise unknown("upload", ask.upload)
            case ListJobs():
                return JobPage(jobs=())
            case ListDeadLetters():
                return DeadLetterPage(dead_letters=())
            case GetDatabaseState():
                return DatabaseState(
                    kind="sqlite", revision="0042", size_bytes=8192, stored_bytes=5
                )
        answer = self.access.answer(ask) or self.tenants.answer(ask) or self.domains.answer(ask)
        assert answer is not None, f"nobody answers {ask!r}"
        return answer

    def _known(self, stream_id: str, tenant: str) -> Stream:
        known = self.streams.get(stream_id)
        if known is None or tenant not in (ITS_TENANT, known.tenant):
            raise unknown("stream", stream_id)
        return known


def unknown(noun: str, name: str) -> RemoteError:
    return RemoteError(
        code=f"{noun}_unknown",
        status=404,
        detail=f"There is no {noun} {name!r}.",
        blame="caller",
        retry=False,
    )


class StillNeighbours:
    def __init__(self) -> None:
        self.is_bus_connected = True
        self.states = [
            ServiceState(kind, f"{kind}-1", None)
            for kind in ("ingest", "catalog", "packager", "gateway")
        ]

        self.log_states: list[LogState] | None = []
        """None: the bus does not tell."""

    async def services(self) -> list[ServiceState]:
        return self.states

    async def logs(self) -> list[LogState]:
        if self.log_states is None:
            raise BusUnavailable("The bus does not tell of its logs.")
        return self.log_states


class MemoryPushes:
    """Keeps what is pushed."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, int]] = []
        """Stream and `wall_ms` of each."""
        self.sent = b""
        self.ends: list[str] = []
        self.refusal: PushRefused | None = None

    async def open(self, stream: Stream, wall_ms: int, address: str) -> "MemoryPushes":
        self.opened.append((stream.id, wall_ms))
        return self

    async def send(self, flv: bytes) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.sent += flv

    async def finish(self) -> None:
        self.ends.append("finished")

    async def abandon(self) -> None:
        self.ends.append("abandoned")


@pytest.fixture(scope="session", autouse=True)
def assets_are_read_once() -> Iterator[None]:
    """The console's files are the same for all; to compress them takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assets, "read_assets", functools.cache(assets.read_assets))
        yield


def settings_of(**more: Any) -> GatewaySettings:
    return GatewaySettings(
        api_key=API_KEY,
        admin_password=PASSWORD,
        public_url="http://weir.test",
        rtmp_public_url="rtmp://push.test",
        **more,
    )


async def forget(_: Message) -> None:
    """Nobody listens."""


def viewing_of(catalog: Any, **more: Any) -> Viewing:
    async def find_stream(stream: str) -> Watchable:
        found = await catalog.ask(GetWatchable(tenant=ITS_TENANT, stream=stream))
        assert isinstance(found, Watchable)
        return found

    facts: dict[str, Any] = {"gateway": "gateway-1", "say": forget, "target_s": lambda _: 2.0}
    facts["list_runs"] = Log(catalog, ITS_TENANT).runs
    return Viewing(Outside(find_stream=find_stream, **(facts | more)))


def noticeboard_of(catalog: Any, directory: Directory) -> Noticeboard:
    async def find_page(shown_id: str, session: str | None) -> WatchPage:
        found = await catalog.ask(GetWatchPage(tenant=ITS_TENANT, id=shown_id, session=session))
        assert isinstance(found, WatchPage)
        return found

    return Noticeboard(directory, find_page, lambda _: 0)


def access_of(settings: GatewaySettings, catalog: Any) -> Access:
    owner = SettingsOwner(
        user=settings.admin_user,
        password=settings.admin_password.get_secret_value(),
        api_key=settings.api_key.get_secret_value(),
    )
    said: list[Message] = getattr(catalog, "said", [])
    return Access(owner, Callers(catalog, owner), Trail(said.append))


async def no_transcoders() -> list[str]:
    return []


def chats_of(catalog: Any) -> Chats:
    """Nobody hears what is said there."""

    async def find_chat(stream: str) -> ChatState:
        found = await catalog.ask(GetChat(tenant=ITS_TENANT, stream=stream))
        assert isinstance(found, ChatState)
        return found

    async def publish(_: Message) -> int:
        raise BusUnavailable("There is no bus.")

    turns: Any = None
    speaking = Speaking(Authors("secret"), publish, turns)
    return Chats(find_chat, speaking, most=100, most_of_address=100)


def house_of(settings: GatewaySettings, folder: Path, catalog: Any = None) -> House:
    """`catalog`: default: one in memory."""
    catalog, directory = catalog or MemoryCatalog(), Directory()
    store = open_store(f"file://{folder}")
    origin = Origin(token="", store=store)
    edge = Edge(directory, origin, Log(catalog, ITS_TENANT), cache_bytes=1 << 20)
    return House(
        settings=settings,
        catalog=catalog,
        directory=directory,
        neighbours=StillNeighbours(),
        access=access_of(settings, catalog),
        addresses=AddressBook(catalog, settings),
        viewing=viewing_of(catalog),
        store=store,
        pushes=MemoryPushes(),
        intake=Intake(store, catalog, slots=4),
        direct=DirectUploads(store, catalog),
        edge=edge,
        burning=Burning(
            edge.footages,
            Burners(no_transcoders, token=""),
            Budget(burst=2, rate=0.5),
            cache_bytes=1 << 20,
        ),
        progress=Progress(),
        feed=PublicFeeds(catalog.ask, asyncio.create_task),
        doctor=Doctor(directory, origin),
        noticeboard=noticeboard_of(catalog, directory),
        chats=chats_of(catalog),
        replay=Replay(catalog.ask),
        posters=LivePosters(Log(catalog, ITS_TENANT), store),
    )


@pytest.fixture
def house(tmp_path: Path) -> House:
    return house_of(settings_of(), tmp_path)


@pytest.fixture
def strict_house(tmp_path: Path) -> House:
    return house_of(settings_of(svs_compat="strict"), tmp_path)


class HouseAPI:
    """The API as this house's. All houses share one: to make it takes longer than most tests."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        bucket = self._house.settings.bucket
        if bucket not in _apis:
            _apis[bucket] = build_api(self._house)
        api = _apis[bucket]
        api.state.house = self._house
        await api(scope, receive, send)


def client_of(house: House, **headers: str) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(HouseAPI(house), raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://weir.test", headers=headers)


@pytest.fixture
async def stranger(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(house) as client:
        yield client


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(house, **{"x-api-key": API_KEY}) as client:
        yield client


@pytest.fixture
async def strict_client(strict_house: House) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(strict_house, **{"x-api-key": API_KEY}) as client:
        yield client
