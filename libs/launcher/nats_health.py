"""A NATS server that has met a full disk: it is started again when there is room.

Once a write of a log's file has failed, the server takes no more messages for that log, though
there be room again, and says so at `/healthz`. The rule, also of `deploy/nats.sh`: a server is ill
that says so on `ILL_LOOKS` looks one after the other, while there is room.
"""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2

LOOK_S = 2.0
LOOK_TIMEOUT_S = 2.0
ILL_LOOKS = 2
ROOM_BYTES = 8 << 20


async def watch_nats(
    url: str, store: Path, restart: Callable[[], None], *, look_s: float = LOOK_S
) -> None:
    """Look until cancelled. `url` is the server's monitoring, `store` its folder."""
    async with httpx2.AsyncClient(base_url=url, timeout=LOOK_TIMEOUT_S, trust_env=False) as client:
        ill = 0
        while True:
            await asyncio.sleep(look_s)
            ill = ill + 1 if await _is_stuck(client) and _has_room(store) else 0
            if ill == ILL_LOOKS:
                _tell("nats does not write though there is room; it is started again")
                restart()
                ill = 0


async def _is_stuck(client: httpx2.AsyncClient) -> bool:
    try:
        answer = await client.get("/healthz")
    except httpx2.HTTPError:
        return False  # it starts, or is busy; if it has ended, that is seen elsewhere
    # While it reads its logs it is not well either, and says another reason.
    return answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE and "write error" in answer.text


def _has_room(store: Path) -> bool:
    try:
        return shutil.disk_usage(store).free >= ROOM_BYTES
    except OSError as error:
        _tell(f"nats is not well, and {store} does not say whether it has room: {error.strerror}")
        return False


def _tell(sentence: str) -> None:
    with contextlib.suppress(OSError):  # output to a full disk must not end the watch
        print(f"weir: {sentence}", file=sys.stderr, flush=True)
