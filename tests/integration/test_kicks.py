"""A stream that is deleted or disabled is off the air; one whose ingest died can be taken up."""

import asyncio
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_first_light import until
from tests.media import encode, push
from tests.running import RunningWeir

pytestmark = pytest.mark.integration

KICK_S = 3.0
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
    stream = weir.create_stream(name=how)
    witness = weir.create_stream(name="witness")
    publisher, other = push(source, stream["push"]["url"]), push(source, witness["push"]["url"])
    try:
        await until(lambda: is_live(weir, stream), within_s=10, what="on air")
        await until(lambda: is_live(weir, witness), within_s=10, what="the other on air")
        path = f"/api/v1/streams/{stream['id']}"
        if how == "deleted":
            weir.call("DELETE", path)
        else:
            weir.call("PATCH", path, {"item": {"isEnabled": False}})
        assert await asyncio.to_thread(publisher.wait, KICK_S) != 0
        await until(
            lambda: weir.sessions(stream["id"])[0]["ended_at"], within_s=KICK_S, what="ended"
        )
        assert weir.sessions(stream["id"])[0]["cause"] == "kicked"
        again = push(source, stream["push"]["url"])
        assert await asyncio.to_thread(again.wait, 10) != 0, "and it is not let in again"
        assert other.poll() is None
        assert is_live(weir, witness)
    finally:
        stop(publisher)
        stop(other)


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
