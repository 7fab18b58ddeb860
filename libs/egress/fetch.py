"""Fetches what a user named by URL, through the guard: each redirect is judged like the first."""

import asyncio
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


async def fetch(
    egress: Egress, url: str, *, max_bytes: int, timeout_s: float = TIMEOUT_S
) -> Fetched:
    """GET `url`. Raises `EgressRefused`, `EgressUnresolved`, `FetchFailed` (which says why)."""
    async with httpx2.AsyncClient(trust_env=False, timeout=timeout_s) as client:
        try:
            async with asyncio.timeout(timeout_s):
                return await _follow(client, egress, url, max_bytes)
        except TimeoutError:
            raise FetchFailed(f"The server did not send it all within {timeout_s:g} s.") from None
        except httpx2.HTTPError as error:
            said = str(error) or type(error).__name__
            raise FetchFailed(f"The server cannot be fetched from: {said}.") from None


async def _follow(client: httpx2.AsyncClient, egress: Egress, url: str, max_bytes: int) -> Fetched:
    for _ in range(MAX_REDIRECTS + 1):
        parts = _read_url(url)
        host = parts.hostname or ""
        place = await egress.resolve(host, parts.port or SCHEMES[parts.scheme])
        request = client.build_request(
            "GET",
            _pinned(parts, place),
            # No compression: what is counted is what is kept.
            headers={"host": parts.netloc, "accept-encoding": "identity", "user-agent": "Weir"},
            # The certificate is the name's, not the address's.
            extensions={"sni_hostname": host},
        )
        answer = await client.send(request, stream=True, follow_redirects=False)
        try:
            if answer.has_redirect_location:
                url = urljoin(url, answer.headers["location"])
                continue
            if answer.status_code != httpx2.codes.OK:
                raise FetchFailed(f"The server answered with status {answer.status_code}.")
            return Fetched(await _read(answer, max_bytes), answer.headers.get("content-type", ""))
        finally:
            await answer.aclose()
    raise FetchFailed(f"The server redirects more than {MAX_REDIRECTS} times.")


def _read_url(url: str) -> SplitResult:
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


def _pinned(parts: SplitResult, place: Place) -> str:
    address = f"[{place.address}]" if ":" in place.address else place.address
    return parts._replace(netloc=f"{address}:{place.port}", fragment="").geturl()


async def _read(answer: httpx2.Response, max_bytes: int) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > max_bytes:
            raise FetchFailed(f"The server sends more than {max_bytes} bytes.")
    return bytes(body)
