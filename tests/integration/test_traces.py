"""One trace follows a publish from ingest over the bus to the packager, on to the gateway, and out
to a webhook.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.hook_receiver import receiving
from tests.media import encode, push
from tests.running import RunningWeir
from tests.waiting import until

pytestmark = pytest.mark.integration

SERVICES = {"weir-ingest", "weir-catalog", "weir-packager", "weir-gateway", "weir-relay"}


class Collector:
    """An OTLP/HTTP receiver: which services had a part in which trace."""

    def __init__(self) -> None:
        self.services_by_trace: dict[bytes, set[str]] = defaultdict(set)
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def take(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            name = next(
                item.value.string_value
                for item in resource.resource.attributes
                if item.key == "service.name"
            )
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.services_by_trace[span.trace_id].add(name)


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    thread = threading.Thread(target=running.server.serve_forever)
    thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


async def test_one_trace_spans_the_house(
    own_weir: RunningWeir, collector: Collector, tmp_path: Path
) -> None:
    own_weir.environment = {
        "WEIR_OTLP_ENDPOINT": collector.url,
        "WEIR_EGRESS_ALLOW": "127.0.0.0/8",
    }
    own_weir.start()
    stream = own_weir.create_stream(name="traced", reconnectWindow=1)
    with receiving() as receiver:
        hook = {"url": receiver.url, "types": ["stream.published"]}
        receiver.secret = own_weir.call("POST", "/api/v1/webhooks", hook)["secret"]
        await watch(own_weir, stream, tmp_path)
        await until(lambda: receiver.got, what="the delivery")
    _, trace, _, _ = receiver.got[0].traceparent.split("-")
    await until(
        lambda: collector.services_by_trace[bytes.fromhex(trace)] >= SERVICES,
        what="a trace of all of them",
    )


async def watch(weir: RunningWeir, stream: dict[str, Any], tmp_path: Path) -> None:
    """Somebody publishes, and somebody watches."""
    source = encode(tmp_path / "in.flv", seconds=8)
    publisher = push(source, stream["push"]["url"])
    await asyncio.sleep(3)
    async with (
        httpx2.AsyncClient(base_url=weir.http_url) as client,
        client.stream("GET", f"/{stream['id']}/live.flv") as flv,
    ):
        async for _ in flv.aiter_bytes():
            break
    assert await asyncio.to_thread(publisher.wait, 30) == 0
