"""Publishes that the gateway makes for devices which speak to it: FLV over HTTP to an ingest."""

import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import urlencode

import httpx2

from libs.errors import Unavailable, WeirError
from libs.events import Stream
from libs.open_request import Answer, OpenRequest
from services.gateway.playback.directory import Directory

ANSWER_S = 10.0


class IngestAway(Unavailable):
    code = "ingest_away"


class PushRefused(WeirError):
    """Ingest does not take it, or not any more; `reason` is the code of its error."""

    code = "push_refused"

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class Push(Protocol):
    """One publish. Its methods raise `PushRefused`."""

    async def send(self, flv: bytes) -> None: ...
    async def finish(self) -> None:
        """Nothing more comes: the publish has ended well."""

    async def abandon(self) -> None:
        """It broke off."""


class Pushes(Protocol):
    async def open(self, stream: Stream, wall_ms: int, address: str) -> Push:
        """`wall_ms`: when the first tag was made, in Unix ms. Raises `IngestAway`; `PushRefused` if
        ingest takes nothing of that time now.
        """


class HTTPPushes:
    """To the ingest that has the stream, or else to any."""

    def __init__(
        self, directory: Directory, ingests: Callable[[], Awaitable[list[str]]], *, token: str
    ) -> None:
        self._directory = directory
        self._ingests = ingests
        """Their URLs."""
        self._headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx2.AsyncClient(headers=self._headers, timeout=ANSWER_S, trust_env=False)

    async def open(self, stream: Stream, wall_ms: int, address: str) -> "HTTPPush":
        live = self._directory.live(stream.id)
        origin = live.origin_url if live is not None else await self._any()
        url = f"{origin}/publish/{stream.id}"
        await self._check_time(url, wall_ms)
        query = urlencode({"sign": stream.key, "wall_ms": wall_ms})
        headers = self._headers | {"Content-Type": "video/x-flv", "X-Forwarded-For": address}
        try:
            return HTTPPush(await OpenRequest.open("POST", f"{url}?{query}", headers))
        except OSError as error:
            raise IngestAway(f"Ingest did not answer: {error!r}; try again.") from error

    async def _check_time(self, url: str, wall_ms: int) -> None:
        try:
            answer = await self._client.get(url, params={"wall_ms": wall_ms})
        except httpx2.HTTPError as error:
            raise IngestAway(f"Ingest did not answer: {error!r}; try again.") from error
        _judge(Answer(answer.status_code, answer.content))

    async def _any(self) -> str:
        found = await self._ingests()
        if not found:
            raise IngestAway("No ingest is there to take it; try again.")
        return secrets.choice(found)

    async def close(self) -> None:
        await self._client.aclose()


class HTTPPush:
    def __init__(self, request: OpenRequest) -> None:
        self._request = request

    async def send(self, flv: bytes) -> None:
        try:
            await self._request.send(flv)
        except TimeoutError:
            raise PushRefused("ingest_away", "Ingest takes nothing of it any more.") from None
        if self._request.answered.done():
            _judge(self._request.answered.result())

    async def finish(self) -> None:
        await self._request.end(ANSWER_S)
        answered = self._request.answered
        answer = answered.result() if answered.done() else Answer(0)
        self._request.abort()
        _judge(answer)

    async def abandon(self) -> None:
        self._request.abort()


def _judge(answer: Answer) -> None:
    """Raises `PushRefused` unless ingest says yes."""
    if not answer.status:
        raise PushRefused("ingest_away", "Ingest did not answer.")
    if not httpx2.codes.is_success(answer.status):
        problem = _problem(answer.body)
        raise PushRefused(problem.get("code", ""), problem.get("detail", "Ingest refused it."))


def _problem(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
