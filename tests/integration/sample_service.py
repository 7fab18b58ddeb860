"""A service that does nothing but fail on demand; `test_service` runs it as a process."""

import asyncio
import time

from fastapi import FastAPI, Response
from pydantic import Field

from libs.api_problems import install_api_problems
from libs.errors import Conflict, Invalid
from libs.service import Service, main
from libs.settings import Settings


class SampleSettings(Settings):
    sample_fails_at: str = ""
    """`start`: a hook refuses what it was told; `task`: a task of the service fails."""
    sample_count: int = Field(default=0, ge=0)


class SampleTaken(Conflict):
    code = "sample_taken"


async def refuse() -> None:
    raise SampleTaken("Somebody has it.")


async def crash() -> None:
    raise ZeroDivisionError("hunter2")


async def number(value: int) -> Response:
    return Response(str(value))


def build_app() -> Service:
    settings = SampleSettings()
    http = FastAPI()
    install_api_problems(http)
    service = Service("sample", settings, http=http)
    reasons = ["the first is not there", "nor is the second"]

    async def become_ready() -> None:
        reasons.clear()

    async def hang() -> None:
        service.on_stop(lambda: asyncio.sleep(3600))

    async def hang_in_a_thread() -> None:
        service.on_stop(lambda: asyncio.to_thread(time.sleep, 3600))

    async def start() -> None:
        if settings.sample_fails_at == "start":
            raise Invalid("WEIR_SAMPLE names nothing.")
        if settings.sample_fails_at == "task":
            service.spawn(crash(), name="fails")

    http.add_api_route("/refuse", refuse)
    http.add_api_route("/crash", crash)
    http.add_api_route("/hang", hang)
    http.add_api_route("/hang-in-a-thread", hang_in_a_thread)
    http.add_api_route("/become-ready", become_ready, methods=["POST"])
    http.add_api_route("/number/{value}", number, response_class=Response)
    service.on_start(start)
    service.ready_when(lambda: reasons[0] if reasons else None)
    service.ready_when(lambda: reasons[1] if reasons else None)
    return service


if __name__ == "__main__":
    main("sample", build_app)
