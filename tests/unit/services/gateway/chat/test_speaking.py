"""What it takes to say something."""

from datetime import UTC, datetime, timedelta

import pytest

from libs.bus import BusUnavailable
from libs.events import ChatAuthor, ChatBan, ChatSaid, ChatSettings, ChatState
from services.gateway.chat.chat import Chat
from services.gateway.chat.errors import AuthorBanned, ChatClosed, SlowMode, TextEmpty, TooFast
from services.gateway.chat.speaking import AUTHOR_BURST, NETWORK_BURST
from tests.unit.services.gateway.chat.memory_log import ANN, TENANT, MemoryChats

MOD = ChatAuthor(id="mmod", name="Mod", kind="moderator")


def chat_of(
    *,
    is_open: bool = True,
    slow_s: int = 0,
    bans: tuple[ChatBan, ...] = (),
    tenant: str = TENANT,
) -> Chat:
    chat = Chat("cam", tenant=tenant)
    settings = ChatSettings(revision=1, is_open=is_open, slow_s=slow_s)
    chat.begin(ChatState(tenant=tenant, settings=settings, bans=bans, latest=()), [])
    return chat


async def say(
    memory: MemoryChats,
    chat: Chat,
    text: str = "Hello",
    *,
    author: ChatAuthor = ANN,
    network: str = "home",
    key: str = "1",
) -> int:
    return await memory.speaking.say(chat, author, network, key=key, text=text)


async def test_what_is_said_stands_in_the_log_clean() -> None:
    memory = MemoryChats()
    number = await say(memory, chat_of(), " Hello\n")
    (logged,) = memory.log.logged
    assert logged.sequence == number
    assert isinstance(logged.data, ChatSaid)
    assert (logged.data.text, logged.data.author, logged.data.network) == ("Hello", ANN, "home")


async def test_what_is_said_is_of_the_streams_tenant() -> None:
    memory = MemoryChats()
    await say(memory, chat_of(tenant="acme"))
    (logged,) = memory.log.logged
    assert isinstance(logged.data, ChatSaid)
    assert logged.data.tenant == "acme"


async def test_the_same_message_sent_again_is_said_once() -> None:
    memory, chat = MemoryChats(), chat_of()
    assert await say(memory, chat) == await say(memory, chat)
    assert len(memory.log.logged) == 1


async def test_a_closed_chat_is_for_moderators() -> None:
    memory, chat = MemoryChats(), chat_of(is_open=False)
    with pytest.raises(ChatClosed):
        await say(memory, chat)
    await say(memory, chat, author=MOD)
    assert len(memory.log.logged) == 1


async def test_who_is_banned_hears_until_when() -> None:
    now = datetime.now(UTC)
    until = now + timedelta(days=1)
    ban = ChatBan(id="b", author=ANN, network="", reason="", created_at=now, until=until)
    with pytest.raises(AuthorBanned, match=f"{until:%Y-%m-%d}"):
        await say(MemoryChats(), chat_of(bans=(ban,)))


async def test_nobody_floods_a_chat() -> None:
    memory, chat = MemoryChats(), chat_of()
    for number in range(AUTHOR_BURST):
        await say(memory, chat, key=str(number))
    with pytest.raises(TooFast) as caught:
        await say(memory, chat, key="more")
    assert 0 < caught.value.wait_s < 60
    assert len(memory.log.logged) == AUTHOR_BURST


async def test_many_guests_of_one_network_flood_it_no_more_than_one() -> None:
    memory, chat = MemoryChats(), chat_of()
    guests = [ChatAuthor(id=f"g{number}", name="x", kind="guest") for number in range(50)]
    said = 0
    for guest in guests:
        try:
            await say(memory, chat, author=guest)
            said += 1
        except TooFast:
            continue
    # Some of them come back while the test runs.
    assert NETWORK_BURST <= said < len(guests)
    await say(memory, chat, author=guests[-1], network="elsewhere")


async def test_what_is_refused_counts_too() -> None:
    memory, chat = MemoryChats(), chat_of()
    for _ in range(AUTHOR_BURST):
        with pytest.raises(TextEmpty):
            await say(memory, chat, " ")
    with pytest.raises(TooFast):
        await say(memory, chat, "Hello")


async def test_slow_mode_is_kept_among_all_gateways() -> None:
    memory, chat = MemoryChats(), chat_of(slow_s=30)
    await say(memory, chat, key="1")
    assert memory.turns.taken == [(f"cam.{ANN.id}", 30)]
    memory.turns.waits_s[f"cam.{ANN.id}"] = 12.0
    with pytest.raises(SlowMode) as caught:
        await say(memory, chat, key="2")
    assert caught.value.wait_s == 12.0
    await say(memory, chat, author=MOD)
    assert len(memory.log.logged) == 2


async def test_a_turn_that_came_to_nothing_is_given_back() -> None:
    memory, chat = MemoryChats(), chat_of(slow_s=30)
    memory.log.is_away = True
    with pytest.raises(BusUnavailable):
        await say(memory, chat)
    assert memory.turns.given_back == [f"cam.{ANN.id}"]
