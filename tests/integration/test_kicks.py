"""A stream that is deleted or disabled is off the air; one whose ingest died can be taken up."""

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx2
import nats
import pytest

from tests.media import encode, push
from tests.running import RunningWeir
from tests.waiting import until
from tests.witness import witness

pytestmark = pytest.mark.integration

KICK_S = 3.0
BUS_BACK_S = 5.0
"""Until a client of the bus has found the new one."""
BACK_S = 5.0
"""From the moment an ingest listens again until a publisher under `reject` is on air."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("media") / "in.flv", seconds=40, size="160x90")


def is_live(weir: RunningWeir, stream: dict[str, Any]) -> bool:
    return bool(weir.call("GET", f"/api/v1/streams/{stream['id']}")["is_live"])


def stop(publisher: subprocess.Popen[bytes]) -> None:
    publisher.kill()
    publisher.wait()


@pytest.mark.parametrize("how", ["deleted", "disabled"])
async def test_live_publisher_of_a_stream_that_is_gone_is_closed(
    weir: RunningWeir, source: Path, how: str
) -> None:
    async with witness(weir):
        stream = weir.create_stream(name=how)
        publisher = push(source, stream["push"]["url"])
        try:
            await until(lambda: is_live(weir, stream), within_s=10, what="on air")
            path = f"/api/v1/streams/{stream['id']}"
            if how == "deleted":
                weir.call("DELETE", path)
            else:
                weir.call("PATCH", path, {"item": {"isEnabled": False}})
            assert await asyncio.to_thread(publisher.wait, KICK_S) != 0
        finally:
            stop(publisher)
        await until(lambda: ended(weir, stream), within_s=KICK_S, what="ended")
        assert weir.sessions(stream["id"])[0]["cause"] == "kicked"
        again = push(source, stream["push"]["url"])
        assert await asyncio.to_thread(again.wait, 10) != 0, "and it is not let in again"


async def test_publisher_is_closed_though_ingest_did_not_hear_of_it(
    own_weir: RunningWeir, source: Path
) -> None:
    """Deleted while ingest is cut off from the bus: it asks once it is back."""
    own_weir.start()
    async with witness(own_weir):
        stream = own_weir.create_stream(name="unheard")
        publisher = push(source, stream["push"]["url"])
        try:
            await until(lambda: is_live(own_weir, stream), within_s=10, what="on air")
            own_weir.kill("ingest", signal.SIGSTOP)
            try:
                # A new bus knows nothing of the ingest that stands still, nor keeps facts for it.
                own_weir.kill("nats")
                await until(lambda: deleted(own_weir, stream), within_s=15, what="deleted")
                await said(own_weir, "session.ended", stream)
            finally:
                own_weir.kill("ingest", signal.SIGCONT)
            assert await asyncio.to_thread(publisher.wait, KICK_S + BUS_BACK_S) != 0
        finally:
            stop(publisher)
        await until(lambda: ended(own_weir, stream), within_s=KICK_S, what="ended")
        assert own_weir.sessions(stream["id"])[0]["cause"] == "kicked"


def deleted(weir: RunningWeir, stream: dict[str, Any]) -> bool:
    """Whether the API could do it yet."""
    answer = httpx2.delete(
        f"{weir.http_url}/api/v1/streams/{stream['id']}",
        headers={"x-api-key": weir.credentials["api_key"]},
    )
    return answer.status_code in (204, 404)


async def said(weir: RunningWeir, kind: str, stream: dict[str, Any]) -> None:
    """Returns once the fact stands in the log: whoever listens has it, and nobody else ever."""
    client = await nats.connect(weir.bus_url, user="weir", password=weir.credentials["nats_token"])
    try:
        async with asyncio.timeout(15):
            while True:
                with contextlib.suppress(nats.js.errors.NotFoundError, nats.errors.TimeoutError):
                    found = await client.jetstream().get_last_msg("FACTS", kind)
                    if json.loads(found.data or b"{}").get("subject") == stream["id"]:
                        return
                await asyncio.sleep(0.1)
    finally:
        await client.close()


def ended(weir: RunningWeir, stream: dict[str, Any]) -> bool:
    return bool(weir.sessions(stream["id"])[0]["ended_at"])


async def test_reject_does_not_lock_out_the_publisher_of_a_killed_ingest(
    own_weir: RunningWeir, source: Path
) -> None:
    own_weir.start()
    stream = own_weir.create_stream(name="reject", publishPolicy="reject")
    first = push(source, stream["push"]["url"])
    await until(lambda: is_live(own_weir, stream), within_s=10, what="on air")
    (session,) = own_weir.sessions(stream["id"])
    own_weir.kill("ingest")
    assert await asyncio.to_thread(first.wait, 10) != 0
    await until(lambda: listens(own_weir.rtmp_port), within_s=20, what="an ingest again")
    began = time.monotonic()
    second = push(source, stream["push"]["url"])
    try:
        # An encoder tries again until it is let in.
        while len(own_weir.sessions(stream["id"])) < 2 or not is_live(own_weir, stream):
            assert time.monotonic() - began < BACK_S, own_weir.logs()
            if second.poll() is not None:
                second = push(source, stream["push"]["url"])
            await asyncio.sleep(0.1)
    finally:
        stop(second)
    ended = [item for item in own_weir.sessions(stream["id"]) if item["id"] == session["id"]]
    assert ended[0]["cause"] == "ingest_lost"


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
