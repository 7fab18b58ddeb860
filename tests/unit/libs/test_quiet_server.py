"""uvicorn within a service: it serves, and does nothing while there is nothing to do."""

import asyncio
import socket
import time

import httpx2
import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from libs.quiet_server import QuietServer


class Counted(QuietServer):
    ticks = 0

    async def on_tick(self, counter: int) -> bool:
        self.ticks += 1
        return await super().on_tick(counter)


def server(*, has_date: bool) -> Counted:
    config = uvicorn.Config(
        PlainTextResponse("here"), lifespan="off", log_config=None, date_header=has_date
    )
    return Counted(config)


@pytest.mark.parametrize("has_date", [False, True])
async def test_server_answers_without_polling_and_leaves_at_once(has_date: bool) -> None:
    quiet = server(has_date=has_date)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        serving = asyncio.create_task(quiet.serve(sockets=[listener]))
        async with httpx2.AsyncClient(trust_env=False) as client:
            for _ in range(3):
                answer = await client.get(url)
                assert answer.text == "here"
                assert answer.headers["server"] == "uvicorn", "the other default headers stay"
                assert ("date" in answer.headers) is has_date
        assert not quiet.ticks, "uvicorn's own polls"
        quiet.leave()
        async with asyncio.timeout(5):
            await serving


def test_date_is_made_anew_each_second(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = server(has_date=True)
    quiet.config.load()
    now = 1_700_000_000.25
    monkeypatch.setattr(time, "time", lambda: now)
    first = quiet.server_state.default_headers
    assert first[0] == (b"date", b"Tue, 14 Nov 2023 22:13:20 GMT")
    now += 0.5
    assert quiet.server_state.default_headers is first
    now += 0.5
    assert quiet.server_state.default_headers[0] == (b"date", b"Tue, 14 Nov 2023 22:13:21 GMT")


async def test_leaving_before_serving_has_begun_is_heard() -> None:
    quiet = server(has_date=False)
    quiet.leave()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with asyncio.timeout(5):
            await quiet.serve(sockets=[listener])
