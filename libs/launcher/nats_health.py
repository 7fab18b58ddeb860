"""A NATS server that has met a full disk: it is started again when there is room.

Once a write of a log's file has failed, the server takes no more messages for that log, though
there be room again, and says so at `/healthz`.
"""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx2

LOOK_S = 2.0
LOOK_TIMEOUT_S = 2.0
ROOM_BYTES = 8 << 20
PATIENCE_S = 30.0
"""Between two restarts: it may need a while to read its logs."""


async def watch_nats(url: str, store: Path, restart: Callable[[], None]) -> None:
    """Look every `LOOK_S` until cancelled. `url` is the server's monitoring, `store` its folder."""
    async with httpx2.AsyncClient(base_url=url, timeout=LOOK_TIMEOUT_S, trust_env=False) as client:
        while True:
            await asyncio.sleep(LOOK_S)
            if await _is_stuck(client) and _has_room(store):
                restart()
                await asyncio.sleep(PATIENCE_S)


async def _is_stuck(client: httpx2.AsyncClient) -> bool:
    try:
        answer = await client.get("/healthz")
    except httpx2.HTTPError:
        return False  # it starts; if it ends instead, that is seen elsewhere
    return answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE and "write error" in answer.text


def _has_room(store: Path) -> bool:
    return shutil.disk_usage(store).free >= ROOM_BYTES
