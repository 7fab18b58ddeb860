"""What memory cannot answer: counted, traced, and fetched once for all who ask."""

from collections.abc import Callable, Coroutine
from typing import Any

from opentelemetry import propagate, trace

from services.gateway import metrics
from services.gateway.playback.flights import Flights
from services.gateway.playback.reply import Asked, Immutable, Reply
from services.gateway.playback.routes import MediaRoute

Fetch = Callable[[], Coroutine[Any, Any, Reply | Immutable]]

_tracer = trace.get_tracer("weir.gateway")


class Misses:
    def __init__(self) -> None:
        self._flights: Flights[Reply | Immutable] = Flights()

    async def answer(self, route: MediaRoute, asked: Asked, key: str, fetch: Fetch) -> Reply:
        """What `fetch` brings, or the fetch of `key` that is under way, as `asked` wants it."""
        metrics.MISSES.labels(route.kind.value).inc()
        parent = propagate.extract({"traceparent": (asked.traceparent or b"").decode("latin-1")})
        with _tracer.start_as_current_span(
            f"gateway.{route.kind.value}",
            parent,
            kind=trace.SpanKind.SERVER,
            attributes={"weir.stream": route.stream},
        ):
            found = await self._flights.fly(key, fetch)
        return found.answer(asked) if isinstance(found, Immutable) else found

    async def close(self) -> None:
        await self._flights.close()
