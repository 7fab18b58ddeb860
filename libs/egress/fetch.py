"""Fetches what a user named by URL, through the guard: each redirect is judged like the first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx2

from libs.egress.errors import EgressRefused, FetchFailed
from libs.egress.guard import Egress, Place

SCHEMES = {"http": 80, "https": 443}
MAX_REDIRECTS = 5
MAX_URL = 2048
TIMEOUT_S = 10.0
"""For all of it: name, connections, redirects and body."""


@dataclass(frozen=True, slots=True)
class Fetched:
    body: bytes
    content_type: str
    """As the server said, "" if it did not."""


class Opened:
    """An answer whose body is still to come."""

    def __init__(self, answer: httpx2.Response) -> None:
        self._answer = answer
        self.content_type: str = answer.headers.get("content-type", "")
        said = answer.headers.get("content-length", "")
        self.size_bytes = int(said) if said.isascii() and said.isdecimal() else None
        """As the server said; None: it did not."""

    def chunks(self) -> AsyncIterator[bytes]:
        return self._answer.aiter_raw()


async def fetch(
    egress: Egress, url: str, *, max_bytes: int, timeout_s: float = TIMEOUT_S
) -> Fetched:
    """GET `url`. Raises `EgressRefused`, `EgressUnresolved`, `FetchFailed` (which says why)."""
    try:
        async with asyncio.timeout(timeout_s), open_url(egress, url, stall_s=timeout_s) as opened:
            return Fetched(await _read(opened, max_bytes), opened.content_type)
    except TimeoutError:
        raise FetchFailed(f"The server did not send it all within {timeout_s:g} s.") from None


@asynccontextmanager
async def open_url(egress: Egress, url: str, *, stall_s: float) -> AsyncIterator[Opened]:
    """GET `url`, of whatever size. `stall_s`: how long nothing may come. Raises, also while the
    body is read, `EgressRefused`, `EgressUnresolved` and `FetchFailed`.
    """
    async with httpx2.AsyncClient(trust_env=False, timeout=stall_s) as client:
        try:
            answer = await _follow(client, egress, url)
            try:
                yield Opened(answer)
            finally:
                await answer.aclose()
        except httpx2.HTTPError as error:
            said = str(error) or type(error).__name__
            raise FetchFailed(f"The server cannot be fetched from: {said}.") from None


def check_url(egress: Egress, url: str) -> None:
    """Refuse what needs no look-up to be refused: `EgressRefused` early, for a form."""
    egress.check_host(read_url(url).hostname or "")


async def _follow(client: httpx2.AsyncClient, egress: Egress, url: str) -> httpx2.Response:
    for _ in range(MAX_REDIRECTS + 1):
        parts = read_url(url)
        host = parts.hostname or ""
        place = await egress.resolve(host, parts.port or SCHEMES[parts.scheme])
        request = client.build_request(
            "GET",
            pinned(parts, place),
            # No compression: what is counted is what is kept.
            headers={"host": parts.netloc, "accept-encoding": "identity", "user-agent": "Weir"},
            # The certificate is the name's, not the address's.
            extensions={"sni_hostname": host},
        )
        answer = await client.send(request, stream=True, follow_redirects=False)
        if answer.status_code == httpx2.codes.OK:
            return answer
        await answer.aclose()
        if not answer.has_redirect_location:
            raise FetchFailed(f"The server answered with status {answer.status_code}.")
        url = urljoin(url, answer.headers["location"])
    raise FetchFailed(f"The server redirects more than {MAX_REDIRECTS} times.")


def read_url(url: str) -> SplitResult:
    """Raises `EgressRefused` for what is no plain web address."""
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_web = False
    if not is_web or len(url) > MAX_URL:
        raise EgressRefused("Give an address that begins with http:// or https://.")
    if parts.username is not None or parts.password is not None:
        raise EgressRefused("Leave user and password out of the address.")
    return parts


def pinned(parts: SplitResult, place: Place) -> str:
    address = f"[{place.address}]" if ":" in place.address else place.address
    return parts._replace(netloc=f"{address}:{place.port}", fragment="").geturl()


async def _read(opened: Opened, max_bytes: int) -> bytes:
    body = bytearray()
    async for piece in opened.chunks():
        body += piece
        if len(body) > max_bytes:
            raise FetchFailed(f"The server sends more than {max_bytes} bytes.")
    return bytes(body)
