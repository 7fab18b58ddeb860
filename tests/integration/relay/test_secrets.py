"""A stream key that a relay is given is in no log, trace, metric, answer, command line or fact."""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.rtmp import RTMPRefused, RTMPServer, StreamRequest
from tests.media import encode, push
from tests.nginx_rtmp import nginx_rtmp
from tests.running import RunningWeir
from tests.srt_listener import SRTListener, need_srt
from tests.waiting import until

pytestmark = pytest.mark.integration

KEY = "k3y0f4n0therpl4tf0rm"
PLACES = ("streams", "sessions", "jobs", "dead-letters", "health")


class TalkativeDoor:
    """A server that refuses, and repeats the stream key in its words."""

    async def publish(self, request: StreamRequest) -> Any:
        raise RTMPRefused("NetStream.Publish.BadName", f"{request.name} is taken")

    async def play(self, request: StreamRequest) -> Any:
        raise RTMPRefused("NetStream.Play.StreamNotFound", f"no {request.name}")


class Collector:
    """An OTLP/HTTP receiver that keeps what it is sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    thread = threading.Thread(target=running.server.serve_forever)
    thread.start()
    yield running
    running.server.shutdown()
    running.server.server_close()
    thread.join()


async def test_stream_key_of_a_target_is_nowhere(
    own_weir: RunningWeir, collector: Collector, tmp_path: Path
) -> None:
    own_weir.environment = {
        "WEIR_EGRESS_ALLOW": "127.0.0.0/8",
        "WEIR_OTLP_ENDPOINT": collector.url,
        "WEIR_LOG_LEVEL": "debug",
    }
    own_weir.start()
    need_srt()
    srt = SRTListener(KEY)
    talkative = RTMPServer(TalkativeDoor())
    port = await talkative.start("127.0.0.1", 0)
    with nginx_rtmp(tmp_path / "far") as nginx:
        stream = own_weir.create_stream(
            reconnectWindow=1, isRelay=True, relayURL=nginx.url(f"{KEY}item")
        )
        path = f"/api/v1/streams/{stream['id']}/relay-targets"
        urls = [
            nginx.url(f"{KEY}?pass={KEY}"),
            f"rtmp://127.0.0.1:{port}/live/{KEY}?pass={KEY}",
            f"srt://127.0.0.1:{srt.port}?streamid={KEY}&passphrase={KEY}",
            f"srt://127.0.0.1:{srt.port}?streamid={KEY}&passphrase=not{KEY}",
        ]
        made = [own_weir.call("POST", path, {"name": "x", "url": url}) for url in urls]
        answers = [json.dumps(made), *_refusals(own_weir, path)]
        publisher = push(
            encode(tmp_path / "in.flv", seconds=8, size="160x90", gop=25), stream["push"]["url"]
        )
        wanted = ["failed", "failed", "live", "live", "live"]
        await until(lambda: _states(own_weir, path) == wanted, within_s=20, what="all tried")
        details = own_weir.call("GET", path)["targets"]
        assert "… is taken" in str([target["detail"] for target in details])
        assert srt.stream_ids == [KEY]
        answers += [json.dumps(own_weir.call("GET", f"/api/v1/{place}")) for place in PLACES]
        answers += [json.dumps(details), _command_lines(), _metrics(own_weir)]
        assert await asyncio.to_thread(publisher.wait, 30) == 0
        own_weir.call("PATCH", f"{path}/{made[0]['id']}", {"url": urls[0] + "2"})
        own_weir.call("DELETE", f"{path}/{made[1]['id']}")
        await until(
            lambda: any(b"relay.connect" in body for body in collector.bodies), what="spans"
        )
        await asyncio.to_thread(own_weir.stop)
    await until(lambda: not talkative.connections, what="the last relay is gone")
    await talkative.stop()
    srt.close()

    for answer in answers:
        assert KEY not in answer
    assert all(KEY.encode() not in body for body in collector.bodies)
    searched = [
        file
        for file in own_weir.data_dir.rglob("*")
        if file.is_file() and not file.name.startswith("catalog.sqlite")
    ]
    assert any("jetstream" in str(file) for file in searched)
    assert [file for file in searched if KEY.encode() in file.read_bytes()] == []
    # The search finds what is there: the catalog keeps the addresses.
    kept = b"".join(file.read_bytes() for file in own_weir.data_dir.glob("catalog.sqlite*"))
    assert KEY.encode() in kept


def _refusals(weir: RunningWeir, path: str) -> list[str]:
    """What the API says to bodies that are wrong around the key."""
    headers = {"x-api-key": weir.credentials["api_key"]}
    bodies: list[Any] = [
        {"name": "x", "url": f"http://127.0.0.1/{KEY}"},
        {"name": "x", "url": f"rtmp://10.0.0.1/live/{KEY}"},
        {"name": [KEY], "url": KEY},
        [KEY],
    ]
    answers = [httpx2.post(weir.http_url + path, json=body, headers=headers) for body in bodies]
    assert {answer.status_code for answer in answers} <= {400, 403, 422}
    return [answer.text for answer in answers]


def _states(weir: RunningWeir, path: str) -> list[str]:
    return sorted(target["state"] for target in weir.call("GET", path)["targets"])


def _command_lines() -> str:
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(process.read_text(errors="replace"))
        except OSError:
            continue  # it has ended meanwhile
    return "\n".join(lines)


def _metrics(weir: RunningWeir) -> str:
    """Of every service, by the address that it logged."""
    token = weir.credentials["internal_token"]
    texts = []
    for log in (weir.data_dir / "logs").glob("*.log"):
        for line in log.read_text().splitlines():
            if '"service.started"' in line:
                url = json.loads(line)["url"]
                headers = {"authorization": f"Bearer {token}"}
                texts.append(httpx2.get(f"{url}/metrics", headers=headers).text)
    assert "weir_relay_sent_bytes_total" in "".join(texts)
    return "\n".join(texts)
