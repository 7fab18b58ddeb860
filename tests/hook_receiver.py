"""A receiver of webhooks, as somebody would write one: it verifies, and remembers what it got."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from standardwebhooks import Webhook


class Got(NamedTuple):
    id: str
    sequence: int
    payload: dict[str, Any]
    traceparent: str


class HookReceiver:
    """`status` and `body` are its answer; while `hangs` is clear it answers at once."""

    def __init__(self) -> None:
        self.secret = ""
        self.got: list[Got] = []
        self.asked = 0
        """How often anything came, whatever it was answered with."""
        self.status, self.body = 204, b""
        self.hangs, self.released = threading.Event(), threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["content-length"]))
        self.asked += 1
        if self.hangs.is_set():
            self.released.wait(60)
            return
        if self.status < 300:
            payload = Webhook(self.secret).verify(body, dict(request.headers.items()))
            assert payload == json.loads(body)
            headers = request.headers
            self.got.append(
                Got(
                    headers["webhook-id"], int(headers["weir-sequence"]), payload,
                    headers.get("traceparent", ""),
                )
            )  # fmt: skip
        request.send_response(self.status)
        request.send_header("content-length", str(len(self.body)))
        request.end_headers()
        request.wfile.write(self.body)

    def types(self, stream: str | None = None) -> list[str]:
        """Of what it got (of a stream), in the log's order."""
        found = sorted(self.got, key=lambda got: got.sequence)
        return [
            got.payload["type"]
            for got in found
            if stream is None or got.payload["data"].get("stream") == stream
        ]

    def streams(self) -> set[str]:
        return {got.payload["data"].get("stream", "") for got in self.got}


@contextmanager
def receiving() -> Iterator[HookReceiver]:
    receiver = HookReceiver()
    thread = threading.Thread(target=receiver.server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()
