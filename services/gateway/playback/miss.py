"""What memory cannot answer: counted, traced, and fetched once for all who ask.

Who waits costs one callback: no task, no timer, no span of its own.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, ClassVar, Protocol

from opentelemetry import propagate, trace

from services.gateway import metrics
from services.gateway.playback.flights import Flights
from services.gateway.playback.growing import Growth
from services.gateway.playback.reply import Asked, Reply
from services.gateway.playback.routes import MediaRoute

_tracer = trace.get_tracer("weir.gateway")


class Found(Protocol):
    """What was fetched once and is answered to each as it was asked for."""

    def answer(self, asked: Asked) -> Reply | Growth: ...


Fetch = Callable[[], Coroutine[Any, Any, Reply | Found]]


class Awaited:
    """An answer that is on its way, maybe for many; `task` must not be cancelled by who waits."""

    __slots__ = ("_asked", "task")

    def __init__(self, task: "asyncio.Task[Reply | Found]", asked: Asked) -> None:
        self.task = task
        self._asked = asked

    def reply(self) -> Reply | Growth:
        """Once `task` is done. Raises what the fetch raised."""
        found = self.task.result()
        return found if isinstance(found, Reply) else found.answer(self._asked)

    def __await__(self) -> Generator[Any, None, Reply | Growth]:
        yield from asyncio.shield(self.task).__await__()
        return self.reply()


Dress = Callable[[Reply | Growth], Reply | Growth]


class Dressed(Awaited):
    """An awaited answer with something changed for whoever asked."""

    __slots__ = ("_dress", "_inner")

    def __init__(self, inner: Awaited, dress: Dress) -> None:
        self.task = inner.task
        self._inner = inner
        self._dress = dress

    def reply(self) -> Reply | Growth:
        return self._dress(self._inner.reply())


class Later:
    """An answer that somebody has to be asked for; None: nothing stands in the way."""

    __slots__ = ("task",)
    _tasks: ClassVar[set["asyncio.Task[Reply | Growth | None]"]] = set()
    """The loop itself would forget them while they wait."""

    def __init__(self, answer: Coroutine[Any, Any, Reply | Growth | None]) -> None:
        self.task = asyncio.create_task(answer)
        self._tasks.add(self.task)
        self.task.add_done_callback(self._tasks.discard)

    def reply(self) -> Reply | Growth | None:
        """Once `task` is done. Raises what it raised."""
        return self.task.result()


class Misses:
    def __init__(self) -> None:
        self._flights: Flights[Reply | Found] = Flights()

    def join(self, route: MediaRoute, asked: Asked, key: str, fetch: Fetch) -> Awaited:
        """What `fetch` brings, or the fetch of `key` that is under way."""
        task = self._flights.join(key, lambda: _traced(route, asked, fetch))
        return Awaited(task, asked)

    def under_way(self, key: str) -> "asyncio.Task[Reply | Found] | None":
        return self._flights.find(key)

    async def close(self) -> None:
        await self._flights.close()


async def _traced(route: MediaRoute, asked: Asked, fetch: Fetch) -> Reply | Found:
    """The span belongs to the trace of who asked first."""
    metrics.MISSES.labels(route.kind.value).inc()
    parent = propagate.extract({"traceparent": (asked.traceparent or b"").decode("latin-1")})
    with _tracer.start_as_current_span(
        f"gateway.{route.kind.value}",
        parent,
        kind=trace.SpanKind.SERVER,
        attributes={"weir.stream": route.stream},
    ):
        return await fetch()
