"""The gateway's way to the services behind it: packagers and ingests over HTTP, and the store."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import NamedTuple, Protocol

import httpx2
from opentelemetry import propagate

from libs.names import SOURCE
from libs.pull import PullBroken, open_pull
from libs.storage import ObjectMissing, ObjectStore
from services.gateway.errors import OriginUnreachable, RungUnknown
from services.gateway.playback.directory import Live, Packager

CONNECT_S = 1.0
READ_S = 2.0
"""A packager answers from memory; one that takes longer is stopped or being replaced."""
FLV_READ_S = 20.0
"""Longest silence of an FLV pull: ingest itself gives up a publisher before."""
MAX_CONNECTIONS = 4096
"""Most of them wait: for each part of each stream that is watched, a handful."""


class Fetched(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})
    rest: AsyncGenerator[bytes] | None = None
    """The body as it comes, of what is still in the making; it must be read or closed."""


class Reads(Protocol):
    """What ingest sends."""

    async def each(self, take: Callable[[bytes], None]) -> None:
        """Until its end."""


class Origin:
    """HTTP client of the internal listeners. Raises `OriginUnreachable`."""

    def __init__(self, *, token: str, store: ObjectStore) -> None:
        self._store = store
        self._token = token
        self._client = httpx2.AsyncClient(
            headers={"authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
            limits=httpx2.Limits(max_connections=MAX_CONNECTIONS),
            trust_env=False,
        )

    async def packaged(self, packager: Packager, path: str, *, wait_s: float = READ_S) -> Fetched:
        """`path` (under the session) as the packager has it, with its status.

        It holds what is about to exist; `wait_s` is how long that may take.
        """
        url = f"{packager.url}/live/{packager.session}/{path}"
        timeout = httpx2.Timeout(wait_s, connect=CONNECT_S)
        request = self._client.build_request("GET", url, headers=_trace(), timeout=timeout)
        try:
            response = await self._client.send(request, stream=True)
            if "content-length" not in response.headers:
                return Fetched(response.status_code, b"", response.headers, _rest(response))
            await response.aread()
        except httpx2.HTTPError as error:
            raise OriginUnreachable(f"The packager did not answer: {error!r}") from error
        return Fetched(response.status_code, response.content, response.headers)

    async def stored(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes | None:
        """An object of the store, or a piece of it; None if there is none."""
        try:
            return await self._store.get(key, offset=offset, size=size)
        except ObjectMissing:
            return None

    @asynccontextmanager
    async def flv(self, live: Live, rung: str = "", *, reader: str) -> AsyncIterator[Reads]:
        """The session's FLV, or that of a rung, from its last keyframe on, as ingest sends it to
        `reader`.

        Raises `RungUnknown`, too.
        """
        url = f"{live.origin_url}/flv/{live.session}"
        if rung and rung != SOURCE:
            url += f"/{rung}"
        url += f"?reader={reader}"
        headers = {"authorization": f"Bearer {self._token}", **_trace()}
        try:
            async with open_pull(
                url, headers=headers, connect_s=CONNECT_S, silence_s=FLV_READ_S
            ) as pull:
                if rung and pull.status == httpx2.codes.NOT_FOUND:
                    raise RungUnknown(f"{live.stream} has no rendition {rung!r} now.")
                if pull.status != httpx2.codes.OK:
                    raise OriginUnreachable(f"Ingest answered {pull.status} for the session's FLV.")
                yield pull
        except PullBroken as error:
            raise OriginUnreachable(f"The pull from ingest broke: {error}") from error

    async def gather(self, live: Live, reader: str, wait_s: float) -> None:
        """Let ingest gather tags for `reader` for so long; 0: send them as they come."""
        url = f"{live.origin_url}/sessions/{live.session}/gather"
        body = {"reader": reader, "wait_s": wait_s}
        try:
            response = await self._client.post(url, json=body, headers=_trace())
        except httpx2.HTTPError as error:
            raise OriginUnreachable(f"Ingest did not answer: {error!r}") from error
        if response.status_code != httpx2.codes.OK:
            raise OriginUnreachable(f"Ingest answered {response.status_code} to a reader's wish.")

    async def ask(self, url: str) -> tuple[int, bytes]:
        """What a service answers to a question that is about no media: status and body."""
        try:
            response = await self._client.get(url, headers=_trace())
        except httpx2.HTTPError as error:
            raise OriginUnreachable(f"Ingest or packager did not answer: {error!r}") from error
        return response.status_code, response.content

    async def is_ready(self, url: str) -> str | None:
        """None if the service at `url` says it is ready, else its reason."""
        try:
            response = await self._client.get(f"{url}/readyz")
        except httpx2.HTTPError as error:
            return f"no answer: {type(error).__name__}"
        return None if response.status_code == httpx2.codes.OK else response.text[:500]

    async def close(self) -> None:
        await self._client.aclose()


async def _rest(response: httpx2.Response) -> AsyncGenerator[bytes]:
    try:
        async for piece in response.aiter_raw():
            yield piece
    except httpx2.HTTPError as error:
        raise OriginUnreachable(f"The packager broke off: {error!r}") from error
    finally:
        await response.aclose()


def _trace() -> Mapping[str, str]:
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier
