"""What the API's routes are given: the catalog to ask, the settings, and the live directory."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

from fastapi import Depends, Request

from libs.bus import LogState
from libs.events import Answer, Ask, Message
from libs.storage import ObjectStore
from services.gateway.access.access import Access
from services.gateway.api.address_book import AddressBook
from services.gateway.burning.burning import Burning
from services.gateway.cdn.signer import CDNSigner
from services.gateway.chat.chats import Chats
from services.gateway.chat.replay import Replay
from services.gateway.doctor.doctor import Doctor
from services.gateway.playback.directory import Directory
from services.gateway.playback.edge import Edge
from services.gateway.progress import Progress
from services.gateway.public_feed import PublicFeeds
from services.gateway.pushes import Pushes
from services.gateway.settings import GatewaySettings
from services.gateway.viewers.viewing import Viewing
from services.gateway.watch.noticeboard import Noticeboard
from services.gateway.watch.posters import LivePosters

if TYPE_CHECKING:
    from services.gateway.uploads.intake import Intake
    from services.gateway.uploads.parts import DirectUploads

A = TypeVar("A", bound=Answer)


class Catalog(Protocol):
    """The bus, as far as the API uses it."""

    async def ask(self, ask: Ask[A], *, timeout_s: float = 5) -> A: ...
    async def ask_all(self, ask: Ask[A], *, wanted: int, timeout_s: float = 1.0) -> list[A]: ...
    async def broadcast(self, message: Message) -> None: ...


@dataclass(frozen=True)
class ServiceState:
    """One process of the house, as its neighbour sees it."""

    kind: str
    instance: str
    reason: str | None
    """None: it is ready."""


class Neighbours(Protocol):
    """The other services' health."""

    @property
    def is_bus_connected(self) -> bool: ...
    async def services(self) -> list[ServiceState]: ...
    async def logs(self) -> list[LogState]: ...


@dataclass
class House:
    settings: GatewaySettings
    catalog: Catalog
    directory: Directory
    neighbours: Neighbours
    access: Access
    addresses: AddressBook
    viewing: Viewing
    store: ObjectStore
    pushes: Pushes
    intake: "Intake"
    direct: "DirectUploads"
    edge: Edge
    burning: Burning
    progress: Progress
    feed: PublicFeeds
    doctor: Doctor
    noticeboard: Noticeboard
    posters: LivePosters
    chats: Chats
    replay: Replay
    cdn: CDNSigner | None = None
    """None: no CDN is in front."""


async def _house(request: Request) -> House:
    # Not a plain function: FastAPI hands those to a thread and back, for each request.
    house = request.app.state.house
    assert isinstance(house, House)
    return house


TheHouse = Annotated[House, Depends(_house)]
