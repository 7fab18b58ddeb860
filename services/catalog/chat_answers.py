"""What is answered of chats."""

from libs.events import (
    AlertRaised,
    BanAuthor,
    ChatBan,
    ChatMessages,
    ChatSettings,
    ChatState,
    GetChat,
    LiftBan,
    ListChatMessages,
    Nothing,
    RaiseAlert,
    RemoveMessages,
    UpdateChat,
)
from services.catalog import alerts, chat_messages, chats, whose
from services.catalog.clock import Clock
from services.catalog.database import Database


class ChatAnswers:
    """One transaction an ask; errors are those of the asks' own words, and `DatabaseDown`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, ask: GetChat) -> ChatState:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await chats.get(tx, ask, now=self._clock())

    async def update(self, ask: UpdateChat) -> ChatSettings:
        async with self._database.transaction() as tx:
            return await chats.update(tx, ask, now=self._clock())

    async def remove(self, ask: RemoveMessages) -> Nothing:
        async with self._database.transaction() as tx:
            await chats.remove(tx, ask, now=self._clock())
        return Nothing()

    async def ban(self, ask: BanAuthor) -> ChatBan:
        async with self._database.transaction() as tx:
            return await chats.ban(tx, ask, now=self._clock())

    async def lift_ban(self, ask: LiftBan) -> Nothing:
        async with self._database.transaction() as tx:
            await chats.lift(tx, ask, now=self._clock())
        return Nothing()

    async def raise_alert(self, ask: RaiseAlert) -> AlertRaised:
        async with self._database.transaction() as tx:
            return await alerts.add(tx, ask, now=self._clock())

    async def list_messages(self, ask: ListChatMessages) -> ChatMessages:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await chat_messages.list_page(tx, ask)
