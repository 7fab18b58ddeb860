"""The chats that are read through one gateway."""

import asyncio

import pytest

from libs.bus import RemoteError
from libs.events import ChatState
from services.gateway.chat import chats as module
from services.gateway.chat.chats import Chats
from tests.unit.services.gateway.chat.memory_log import MemoryChats, said
from tests.unit.services.gateway.chat.test_chat import Told, read


def texts_of(memory: MemoryChats, stream: str) -> list[object]:
    history = memory.chats._chats[stream].history(None)
    return [word["text"] for word in read(history.frames)]


async def test_the_catalog_is_asked_once_for_all_who_come() -> None:
    memory = MemoryChats()
    await asyncio.gather(*(memory.chats.open("cam") for _ in range(50)))
    await memory.chats.open("cam")
    assert memory.asked == ["cam"]


async def test_what_was_said_before_the_catalog_knew_is_there() -> None:
    memory = MemoryChats()
    await memory.log.publish(said("before"))
    await memory.log.publish(said("elsewhere", stream="other"))
    await memory.chats.open("cam")
    await memory.log.publish(said("after"))
    assert texts_of(memory, "cam") == ["before", "after"]


async def test_what_is_said_while_the_catalog_is_asked_is_there_once() -> None:
    memory = MemoryChats()
    asked, answered = asyncio.Event(), asyncio.Event()

    async def find(stream: str) -> ChatState:
        asked.set()
        await answered.wait()
        return memory.states[stream]

    memory.open()
    memory.chats = Chats(find, memory.speaking, most=10, most_of_address=10)
    memory.log.followers = [memory.chats.hear]
    opening = asyncio.create_task(memory.chats.open("cam"))
    await asked.wait()
    await memory.log.publish(said("meanwhile"))
    answered.set()
    await opening
    assert texts_of(memory, "cam") == ["meanwhile"]


async def test_a_stream_that_is_not_there_has_no_chat() -> None:
    memory = MemoryChats()

    async def find(_: str) -> ChatState:
        raise RemoteError(
            code="stream_unknown", status=404, detail="None.", blame="caller", retry=False
        )

    chats = Chats(find, memory.speaking, most=10, most_of_address=10)
    for _ in range(2):
        with pytest.raises(RemoteError):
            await chats.open("cam")


async def test_chats_that_nobody_reads_are_forgotten_and_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    memory = MemoryChats()
    (await memory.chats.open("read")).join(Told())
    for stream in ("b", "c", "d"):
        await memory.chats.open(stream)
    assert "read" in memory.chats._chats
    assert len(memory.chats._chats) == 2
