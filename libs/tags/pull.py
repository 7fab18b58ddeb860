"""The way to ingest: claim a session, pull its tags, acknowledge checkpoints.

Who reads for a live job has a name of its own among the session's readers (its job's), and under
that name an epoch: a newer one closes the pulls of older ones.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import quote

import httpx2
from opentelemetry import propagate
from pydantic import BaseModel

from libs.events import Checkpoint
from libs.media.flv import FLVReader, Tag, TagType
from libs.pull import OpenPull, PullBroken, open_pull
from libs.tags.cues import PositionCue, read_cue
from libs.tags.errors import IngestAway, IngestFenced, RungUnknown, SessionUnknown

CONNECT_S = 2.0
READ_S = 5.0
SILENCE_S = 60.0
"""A pull without a byte for this long is begun anew: between publishes nothing is sent, and a
host that vanished says nothing either."""


PACKAGER = "package"
"""The reader whose checkpoints ingest keeps."""


class Claim(BaseModel):
    """What ingest answers to a claim: where cutting may be taken up, oldest first."""

    checkpoints: list[Checkpoint]
    oldest_tag: int
    next_tag: int = 0
    """Of the session when it was claimed: what is before it, a predecessor may have shown."""


class Prologue(NamedTuple):
    """What stands before the first numbered tag of a pull."""

    position: PositionCue
    headers: list[Tag]
    """The sequence headers in force there."""


class Ingest:
    """The ingest that holds one session. Raises `IngestFenced`, `SessionUnknown`, `IngestAway`."""

    def __init__(
        self,
        client: httpx2.AsyncClient,
        origin_url: str,
        session: str,
        *,
        reader: str = PACKAGER,
        open_pull: OpenPull = open_pull,
    ) -> None:
        self.session = session
        self._client = client
        self._open_pull = open_pull
        self._origin_url = origin_url.rstrip("/")
        self._reader = reader

    async def claim(self, epoch: int, holder: str) -> Claim:
        """Raise the session's fence to `epoch`: lower epochs' pulls end."""
        body = {"epoch": epoch, "holder": holder, "reader": self._reader}
        answer = await self._post("claim", body)
        return Claim.model_validate_json(answer)

    async def acknowledge(self, epoch: int, checkpoint: Checkpoint) -> None:
        """Everything before `checkpoint` outlives this process."""
        body = checkpoint.model_dump(mode="json")
        await self._post("checkpoint", body, params={"epoch": epoch})

    async def via(self) -> tuple[str, ...]:
        """The Weirs that what is published now has come through, the nearest first."""
        url = f"{self._origin_url}/sessions/{self.session}"
        try:
            response = await self._client.get(url, headers=_trace())
        except httpx2.HTTPError as error:
            raise IngestAway(f"Ingest did not answer: {error!r}.") from error
        self._check(response.status_code, response.content)
        return tuple(response.json()["via"])

    async def gather(self, wait_s: float) -> None:
        """Let ingest gather tags for this reader for so long; 0: send them as they come."""
        await self._post("gather", {"reader": self._reader, "wait_s": wait_s})

    @asynccontextmanager
    async def pull(
        self,
        after: int | None,
        epoch: int,
        *,
        near_ms: int = 0,
        rung: str | None = None,
        inside: bool = False,
    ) -> AsyncIterator["Pull"]:
        """Every tag numbered above `after`, which is expected about session time `near_ms`; None
        joins live, at the last keyframe. Of the source, or of a rung; `inside`: of what the
        publisher sent, whatever is burned into the picture that the world sees.
        """
        asked = f"epoch={epoch}&reader={quote(self._reader)}"
        if after is not None:
            asked += f"&after={after}"
        if inside:
            asked += "&inside=true"
        name = f"{self.session}/{rung}" if rung else self.session
        url = f"{self._origin_url}/flv/{name}?{asked}"
        headers = {"authorization": self._client.headers.get("authorization", ""), **_trace()}
        try:
            async with self._open_pull(
                url, headers=headers, connect_s=CONNECT_S, silence_s=SILENCE_S
            ) as answer:
                if answer.status != HTTPStatus.OK:
                    self._check(answer.status, await answer.read())
                yield Pull(aiter(answer), near_ms)
        except PullBroken as error:
            raise IngestAway(f"The pull from ingest broke: {error}") from error

    async def _post(self, what: str, body: object, params: dict[str, int] | None = None) -> bytes:
        url = f"{self._origin_url}/sessions/{self.session}/{what}"
        try:
            response = await self._client.post(url, json=body, params=params, headers=_trace())
        except httpx2.HTTPError as error:
            raise IngestAway(f"Ingest did not answer: {error!r}.") from error
        self._check(response.status_code, response.content)
        return response.content

    def _check(self, status: int, said: bytes) -> None:
        match status:
            case HTTPStatus.OK:
                return
            case HTTPStatus.CONFLICT:
                raise IngestFenced(f"A newer epoch of {self._reader} has session {self.session}.")
            case HTTPStatus.NOT_FOUND if b'"rung_unknown"' in said:
                raise RungUnknown(f"Session {self.session} has no such rung.")
            case HTTPStatus.NOT_FOUND:
                raise SessionUnknown(f"Ingest has no session {self.session}.")
            case _:
                raise IngestAway(f"Ingest answered {status}: {said[:200]!r}.")


class Pull:
    """One pull: its prologue first, then its tags as they come."""

    def __init__(self, chunks: AsyncIterator[bytes], near_ms: int) -> None:
        self._chunks = chunks
        self._waiting: list[Tag] = []
        self._reader = FLVReader(near_ms=near_ms)

    async def prologue(self) -> Prologue:
        """Read up to `weir.position`. Raises `IngestAway` if the pull ends before."""
        headers: list[Tag] = []
        async for chunk in self._chunks:
            self._waiting += self._reader.feed(chunk)
            while self._waiting:
                tag = self._waiting.pop(0)
                cue = read_cue(tag) if tag.type is TagType.SCRIPT else None
                if isinstance(cue, PositionCue):
                    return Prologue(cue, headers)
                headers.append(tag)
        raise IngestAway("The pull ended before its position was said.")

    async def tags(self) -> AsyncIterator[list[Tag]]:
        """The numbered tags, in the batches in which they arrive, until ingest ends the pull."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            yield waiting
        async for chunk in self._chunks:
            tags = self._reader.feed(chunk)
            if tags:
                yield tags


def open_client(token: str) -> httpx2.AsyncClient:
    """The HTTP client that all pulls of this process share."""
    return httpx2.AsyncClient(
        headers={"authorization": f"Bearer {token}"},
        timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=32),
        trust_env=False,
    )


def _trace() -> dict[str, str]:
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier
