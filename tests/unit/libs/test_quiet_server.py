"""uvicorn within a service: it serves, and does nothing while there is nothing to do."""

import asyncio
import socket

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
                assert ("date" in answer.headers) is has_date
                await asyncio.sleep(0.15)
        assert quiet.ticks <= 2, "uvicorn's own would have had four and more"
        quiet.leave()
        async with asyncio.timeout(5):
            await serving


async def test_date_is_made_anew_each_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("libs.quiet_server.DATE_S", 0.01)
    quiet = server(has_date=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(quiet.serve(sockets=[listener]))
        async with asyncio.timeout(5):
            while quiet.ticks < 5:
                await asyncio.sleep(0.01)
            quiet.leave(is_forced=True)
            await serving


async def test_leaving_before_serving_has_begun_is_heard() -> None:
    quiet = server(has_date=False)
    quiet.leave()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with asyncio.timeout(5):
            await quiet.serve(sockets=[listener])
