"""A chat's log in memory, and the catalog and the turns that stand beside it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from libs.bus import BusUnavailable, Logged
from libs.events import ChatAuthor, ChatSaid, ChatSettings, ChatState, Message
from services.gateway.chat.authors import Authors
from services.gateway.chat.chats import Chats
from services.gateway.chat.speaking import Speaking

FIRST = 1000
TENANT = "default"
ANN = ChatAuthor(id="gann", name="Ann", kind="guest")
BEN = ChatAuthor(id="vben", name="Ben", kind="viewer")


def said(
    key: str, author: ChatAuthor = ANN, *, stream: str = "cam", network: str = "home"
) -> ChatSaid:
    return ChatSaid(tenant=TENANT, stream=stream, key=key, author=author, network=network, text=key)


class MemoryTurns:
    def __init__(self) -> None:
        self.waits_s: dict[str, float] = {}
        self.taken: list[tuple[str, float]] = []
        self.given_back: list[str] = []

    async def take(self, key: str, pause_s: float) -> float:
        self.taken.append((key, pause_s))
        return self.waits_s.get(key, 0.0)

    async def give_back(self, key: str) -> None:
        self.given_back.append(key)


class MemoryLog:
    """Numbers what is published, once each, and tells whoever follows."""

    def __init__(self) -> None:
        self.logged: list[Logged] = []
        self.followers: list[Callable[[Sequence[Logged]], Awaitable[None]]] = []
        self.is_away = False
        self._numbers: dict[str, int] = {}

    async def publish(self, message: Message) -> int:
        if self.is_away:
            raise BusUnavailable("The bus is away.")
        key = f"{message.name}:{message.natural_key()}"
        if key not in self._numbers:
            self._numbers[key] = FIRST + len(self._numbers)
            logged = Logged(self._numbers[key], datetime.now(UTC), message)
            self.logged.append(logged)
            for follower in self.followers:
                await follower([logged])
        return self._numbers[key]


class MemoryChats:
    """What a gateway needs for chats, all in memory."""

    def __init__(self, *, most: int = 100, most_of_address: int = 100) -> None:
        self.log = MemoryLog()
        self.turns = MemoryTurns()
        self.states: dict[str, ChatState] = {}
        self.asked: list[str] = []
        self.authors = Authors("secret")
        self.speaking = Speaking(self.authors, self.log.publish, self.turns)
        self.chats = Chats(self._find, self.speaking, most=most, most_of_address=most_of_address)
        self.log.followers.append(self.chats.hear)

    def open(self, stream: str = "cam", *, slow_s: int = 0) -> None:
        settings = ChatSettings(revision=1, is_open=True, slow_s=slow_s)
        self.states[stream] = ChatState(tenant=TENANT, settings=settings, bans=(), latest=())

    async def _find(self, stream: str) -> ChatState:
        self.asked.append(stream)
        return self.states.get(stream) or ChatState(
            tenant=TENANT, settings=ChatSettings(), bans=(), latest=()
        )
