"""One stream's chat, as the log makes it."""

from datetime import UTC, datetime, timedelta

import orjson

from libs.bus import Logged
from libs.events import (
    ChatBan,
    ChatBanned,
    ChatChanged,
    ChatMessage,
    ChatRemoved,
    ChatSettings,
    ChatState,
    ChatUnbanned,
    Message,
)
from libs.events.chat import LATEST
from services.gateway.chat.chat import KEPT, Chat
from services.gateway.playback.websocket import Opcode
from tests.unit.services.gateway.chat.memory_log import ANN, BEN, TENANT, said

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.through = 0
        self.data = b""

    def send(self, frames: bytes) -> None:
        self.data += frames

    @property
    def words(self) -> list[dict[str, object]]:
        return read(self.data)

    @property
    def texts(self) -> list[object]:
        return [word["text"] for word in self.words if word["type"] == "message"]


def read(data: bytes) -> list[dict[str, object]]:
    """The JSON of a server's unfragmented text frames."""
    found = []
    while data:
        assert data[0] == 0x80 | Opcode.TEXT
        size, at = data[1], 2
        if size == 126:
            size, at = int.from_bytes(data[2:4], "big"), 4
        found.append(orjson.loads(data[at : at + size]))
        data = data[at + size :]
    return found


def ban(until: datetime | None = None, network: str = "home") -> ChatBan:
    return ChatBan(id="ban-1", author=ANN, network=network, reason="", created_at=NOW, until=until)


class Log:
    """What the log says to one chat, a second apart."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.all: list[Logged] = []

    def next(self, fact: Message) -> Logged:
        number = len(self.all) + 1
        logged = Logged(number, NOW + timedelta(seconds=number), fact)
        self.all.append(logged)
        return logged

    async def say(self, *facts: Message) -> None:
        for fact in facts:
            self.chat.hear(self.next(fact))
        await self.chat.tell()


async def test_all_who_are_here_are_told_the_same_and_who_comes_later_has_it_as_history() -> None:
    chat, first, second = Chat("cam", tenant=TENANT), Told(), Told()
    log = Log(chat)
    chat.join(first)
    await log.say(said("a"), said("b"))
    chat.join(second)
    await log.say(said("c"))
    assert first.texts == ["a", "b", "c"]
    assert second.texts == ["c"]
    history = chat.history(None)
    assert [word["text"] for word in read(history.frames)] == ["a", "b", "c"]
    assert history.is_anew


async def test_who_comes_while_the_others_are_told_is_not_told_twice() -> None:
    chat, late = Chat("cam", tenant=TENANT), Told()
    log = Log(chat)
    chat.hear(log.next(said("a")))
    chat.join(late)
    late.send(chat.history(None).frames)
    await chat.tell()
    assert late.texts == ["a"]


async def test_what_is_heard_twice_is_told_once() -> None:
    chat, told = Chat("cam", tenant=TENANT), Told()
    log = Log(chat)
    chat.join(told)
    await log.say(said("a"))
    chat.hear(log.all[0])
    assert await chat.tell() == 0
    assert told.texts == ["a"]


async def test_who_comes_back_is_told_what_it_missed() -> None:
    chat = Chat("cam", tenant=TENANT)
    log = Log(chat)
    await log.say(said("a"), said("b"), said("c"))
    history = chat.history(1)
    assert [word["text"] for word in read(history.frames)] == ["b", "c"]
    assert not history.is_anew
    assert chat.history(3).frames == b""


async def test_who_was_away_for_too_long_begins_anew() -> None:
    chat = Chat("cam", tenant=TENANT)
    log = Log(chat)
    await log.say(*(said(str(number)) for number in range(KEPT + 10)))
    assert not chat.history(10).is_anew
    history = chat.history(9)
    assert history.is_anew
    assert len(read(history.frames)) == LATEST


async def test_removed_messages_are_taken_from_all_and_from_history() -> None:
    chat, told = Chat("cam", tenant=TENANT), Told()
    log = Log(chat)
    chat.join(told)
    await log.say(said("a"), said("b"))
    await log.say(ChatRemoved(tenant=TENANT, stream="cam", messages=(1,)))
    assert told.words[-1] == {"type": "removed", "ids": [1]}
    assert [word["text"] for word in read(chat.history(None).frames)] == ["b"]
    # Who was away meanwhile still shows it.
    assert chat.history(2).is_anew


async def test_who_is_banned_is_heard_no_more_and_what_it_said_goes() -> None:
    chat, told = Chat("cam", tenant=TENANT), Told()
    log = Log(chat)
    chat.join(told)
    await log.say(said("a"), said("b", BEN, network="office"))
    await log.say(ChatBanned(tenant=TENANT, stream="cam", ban=ban()))
    assert told.words[-1] == {"type": "banned", "author": ANN.id}
    # Said at another gateway, which had not heard of the ban yet.
    await log.say(said("c"), said("d", BEN), said("e", BEN, network="office"))
    assert told.texts == ["a", "b", "e"]
    assert [word["text"] for word in read(chat.history(None).frames)] == ["b", "e"]
    await log.say(ChatUnbanned(tenant=TENANT, stream="cam", ban="ban-1"), said("f"))
    assert told.texts == ["a", "b", "e", "f"]


def test_a_ban_covers_its_author_anywhere_and_anybody_in_its_network_until_it_ends() -> None:
    chat = Chat("cam", tenant=TENANT)
    until = NOW + timedelta(minutes=1)
    state = ChatState(tenant=TENANT, settings=ChatSettings(), bans=(ban(until),), latest=())
    chat.begin(state, [])
    assert chat.ban_of(ANN.id, "elsewhere", NOW)
    assert chat.ban_of("another", "home", NOW)
    assert not chat.ban_of("another", "elsewhere", NOW)
    assert not chat.ban_of(ANN.id, "home", until)
    nowhere = ChatState(tenant=TENANT, settings=ChatSettings(), bans=(ban(network=""),), latest=())
    chat.begin(nowhere, [])
    assert not chat.ban_of("another", "", NOW)


async def test_settings_are_told_and_older_ones_are_not() -> None:
    chat, told = Chat("cam", tenant=TENANT), Told()
    log = Log(chat)
    chat.join(told)

    def changed(revision: int, slow_s: int) -> ChatChanged:
        return ChatChanged(
            tenant=TENANT, stream="cam", revision=revision, is_open=True, slow_s=slow_s
        )

    await log.say(changed(5, 30), changed(4, 0))
    assert told.words == [{"type": "settings", "is_open": True, "slow_s": 30}]
    assert chat.settings.slow_s == 30


def test_a_chat_begins_with_what_the_catalog_knows_and_what_it_does_not_know_yet() -> None:
    chat = Chat("cam", tenant=TENANT)
    log = Log(chat)
    for key in "abcd":
        log.next(said(key))
    log.next(ChatRemoved(tenant=TENANT, stream="cam", messages=(3,)))
    latest = [
        ChatMessage(id=each.sequence, at=each.at, author=ANN, text=each.data.text)  # type: ignore[attr-defined]
        for each in log.all[:2]
    ]
    state = ChatState(
        tenant=TENANT, settings=ChatSettings(is_open=True), bans=(), latest=tuple(latest)
    )
    chat.begin(state, log.all[1:])
    assert [word["text"] for word in read(chat.history(None).frames)] == ["a", "b", "d"]
