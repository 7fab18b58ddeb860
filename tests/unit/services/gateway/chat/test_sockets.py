"""A chat's WebSocket at the public door, well and badly treated."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame
from websockets.frames import Opcode as TheirOpcode

from libs.events import Stream
from services.gateway.api.app import build_api
from services.gateway.api.house import House
from services.gateway.chat import connection, participant
from services.gateway.door import Door
from tests.chatting import Chatter
from tests.unit.services.gateway.chat.memory_log import TENANT, MemoryChats, said
from tests.unit.services.gateway.conftest import (
    API_KEY,
    CREATED_AT,
    PASSWORD,
    MemoryCatalog,
    client_of,
    house_of,
    settings_of,
)
from tests.unit.services.gateway.one_stream import WEBSOCKET, OneSegmentPlayer, Peer, get
from tests.waiting import until


@dataclass
class Room:
    """A house with one stream whose chat is open, and its door."""

    house: House
    memory: MemoryChats
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/watch/cam/chat"


@pytest.fixture(scope="module")
def api() -> FastAPI:
    """Made once: its two hundred routes take longer than most tests."""
    return build_api()


@pytest.fixture
async def room(tmp_path: Path, player: OneSegmentPlayer, api: FastAPI) -> AsyncIterator[Room]:
    house = house_of(settings_of(), tmp_path)
    memory = MemoryChats(most=20, most_of_address=10)
    memory.open()
    memory.open("theirs")
    house.chats = memory.chats
    catalog = house.catalog
    assert isinstance(catalog, MemoryCatalog)
    for name, tenant in (("cam", TENANT), ("signed", TENANT), ("theirs", "acme")):
        catalog.streams[name] = Stream(
            tenant=tenant,
            id=name,
            created_at=CREATED_AT,
            expires_at=CREATED_AT,
            key="k",
            item={},
            view_policy="signed" if name == "signed" else "public",
        )
    api.state.house = house
    door = Door(api, player, host="127.0.0.1", port=0)  # type: ignore[arg-type]
    serving = asyncio.create_task(door.serve())
    looking = asyncio.create_task(house.chats.run())
    yield Room(house, memory, door.port)
    looking.cancel()
    house.chats.close()
    door.close()
    await serving


async def test_two_talk_and_a_third_reads(room: Room) -> None:
    async with Chatter.open(room.url) as ann, Chatter.open(room.url) as ben:
        welcome = await ann.join("Ann")
        assert welcome["author"]["name"] == "Ann"
        assert welcome["author"]["kind"] == "guest"
        assert (welcome["is_open"], welcome["can_moderate"], welcome["is_anew"]) == (
            True,
            False,
            True,
        )
        await ben.join(" Ben ")
        answer = await ann.say("Hello")
        await until(lambda: ben.texts == ann.texts == ["Hello"])
        (word,) = ben.shown.values()
        assert word["id"] == answer["id"]
        assert word["author"] == welcome["author"]
        async with Chatter.open(room.url) as reader:
            assert (await reader.join())["author"] is None
            await until(lambda: reader.texts == ["Hello"])
            assert (await reader.say("Me too"))["code"] == "chat_name_missing"
            await ben.say("Bye")
            await until(lambda: reader.texts == ["Hello", "Bye"])


async def test_a_guest_comes_back_as_itself_and_hears_what_it_missed(room: Room) -> None:
    async with Chatter.open(room.url) as ann:
        first = await ann.join("Ann")
        last = (await ann.say("one"))["id"]
    await room.memory.log.publish(said("two"))
    async with Chatter.open(room.url) as ann:
        again = await ann.join("Ann", **{"pass": first["pass"], "after": last})
        assert again["author"] == first["author"]
        assert not again["is_anew"]
        await until(lambda: ann.texts == ["two"])


async def test_a_moderator_signed_in_at_the_console_has_its_mark(room: Room) -> None:
    async with client_of(room.house, origin="http://weir.test") as console:
        answer = await console.post("/api/v1/login", json={"user": "admin", "password": PASSWORD})
        assert answer.status_code == 200
        headers = {"cookie": f"weir_session={console.cookies['weir_session']}"}
    async with Chatter.open(room.url, additional_headers=headers) as mod:
        welcome = await mod.join("Mod")
        assert (welcome["author"]["kind"], welcome["can_moderate"]) == ("moderator", True)
        chat = room.memory.chats._chats["cam"]
        chat.settings = chat.settings.model_copy(update={"is_open": False})
        assert (await mod.say("Closed for tonight"))["type"] == "said"
        async with Chatter.open(room.url) as ann:
            await ann.join("Ann")
            assert (await ann.say("But why"))["code"] == "chat_closed"


async def test_a_moderator_is_a_viewer_in_the_chat_of_another_tenants_stream(room: Room) -> None:
    headers = {"x-api-key": API_KEY}
    url = room.url.replace("cam", "theirs")
    async with Chatter.open(url, additional_headers=headers) as ann:
        welcome = await ann.join("Ann")
        assert (welcome["author"]["kind"], welcome["can_moderate"]) == ("guest", False)
        assert (await ann.say("Hello"))["type"] == "said"


# --- who may come ---------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://127.0.0.1.evil.test"])
async def test_a_page_of_another_origin_is_refused(room: Room, origin: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with Chatter.open(room.url, origin=origin):
            pass
    assert caught.value.response.status_code == 403
    async with Chatter.open(room.url, origin="http://weir.test") as ours:
        await ours.join("Ann")
    async with Chatter.open(room.url, origin=f"http://127.0.0.1:{room.port}") as here:
        await here.join("Ann")


@pytest.mark.parametrize(("stream", "status"), [("signed", 403), ("none", 404)])
async def test_who_may_not_watch_may_not_read(room: Room, stream: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with Chatter.open(room.url.replace("cam", stream)):
            pass
    assert caught.value.response.status_code == status


async def test_what_is_no_handshake_is_told_so(room: Room) -> None:
    async with client_of(room.house, **{"x-api-key": API_KEY}) as client:
        assert (await client.get("/watch/cam/chat")).status_code == 426
    peer = Peer(*await asyncio.open_connection("127.0.0.1", room.port))
    old = [line.replace("13", "8") for line in WEBSOCKET]
    peer.send(get("/watch/cam/chat", *old))
    assert (await peer.answer())[0] == 426
    peer.writer.close()


async def test_many_connections_from_one_address_leave_room_for_others(room: Room) -> None:
    async with asyncio.TaskGroup() as group:
        held: list[asyncio.Task[None]] = []
        enough = asyncio.Event()

        async def hold() -> None:
            async with Chatter.open(room.url):
                await enough.wait()

        held += [group.create_task(hold()) for _ in range(10)]
        await until(lambda: len(room.memory.chats._participants) == 10)
        with pytest.raises(InvalidStatus) as caught:
            async with Chatter.open(room.url):
                pass
        assert caught.value.response.status_code == 429
        async with Chatter.open(room.url, local_addr=("127.0.0.2", 0)) as other:
            await other.join("Ben")
        enough.set()
    await until(lambda: not room.memory.chats._participants)
    assert not room.memory.chats._addresses


async def test_who_is_gone_before_it_was_there_takes_nobodys_place(room: Room) -> None:
    for _ in range(30):
        _, writer = await asyncio.open_connection("127.0.0.1", room.port)
        writer.write(get("/watch/cam/chat", *WEBSOCKET).encode())
        writer.transport.abort()
    async with Chatter.open(room.url, local_addr=("127.0.0.2", 0)) as other:
        await other.join("Ben")
        await until(lambda: len(room.memory.chats._participants) == 1)
    await until(lambda: not room.memory.chats._addresses)


# --- hostile input --------------------------------------------------------------------

UNREADABLE = {
    "no JSON": "hello",
    "an array": "[]",
    "another type": '{"type": "dance"}',
    "no type": "{}",
    "no text": '{"type": "say", "key": "1"}',
    "a number as text": '{"type": "say", "key": "1", "text": 5}',
    "a long key": '{"type": "say", "key": "%s", "text": "x"}' % ("k" * 37),
    "a key with blanks": '{"type": "say", "key": "a b", "text": "x"}',
    "half of a pair": '{"type": "say", "key": "1", "text": "\\ud800"}',
    "deep": "[" * 2000,
    "a join that was": '{"type": "join", "name": "Again"}',
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_is_refused_and_the_rest_goes_on(room: Room, text: str) -> None:
    async with Chatter.open(room.url) as ann:
        await ann.join("Ann")
        await ann.send(text)
        refusal = await ann.hear(lambda word: word["type"] == "refused")
        assert refusal["code"] in ("message_unreadable", "chat_text_empty")
        assert (await ann.say("Still here", key="2"))["type"] == "said"


async def test_names_and_texts_are_text_whatever_stands_in_them(room: Room) -> None:
    name, text = "<b onclick=x>", "<script>alert('1')</script> \u202e\x00\"'`${}"
    async with Chatter.open(room.url) as ann:
        welcome = await ann.join(name)
        assert welcome["author"]["name"] == name
        await ann.say(text)
        await until(lambda: ann.texts == ["<script>alert('1')</script> \"'`${}"])
        async with Chatter.open(room.url) as ben:
            await ben.send({"type": "join", "name": "\u202e\u200b"})
            assert (await ben.hear(lambda _: True))["code"] == "chat_name_wrong"


BROKEN = {
    "invalid UTF-8": (Frame(TheirOpcode.TEXT, b"\xff\xfe"), 1007),
    "binary": (Frame(TheirOpcode.BINARY, b"x"), 1003),
    "too long": (Frame(TheirOpcode.TEXT, b"x" * 5000), 1009),
}


@pytest.mark.parametrize(("frame", "code"), BROKEN.values(), ids=BROKEN.keys())
async def test_what_the_protocol_forbids_ends_the_connection(
    room: Room, frame: Frame, code: int
) -> None:
    peer = Peer(*await asyncio.open_connection("127.0.0.1", room.port))
    peer.send(get("/watch/cam/chat", *WEBSOCKET))
    assert (await peer.answer(has_body=False))[0] == 101
    peer.send(frame.serialize(mask=True))
    assert await peer.reader.readexactly(4) == b"\x88\x02" + code.to_bytes(2, "big")
    assert await peer.is_closed()
    peer.writer.close()


async def test_a_flood_is_cut_off(room: Room) -> None:
    async with Chatter.open(room.url) as ann:
        await ann.join("Ann")
        for number in range(connection.BURST + 5):
            await ann.send({"type": "say", "key": str(number), "text": "x"})
        await until(lambda: ann.close_code == 1008)
    assert len(room.memory.log.logged) < connection.BURST
    await until(lambda: not room.memory.chats._participants)


async def test_who_does_not_join_is_sent_away(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(participant, "JOIN_S", 0.0)
    async with Chatter.open(room.url) as silent:
        (found,) = room.memory.chats._participants
        await found.look()
        await until(lambda: silent.close_code == 1008)


async def test_who_is_silent_is_asked_and_who_is_gone_is_given_up(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SILENT_S", 0.0)
    peer = Peer(*await asyncio.open_connection("127.0.0.1", room.port))
    peer.send(get("/watch/cam/chat", *WEBSOCKET))
    await peer.answer(has_body=False)
    (found,) = room.memory.chats._participants
    await found.look()
    assert await peer.reader.readexactly(2) == b"\x89\x00"
    monkeypatch.setattr(connection, "GONE_S", 0.0)
    await found.look()
    await until(lambda: not room.memory.chats._participants)
    peer.writer.close()


async def test_a_slow_one_is_dropped_and_the_others_hear_all(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CLOSE_S", 0.1)
    peer = Peer(*await asyncio.open_connection("127.0.0.1", room.port, limit=1024))
    peer.send(get("/watch/cam/chat", *WEBSOCKET))
    await peer.answer(has_body=False)
    peer.send(Frame(TheirOpcode.TEXT, b'{"type": "join"}').serialize(mask=True))
    async with Chatter.open(room.url) as ann:
        await ann.join("Ann")
        await until(lambda: len(room.memory.chats._chats["cam"].listeners) == 2)
        logged = room.memory.log.logged
        while len(room.memory.chats._participants) > 1:
            assert len(logged) < 20_000, "nobody is ever too slow"
            for _ in range(50):
                await room.memory.log.publish(said(f"{len(logged)} {'x' * 480}"))
            await until(lambda: len(ann.shown) == len(logged))
        assert ann.close_code is None
    peer.writer.close()


async def test_a_deleted_stream_sends_its_readers_away(room: Room) -> None:
    async with Chatter.open(room.url) as ann:
        await ann.join("Ann")
        room.memory.chats.forget("cam")
        await until(lambda: ann.close_code == 1000)


async def test_a_gateway_that_stops_says_so(room: Room) -> None:
    async with Chatter.open(room.url) as ann:
        await ann.join("Ann")
        room.memory.chats.close()
        await until(lambda: ann.close_code == 1001)
        with pytest.raises(InvalidStatus) as caught:
            async with Chatter.open(room.url):
                pass
        assert caught.value.response.status_code == 503
