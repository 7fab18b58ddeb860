"""Who hears the news."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from libs.events import RelayRequested
from services.relay.relays import Relays
from tests.unit.services.relay.far_end import ORDER, FakeLease


class FakeRelaying:
    def __init__(self, order: RelayRequested) -> None:
        self.order = order
        self.lease = FakeLease()
        self.changed = asyncio.Event()

    async def run(self) -> None:
        await asyncio.Event().wait()

    def look_again(self) -> bool:
        return True


def _spawn(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.create_task(coroutine, name=name)


def order(target: str, session: str) -> RelayRequested:
    job = f"relay-{session}-{target}"
    return ORDER.model_copy(update={"job": job, "target": target, "session": session})


async def test_news_reach_whom_they_are_about() -> None:
    begun: list[FakeRelaying] = []

    async def begin(order: RelayRequested) -> FakeRelaying:
        begun.append(FakeRelaying(order))
        return begun[-1]

    relays = Relays(begin, spawn=_spawn, max_jobs=3)
    for target, session in (("a", "one"), ("a", "two"), ("b", "one")):
        await relays.take(order(target, session))
    relays.target_changed("b")
    assert [each.changed.is_set() for each in begun] == [False, False, True]
    relays.session_changed("one")
    assert [each.changed.is_set() for each in begun] == [True, False, True]
    await relays.stop()
