"""Who reads an object for long keeps it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from libs.bus import AskTimedOut
from libs.events import Ask, DeferDiscards, Nothing
from services.gateway.api.kept import FOR_S, kept

EVERY_S = 0.005


class Catalog:
    """Answers every second ask too late."""

    def __init__(self) -> None:
        self.asked: list[Ask[Any]] = []
        self.is_asked_twice = asyncio.Event()

    async def ask(self, ask: Ask[Any], *, timeout_s: float = 5) -> Any:
        self.asked.append(ask)
        if len(self.asked) % 2:
            raise AskTimedOut("It took too long.")
        self.is_asked_twice.set()
        return Nothing()

    async def ask_all(self, *_: Any, **__: Any) -> Any:
        raise AssertionError

    async def broadcast(self, *_: Any) -> None:
        raise AssertionError


async def test_object_is_kept_while_it_is_read_and_no_longer() -> None:
    catalog = Catalog()

    async def read(first: int, last: int) -> AsyncIterator[bytes]:
        yield bytes((first,))
        await asyncio.wait_for(catalog.is_asked_twice.wait(), 10)
        yield bytes((last,))

    others = len(asyncio.all_tasks())
    reading = kept(read, catalog, "a/key", every_s=EVERY_S)
    assert [chunk async for chunk in reading(1, 2)] == [b"\x01", b"\x02"]
    assert set(catalog.asked) == {DeferDiscards(keys=("a/key",), for_s=FOR_S)}
    assert len(asyncio.all_tasks()) == others, "nobody goes on saying so"


async def test_what_is_read_at_once_is_no_news() -> None:
    catalog = Catalog()

    async def read(_first: int, _last: int) -> AsyncIterator[bytes]:
        yield b"all"

    assert [chunk async for chunk in kept(read, catalog, "a/key")(0, 2)] == [b"all"]
    assert catalog.asked == []
