"""Sends a body to an address that a user named, through the guard: one try, no redirect.

No connection is kept: they would be shared by address, and a certificate is judged by name.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2

from libs.egress.errors import FetchFailed
from libs.egress.fetch import SCHEMES, pinned, read_url
from libs.egress.guard import Egress

CONNECT_S = 3.0
TOTAL_S = 15.0
"""For all of it: name, connection, body and answer."""
MAX_ANSWER_BYTES = 64 * 1024
"""What is longer is not read to its end."""


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: bytes
    """As much of it as is read."""
    retry_after: str


class Poster:
    """`ca_file`: certificates (PEM) that are trusted beside those that the system trusts."""

    def __init__(self, egress: Egress, *, ca_file: Path | None = None) -> None:
        self._egress = egress
        tls = ssl.create_default_context()
        if ca_file is not None:
            tls.load_verify_locations(ca_file)
        self._client = httpx2.AsyncClient(
            trust_env=False,
            verify=tls,
            timeout=httpx2.Timeout(TOTAL_S, connect=CONNECT_S),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """Whatever it is answered with. Raises `EgressRefused`, `EgressUnresolved`, and
        `FetchFailed` if there is no answer, which says why.
        """
        until = asyncio.get_running_loop().time() + TOTAL_S
        try:
            async with asyncio.timeout_at(until):
                answer = await self._open(url, body, headers)
        except TimeoutError:
            raise FetchFailed(f"There was no answer within {TOTAL_S:g} s.") from None
        except httpx2.ConnectTimeout:
            raise FetchFailed(f"No connection was made within {CONNECT_S:g} s.") from None
        except httpx2.HTTPError as error:
            said = str(error) or type(error).__name__
            raise FetchFailed(f"There was no answer: {said}.") from None
        except (httpx2.InvalidURL, ValueError):  # a name in no known spelling
            raise FetchFailed("The address cannot be posted to; spell it in ASCII.") from None
        try:
            begin = await _begin(answer, until)
        finally:
            await answer.aclose()
        return Answered(answer.status_code, begin, answer.headers.get("retry-after", ""))

    async def _open(self, url: str, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
        parts = read_url(url)
        host = parts.hostname or ""
        place = await self._egress.resolve(host, parts.port or SCHEMES[parts.scheme])
        own = {"host": parts.netloc, "accept-encoding": "identity", "user-agent": "Weir"}
        request = self._client.build_request(
            "POST",
            pinned(parts, place),
            content=body,
            headers={**headers, **own},
            extensions={"sni_hostname": host},
        )
        return await self._client.send(request, stream=True, follow_redirects=False)

    async def close(self) -> None:
        await self._client.aclose()


async def _begin(answer: httpx2.Response, until: float) -> bytes:
    """The answer's body, as far as it is read. It does not change what the status has said."""
    body = bytearray()
    with contextlib.suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout_at(until):
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) >= MAX_ANSWER_BYTES:
                    break
    return bytes(body[:MAX_ANSWER_BYTES])
