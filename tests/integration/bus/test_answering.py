"""What an asker hears of an ask that fails, and what becomes of one when the process stops."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from pydantic import TypeAdapter

from libs.bus import Bus, RemoteError, answering, tracing
from libs.errors import NotFound
from libs.events import GetStream, Stream, Written
from tests.nats_server import NATSServer

pytestmark = pytest.mark.integration

Start = Callable[..., Awaitable[None]]
ASK = GetStream(tenant="default", id="cam-1")


class StreamUnknown(NotFound):
    code = "stream_unknown"


async def asked(
    nats: NATSServer, start: Start, answer: Callable[[GetStream], Awaitable[Stream | Written]]
) -> tuple[Bus, Bus]:
    """Who answers and who asks."""
    catalog, gateway = nats.bus("catalog/1", provisions=True), nats.bus("gateway/1")
    catalog.on_ask(GetStream)(answer)
    await start(catalog, gateway)
    return catalog, gateway


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """All of the bus's that end from now on."""
    found = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(found))
    monkeypatch.setattr(tracing, "tracer", provider.get_tracer("test"))
    return found


async def test_malformed_ask_is_told_what_is_wrong(nats: NATSServer, start: Start) -> None:
    async def answer(_: GetStream) -> Stream:
        raise AssertionError("it must not be handed on")

    _, gateway = await asked(nats, start, answer)
    without_id: dict[str, Any] = {"tenant": "default"}
    malformed = GetStream.model_construct(**without_id)
    with pytest.raises(RemoteError, match="id: Field required") as caught:
        await gateway.ask(malformed)
    assert (caught.value.code, caught.value.status) == ("invalid", 422)


async def test_wrong_value_that_a_handler_meets_is_no_fault_of_the_askers(
    nats: NATSServer, start: Start
) -> None:
    async def answer(_: GetStream) -> Stream:
        return TypeAdapter(Stream).validate_python({"id": 7})

    _, gateway = await asked(nats, start, answer)
    with pytest.raises(RemoteError) as caught:
        await gateway.ask(ASK)
    assert (caught.value.code, caught.value.status) == ("internal_error", 500)


async def test_answer_that_the_bus_does_not_take_fails_at_once(
    nats: NATSServer, start: Start
) -> None:
    async def answer(_: GetStream) -> Written:
        return Written(b'"%b"' % (b"x" * 2 * 1024 * 1024))

    _, gateway = await asked(nats, start, answer)
    with pytest.raises(RemoteError) as caught:
        await gateway.ask(ASK, timeout_s=30)
    assert caught.value.code == "internal_error"


async def test_span_of_an_answer_goes_on_with_the_askers_trace(
    nats: NATSServer, start: Start, spans: InMemorySpanExporter
) -> None:
    async def answer(ask: GetStream) -> Stream:
        if ask.id == "lost":
            raise StreamUnknown("There is no such stream.")
        raise RuntimeError("a fault of ours")

    _, gateway = await asked(nats, start, answer)
    with tracing.tracer.start_as_current_span("asker"):
        for name in ("lost", "broken"):
            with pytest.raises(RemoteError):
                await gateway.ask(GetStream(tenant="default", id=name))
    lost, broken, asker = (each for each in spans.get_finished_spans())
    assert [lost.name, broken.name] == ["answer catalog.stream.get"] * 2
    for each in (lost, broken):
        assert each.parent is not None
        assert each.parent.span_id == asker.context.span_id
    assert (lost.status.status_code, broken.status.status_code) == (
        StatusCode.UNSET,
        StatusCode.ERROR,
    )


@pytest.mark.parametrize("is_connected", [True, False])
async def test_answer_that_takes_too_long_ends_with_the_bus(
    nats: NATSServer, start: Start, monkeypatch: pytest.MonkeyPatch, is_connected: bool
) -> None:
    monkeypatch.setattr(answering, "LEAVE_S", 0.2)
    taken, ended = asyncio.Event(), asyncio.Event()

    async def answer(_: GetStream) -> Stream:
        taken.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    catalog, gateway = await asked(nats, start, answer)
    asking = asyncio.create_task(gateway.ask(ASK))
    await taken.wait()
    if not is_connected:
        nats.kill()
    async with asyncio.timeout(10):
        await catalog.stop()
    assert ended.is_set()
    asking.cancel()
