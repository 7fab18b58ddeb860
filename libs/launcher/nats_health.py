"""A NATS server that has met a full disk: it is started again when there is room.

Once a write of a log's file has failed, the server takes no more messages for that log, though
there be room again, and says so at `/healthz`. The rule, also of `deploy/nats.sh`: a server is ill
that was well and then answers 503 on `ILL_LOOKS` looks one after the other, while there is room.
"""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2

LOOK_S = 2.0
UNTIL_WELL_S = 0.2
"""Looks are so close until it is well: it may fall ill right after."""
LOOK_TIMEOUT_S = 2.0
ILL_LOOKS = 2
ROOM_BYTES = 8 << 20


async def watch_nats(
    url: str, store: Path, restart: Callable[[], None], *, look_s: float = LOOK_S
) -> None:
    """Look until cancelled. `url` is the server's monitoring, `store` its folder."""
    async with httpx2.AsyncClient(base_url=url, timeout=LOOK_TIMEOUT_S, trust_env=False) as client:
        was_well, ill = False, 0
        while True:
            await asyncio.sleep(look_s if was_well else min(look_s, UNTIL_WELL_S))
            status = await _status(client)
            # While it reads its logs it is not well either; only what was well can fall ill.
            was_well = was_well or status == httpx2.codes.OK
            is_ill = was_well and status == httpx2.codes.SERVICE_UNAVAILABLE and _has_room(store)
            ill = ill + 1 if is_ill else 0
            if ill == ILL_LOOKS:
                _tell("nats does not write though there is room; it is started again")
                restart()
                was_well, ill = False, 0


async def _status(client: httpx2.AsyncClient) -> int | None:
    try:
        return (await client.get("/healthz")).status_code
    except httpx2.HTTPError:
        return None  # it starts, or is busy; if it has ended, that is seen elsewhere


def _has_room(store: Path) -> bool:
    try:
        return shutil.disk_usage(store).free >= ROOM_BYTES
    except OSError as error:
        _tell(f"nats is not well, and {store} does not say whether it has room: {error.strerror}")
        return False


def _tell(sentence: str) -> None:
    with contextlib.suppress(OSError):  # output to a full disk must not end the watch
        print(f"weir: {sentence}", file=sys.stderr, flush=True)
