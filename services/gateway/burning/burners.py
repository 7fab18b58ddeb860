"""The gateway's way to the transcoders that burn: over HTTP, to whichever has room."""

import itertools
import json
import time
from collections.abc import Awaitable, Callable

import httpx2
from opentelemetry import propagate

from libs.events.viewer_marks import BurnOrder
from services.gateway.errors import BurnersBusy, MarkInvalid

KNOWN_S = 3.0
"""How long the list of transcoders is believed; the registry is as old."""
CONNECT_S = 1.0
BURN_S = 40.0
"""A transcoder waits for room and burns, both in less."""


class Burners:
    """`find` gives the URLs of the transcoders."""

    def __init__(self, find: Callable[[], Awaitable[list[str]]], *, token: str) -> None:
        self._find = find
        self._client = httpx2.AsyncClient(
            headers={"authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(BURN_S, connect=CONNECT_S),
            trust_env=False,
        )
        self._known: list[str] = []
        self._known_until = 0.0
        self._turns = itertools.count()

    async def burn(self, order: BurnOrder, init: bytes, media: bytes) -> bytes:
        """The pictures with the mark, as FLV. Raises `MarkInvalid`, `BurnersBusy`."""
        urls = await self._urls()
        first = next(self._turns)
        reason = "no transcoder is here"
        for number in range(len(urls)):
            url = urls[(first + number) % len(urls)]
            try:
                answer = await self._client.post(
                    f"{url}/burn", content=init + media, headers=_headers(order, len(init))
                )
            except httpx2.HTTPError as error:
                reason, self._known_until = f"no answer ({type(error).__name__})", 0.0
                continue
            if answer.status_code == httpx2.codes.OK:
                return answer.content
            reason = _detail(answer)
            if answer.status_code == httpx2.codes.UNPROCESSABLE_ENTITY:
                raise MarkInvalid(reason)
        raise BurnersBusy(f"The mark could not be burned now: {reason}")

    async def close(self) -> None:
        await self._client.aclose()

    async def _urls(self) -> list[str]:
        now = time.monotonic()
        if now >= self._known_until:
            self._known = await self._find()
            self._known_until = now + KNOWN_S if self._known else 0.0
        return self._known


def _headers(order: BurnOrder, init_bytes: int) -> dict[str, str]:
    said = json.dumps(order.model_dump(mode="json"))
    headers = {"weir-burn": said, "weir-init-bytes": str(init_bytes)}
    propagate.inject(headers)
    return headers


def _detail(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"a transcoder answered {answer.status_code}."
