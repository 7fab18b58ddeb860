"""What was said, minute by minute."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

from libs.events import ChatMessage, ChatMessages, ListChatMessages
from services.gateway.chat.replay import FRESH_S, Replay, minute_of
from tests.unit.services.gateway.chat.memory_log import ANN

MINUTE = 29_455_383
AT = datetime.fromtimestamp(MINUTE * 60, UTC)


class Kept:
    """Messages as the catalog has them, two a page."""

    def __init__(self, count: int) -> None:
        self.messages = [
            ChatMessage(id=number, at=AT + timedelta(seconds=number), author=ANN, text=f"{number}")
            for number in range(1, count + 1)
        ]
        self.asked: list[ListChatMessages] = []
        self.now = 0.0

    async def list_messages(self, ask: ListChatMessages) -> ChatMessages:
        self.asked.append(ask)
        found = [message for message in self.messages if message.id > ask.after]
        more = found[1].id if len(found) > 2 else None
        return ChatMessages(messages=tuple(found[:2]), next_after=more)

    def clock(self) -> float:
        return self.now


async def test_a_minute_is_read_to_its_end_once_for_all_who_ask() -> None:
    kept = Kept(5)
    replay = Replay(kept.list_messages, clock=kept.clock)
    bodies = await asyncio.gather(*(replay.read(minute_of("cam", MINUTE)) for _ in range(20)))
    assert len(set(bodies)) == 1
    assert len(kept.asked) == 3
    assert (kept.asked[0].from_at, kept.asked[0].until_at) == (AT, AT + timedelta(minutes=1))
    found = json.loads(bodies[0])["messages"]
    assert [message["text"] for message in found] == ["1", "2", "3", "4", "5"]
    assert found[0] == {
        "id": 1, "at": (MINUTE * 60 + 1) * 1000, "author": ANN.model_dump(), "text": "1",
    }  # fmt: skip


async def test_what_was_removed_is_gone_soon() -> None:
    kept = Kept(2)
    replay = Replay(kept.list_messages, clock=kept.clock)
    await replay.read(minute_of("cam", MINUTE))
    del kept.messages[0]
    kept.now = FRESH_S - 1
    assert b'"1"' in await replay.read(minute_of("cam", MINUTE))
    kept.now = FRESH_S
    assert b'"1"' not in await replay.read(minute_of("cam", MINUTE))


async def test_what_of_a_minute_may_be_seen_is_kept_apart() -> None:
    kept = Kept(1)
    replay = Replay(kept.list_messages, clock=kept.clock)
    minute = minute_of("cam", MINUTE)
    await replay.read(minute)
    await replay.read(minute._replace(session="69573000-0a0b0c0d"))
    assert [ask.session for ask in kept.asked] == [None, "69573000-0a0b0c0d"]
