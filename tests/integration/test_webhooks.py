"""Webhooks and server-sent events of a whole Weir."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.hook_receiver import HookReceiver, receiving
from tests.ports import free_port
from tests.running import RunningWeir
from tests.waiting import until, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

EXAMPLE = Path(__file__).parents[2] / "examples" / "webhook_receiver.py"
LOOPBACK = {
    "WEIR_EGRESS_ALLOW": "127.0.0.0/8",
    "WEIR_WEBHOOK_RETRIES_S": "0.5,0.5,1,1,2,2,2,4,4,4",
}
QUICK_S = 10.0
"""Less than a receiver that hangs is waited for."""


@pytest.fixture(scope="module")
def open_weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    """Its operator lets users name loopback."""
    running = RunningWeir(tmp_path_factory.mktemp("open"), dict(LOOPBACK))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with receiving() as receiver:
        yield receiver


def add(weir: RunningWeir, receiver: HookReceiver | None = None, **more: Any) -> dict[str, Any]:
    url = {"url": receiver.url} if receiver is not None else {}
    hook: dict[str, Any] = weir.call("POST", "/api/v1/webhooks", url | more)
    if receiver is not None:
        receiver.secret = hook["secret"]
    return hook


def look(weir: RunningWeir, hook: dict[str, Any], path: str = "") -> dict[str, Any]:
    seen: dict[str, Any] = weir.call("GET", f"/api/v1/webhooks/{hook['id']}{path}")
    return seen


def is_failing(weir: RunningWeir, hook: dict[str, Any]) -> bool:
    return look(weir, hook)["failing_since"] is not None


def is_completed(weir: RunningWeir, hook: dict[str, Any], replay: str) -> bool:
    return bool(look(weir, hook, replay)["state"] == "completed")


def remove(weir: RunningWeir, hook: dict[str, Any]) -> None:
    weir.call("DELETE", f"/api/v1/webhooks/{hook['id']}")


def has(receiver: HookReceiver, *streams: dict[str, Any]) -> bool:
    return {stream["id"] for stream in streams} <= receiver.streams()


def test_event_is_delivered_signed_and_logged(
    open_weir: RunningWeir, receiver: HookReceiver
) -> None:
    receiver.status, receiver.body = 200, b"<script>alert(1)</script>\0\xff" + b"x" * 5000
    hook = add(open_weir, receiver, types=["stream.*"], description="<img src=x onerror=alert(1)>")
    stream = open_weir.create_stream(name="a")
    wait_until(lambda: has(receiver, stream), within_s=QUICK_S, what="the delivery")
    (got,) = receiver.got
    assert got.payload["type"] == "stream.changed"
    assert got.payload["version"] == 1
    assert "secret" not in look(open_weir, hook)

    wait_until(lambda: look(open_weir, hook)["pending"] == 0, what="its report")
    (delivery,) = look(open_weir, hook, "/deliveries")["deliveries"]
    assert (delivery["event"], delivery["state"]) == (got.id, "delivered")
    shown = look(open_weir, hook, f"/deliveries/{delivery['id']}")
    assert shown["attempts"][0]["answer"].startswith("<script>alert(1)</script>\ufffd\ufffdxxx")
    assert len(shown["attempts"][0]["answer"]) == 1024
    answer = httpx2.get(
        f"{open_weir.http_url}/api/v1/webhooks/{hook['id']}/deliveries/{delivery['id']}",
        headers={"x-api-key": open_weir.credentials["api_key"]},
    )
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"

    tested = open_weir.call("POST", f"/api/v1/webhooks/{hook['id']}/test")
    wait_until(lambda: "webhook.tested" in receiver.types(), within_s=QUICK_S, what="the test")
    assert tested["event"] == receiver.got[-1].id
    remove(open_weir, hook)


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::ffff:10.0.0.1]/"],
)
def test_private_address_is_refused_with_a_word_of_why(open_weir: RunningWeir, url: str) -> None:
    headers = {"x-api-key": open_weir.credentials["api_key"]}
    where = f"{open_weir.http_url}/api/v1/webhooks"
    answer = httpx2.post(where, json={"url": url}, headers=headers)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (403, "egress_refused")
    assert "WEIR_EGRESS_ALLOW" in said["detail"]


def test_weir_itself_is_never_posted_to(open_weir: RunningWeir) -> None:
    """Not even where loopback is allowed: no webhook speaks to our own API or bus."""
    hooks = [
        add(open_weir, url=f"http://127.0.0.1:{open_weir.http_port}/api/v1/streams"),
        add(open_weir, url=open_weir.bus_url.replace("nats://", "http://")),
    ]
    open_weir.create_stream(name="b")
    for hook in hooks:
        wait_until(partial(is_failing, open_weir, hook), what="the refusal")
        delivery = look(open_weir, hook, "/deliveries")["deliveries"][0]
        assert delivery["attempts"][0]["error_code"] == "egress_refused"
        assert "is this Weir itself" in delivery["attempts"][0]["error"]
        remove(open_weir, hook)


def test_dead_receiver_gets_all_and_hanging_one_delays_nobody(
    open_weir: RunningWeir, receiver: HookReceiver
) -> None:
    with (
        receiving() as hanging,
        receiving() as good,
        socket.create_server(("127.0.0.1", 0)) as mute,
    ):
        mute_url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        hanging.hangs.set()
        receiver.status = 500
        hooks = [add(open_weir, each) for each in (receiver, hanging, good)]
        hooks.append(add(open_weir, url=mute_url))
        streams = [open_weir.create_stream(name=f"s{number}") for number in range(12)]
        wait_until(lambda: has(good, *streams), within_s=QUICK_S, what="those of the good one")
        wait_until(lambda: receiver.asked >= 12, what="tries")
        receiver.status = 204
        wait_until(lambda: has(receiver, *streams), what="all, once it is well again")
        assert look(open_weir, hooks[1])["pending"] == 12
        for hook in hooks:
            remove(open_weir, hook)


def test_replay_from_a_time_and_a_sequence_gives_the_same_ids(
    open_weir: RunningWeir, receiver: HookReceiver
) -> None:
    hook = add(open_weir, receiver, types=["stream.changed"])
    since = datetime.now(UTC).isoformat()
    streams = [open_weir.create_stream(name=f"r{number}") for number in range(5)]
    wait_until(lambda: has(receiver, *streams), what="the first time")
    first = {got.id: got.payload for got in receiver.got}
    lowest = min(got.sequence for got in receiver.got)
    for begin in ({"from_at": since}, {"from_sequence": lowest}):
        receiver.got.clear()
        replay = open_weir.call("POST", f"/api/v1/webhooks/{hook['id']}/replays", begin)
        path = f"/replays/{replay['id']}"
        wait_until(partial(is_completed, open_weir, hook, path), what="the end of the replay")
        assert {got.id: got.payload for got in receiver.got} == first
        seen = look(open_weir, hook, path)
        assert (seen["progress"], seen["delivered"], seen["pending"]) == (1, 5, 0)
    assert len(look(open_weir, hook, "/replays")["replays"]) == 2
    remove(open_weir, hook)


def test_example_prints_each_event_once_and_refuses_what_is_not_signed(
    open_weir: RunningWeir,
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    hook = add(open_weir, url=url, types=["stream.changed"])
    with subprocess.Popen(
        [sys.executable, EXAMPLE, str(port)],
        env=os.environ | {"WEBHOOK_SECRET": hook["secret"]}, stdout=subprocess.PIPE, text=True,
    ) as example:  # fmt: skip
        assert example.stdout is not None
        try:
            stream = open_weir.create_stream(name="x")
            assert json.loads(example.stdout.readline())["data"]["stream"] == stream["id"]
            known = look(open_weir, hook, "/deliveries")["deliveries"][0]
            since = {"from_sequence": known["sequence"]}
            replay = open_weir.call("POST", f"/api/v1/webhooks/{hook['id']}/replays", since)
            path = f"/replays/{replay['id']}"
            wait_until(lambda: look(open_weir, hook, path)["state"] == "completed")
            later = open_weir.create_stream(name="y")
            assert json.loads(example.stdout.readline())["data"]["stream"] == later["id"]
            assert httpx2.post(url, json={"type": "stream.changed"}).status_code == 401
        finally:
            example.kill()
    remove(open_weir, hook)


def test_kill_of_the_dispatcher_loses_none(own_weir: RunningWeir, receiver: HookReceiver) -> None:
    own_weir.environment = dict(LOOPBACK)
    own_weir.start()
    receiver.hangs.set()
    add(own_weir, receiver, types=["stream.changed"])
    streams = [own_weir.create_stream(name=f"k{number}") for number in range(6)]
    wait_until(lambda: receiver.asked >= 4, what="four in its hands")
    pid = own_weir.pid("relay")
    own_weir.kill("relay")
    receiver.hangs.clear()
    receiver.released.set()
    wait_until(lambda: own_weir.find("relay") not in {None, pid}, what="another relay")
    wait_until(lambda: has(receiver, *streams), within_s=120, what="all six")


def test_kill_of_the_catalog_loses_none(own_weir: RunningWeir, receiver: HookReceiver) -> None:
    own_weir.environment = dict(LOOPBACK)
    own_weir.start()
    add(own_weir, receiver, types=["stream.changed"])
    before = [own_weir.create_stream(name=f"c{number}") for number in range(5)]
    pid = own_weir.pid("catalog")
    own_weir.kill("catalog")
    wait_until(lambda: own_weir.is_replaced("catalog", pid), what="another catalog")
    after = own_weir.create_stream(name="after")
    wait_until(lambda: has(receiver, *before, after), within_s=120, what="all")


# --- server-sent events -----------------------------------------------------------------


class Listening:
    """Reads events until it has enough; may be away for a while."""

    def __init__(self, weir: RunningWeir) -> None:
        self._weir = weir
        self.ids: list[int] = []
        self.types: list[str] = []
        self.is_open = False

    async def read(self, count: int, **query: Any) -> None:
        headers = {"x-api-key": self._weir.credentials["api_key"]}
        if self.ids:
            headers["Last-Event-ID"] = str(self.ids[-1])
        wanted = len(self.ids) + count
        async with (
            httpx2.AsyncClient(base_url=self._weir.http_url, timeout=30) as client,
            client.stream("GET", "/api/v1/events", headers=headers, params=query) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            self.is_open = True
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    self.ids.append(int(line[4:]))
                elif line.startswith("event: "):
                    self.types.append(line[7:])
                elif not line and len(self.ids) >= wanted:
                    return


async def test_listener_resumes_without_gap_or_repeat(open_weir: RunningWeir) -> None:
    listening = Listening(open_weir)
    for _ in range(4):
        for _ in range(3):
            await asyncio.to_thread(open_weir.create_stream, name="l")
        async with asyncio.timeout(QUICK_S + 5):
            await listening.read(3, after=0)
    first = listening.ids[0]
    assert listening.ids == list(range(first, first + 12))


async def test_listener_hears_what_happens_now_and_only_what_it_wants(
    open_weir: RunningWeir,
) -> None:
    stream = await asyncio.to_thread(open_weir.create_stream, name="wanted")
    listening = Listening(open_weir)
    reading = asyncio.create_task(listening.read(1, stream=stream["id"], type="stream.*"))
    await until(lambda: listening.is_open)
    await asyncio.to_thread(open_weir.create_stream, name="another")
    path = f"/api/v1/streams/{stream['id']}"
    await asyncio.to_thread(open_weir.call, "DELETE", path)
    async with asyncio.timeout(QUICK_S + 5):
        await reading
    assert listening.types == ["stream.changed"]


async def test_listener_outlives_a_kill_of_the_catalog(own_weir: RunningWeir) -> None:
    await asyncio.to_thread(own_weir.start)
    listening = Listening(own_weir)
    reading = asyncio.create_task(listening.read(2))
    await until(lambda: listening.is_open)
    await asyncio.to_thread(own_weir.create_stream, name="one")
    await until(lambda: listening.ids)
    pid = own_weir.pid("catalog")
    own_weir.kill("catalog")
    await until(lambda: own_weir.is_replaced("catalog", pid), what="another catalog")
    await asyncio.to_thread(own_weir.create_stream, name="two")
    async with asyncio.timeout(60):
        await reading
    assert listening.ids == [1, 2]
