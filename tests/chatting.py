"""Somebody in a chat, over a real WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.running import RunningWeir
from tests.waiting import until

Word = dict[str, Any]


def open_chat(weir: RunningWeir, name: str, **settings: Any) -> dict[str, Any]:
    """A stream whose chat is open."""
    stream = weir.create_stream(name=name, reconnectWindow=1)
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}/chat", {"is_open": True} | settings)
    return stream


class Chatter:
    """Keeps all that it is told; `shown` is what a page would show of it."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[Word] = []
        self.shown: dict[int, Word] = {}
        """Messages by id."""
        self.welcome: Word = {}
        self._reading = asyncio.create_task(self._read())

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, **options: Any) -> AsyncIterator[Self]:
        """`url`: of the chat, `http://…/watch/<id>/chat`."""
        async with connect("ws" + url.removeprefix("http"), **options) as connection:
            chatter = cls(connection)
            try:
                yield chatter
            finally:
                chatter._reading.cancel()

    @property
    def texts(self) -> list[str]:
        return [word["text"] for word in self.shown.values()]

    @property
    def close_code(self) -> int | None:
        return self.connection.close_code

    async def send(self, word: Word | str | bytes) -> None:
        await self.connection.send(json.dumps(word) if isinstance(word, dict) else word)

    async def join(self, name: str | None = None, **more: Any) -> Word:
        """The welcome."""
        await self.send({"type": "join", "name": name, **more})
        await until(lambda: self.welcome, what="a welcome")
        return self.welcome

    async def say(self, text: str, key: str = "1") -> Word:
        """What is answered: `said` or `refused`."""
        known = len(self.heard)
        await self.send({"type": "say", "key": key, "text": text})
        return await self.hear(
            lambda word: word["type"] in ("said", "refused") and word["key"] == key, known
        )

    async def hear(self, is_it: Callable[[Word], bool], known: int = 0) -> Word:
        """The first such word of those after `known`, as soon as it comes."""

        def find() -> Word | None:
            return next((word for word in self.heard[known:] if is_it(word)), None)

        await until(find, what=f"a word after {self.heard[-3:]}, closed {self.close_code}")
        found = find()
        assert found is not None
        return found

    async def _read(self) -> None:
        try:
            async for data in self.connection:
                self._take(json.loads(data))
        except ConnectionClosed:
            return  # `close_code` tells

    def _take(self, word: Word) -> None:
        self.heard.append(word)
        match word["type"]:
            case "welcome":
                self.welcome = word
                if word["is_anew"]:
                    self.shown.clear()
            case "message":
                self.shown[word["id"]] = word
            case "removed":
                for number in word["ids"]:
                    self.shown.pop(number, None)
            case "banned":
                for number, said in list(self.shown.items()):
                    if said["author"]["id"] == word["author"]:
                        del self.shown[number]
