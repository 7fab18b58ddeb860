"""A viewer of live HLS that looks closely: it reads all playlists twice a second, loads each new
segment once, and hands everything to the linter.

    async with HLSWatch(weir.http_url, stream_id, max_stale_s=20) as watch:
        ...                                   # kill something
        await watch.ended(within_s=40)
    assert not watch.findings

A gateway that is away is waited for, as a player does; what it refuses is kept in `refusals`.
"""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from posixpath import join, normpath
from types import TracebackType
from typing import NamedTuple, Self

import httpx2

from tests.oracles.hls_lint import Finding, HLSLint
from tests.oracles.media_playlist import parse

EVERY_S = 0.5
TIMEOUT_S = 12.0
"""Longer than the edge holds a request for media that is about to come."""


_VIEWER = re.compile(r"^\.\./~[^/]+/[^/]+/")
"""The token of a viewer, who is somebody new for each fetch of the multivariant playlist."""


class Look(NamedTuple):
    """One fetch of one media playlist."""

    at: float
    """Of the event loop's clock."""
    uri: str
    first_msn: int
    last_msn: int
    is_ended: bool


class Refusal(NamedTuple):
    at: float
    uri: str
    status: int


class HLSWatch:
    def __init__(
        self, http_url: str, stream_id: str, *, max_stale_s: float | None = None,
        every_s: float = EVERY_S,
    ) -> None:  # fmt: skip
        self._every_s = every_s
        self.lint = HLSLint(max_stale_s=max_stale_s)
        self.looks: list[Look] = []
        self.refusals: list[Refusal] = []
        """Answers other than 200, once the first playlist was there."""
        self.loaded: set[str] = set()
        """Segments and init segments that were fetched."""
        self.may_grow = False
        """Whether renditions may join while it watches."""
        self.renditions: set[tuple[str, ...]] = set()
        """Every set of media playlists that a multivariant playlist named."""
        self._listed: dict[str, set[str]] = {}
        self._addresses: dict[str, str] = {}
        """Where each media playlist is read: as a player, under the first address it was given."""
        self._client = httpx2.AsyncClient(
            base_url=f"{http_url}/{stream_id}/", trust_env=False, timeout=TIMEOUT_S
        )
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._watch(), name="hls-watch")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        # A fault of the watch itself must fail its test.
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._client.aclose()

    # --- what was seen ----------------------------------------------------------------------------

    @property
    def findings(self) -> list[Finding]:
        """The linter's, and what a player would stumble over."""
        found = list(self.lint.findings)
        if len(self.renditions) > 1 and not self.may_grow:
            found.append(Finding("renditions_changed", "live.m3u8", str(self.renditions)))
        found += [
            Finding("refused", refusal.uri, f"{refusal.status}")
            for refusal in self.refusals
            # "Ask again" is lawful while a process is being replaced; "there is none" is not.
            if refusal.status != httpx2.codes.SERVICE_UNAVAILABLE
        ]
        return found

    def between(self, begin: float, end: float) -> list[Look]:
        return [look for look in self.looks if begin <= look.at < end]

    def newest_msn(self) -> int:
        return max((look.last_msn for look in self.looks), default=0)

    async def reach(self, count: int, *, within_s: float) -> None:
        """Wait until `count` more segments are listed than now."""
        seen = self.newest_msn()
        async with asyncio.timeout(within_s):
            while not self.looks or self.newest_msn() - (seen or self._oldest_msn() - 1) < count:
                self._check_task()
                await asyncio.sleep(self._every_s / 5)

    def _oldest_msn(self) -> int:
        return min(look.first_msn for look in self.looks)

    async def ended(self, *, within_s: float) -> None:
        """Wait until every media playlist has ended and all that it lists was loaded."""
        async with asyncio.timeout(within_s):
            while not self._has_ended():
                self._check_task()
                await asyncio.sleep(self._every_s / 5)

    def _has_ended(self) -> bool:
        uris = {look.uri for look in self.looks}
        ended = {look.uri for look in self.looks if look.is_ended}
        return bool(uris) and uris == ended and set().union(*self._listed.values()) <= self.loaded

    def _check_task(self) -> None:
        assert self._task is not None
        if self._task.done():
            self._task.result()

    # --- looking ----------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            began = asyncio.get_running_loop().time()
            multivariant = await self._get("live.m3u8")
            if multivariant is not None:
                given = {
                    _VIEWER.sub("", uri): uri for uri in _media_playlists(multivariant.decode())
                }
                self._addresses = given | self._addresses
                self.renditions.add(tuple(sorted(given)))
                await asyncio.gather(*(self._look(uri) for uri in given))
            left_s = began + self._every_s - asyncio.get_running_loop().time()
            await asyncio.sleep(max(left_s, 0.0))

    async def _look(self, uri: str) -> None:
        body = await self._get(self._addresses[uri])
        if body is None:
            return
        now = asyncio.get_running_loop().time()
        self.lint.see(uri, body.decode(), at=now)
        playlist = parse(body.decode())
        end_msn = playlist.first_msn + len(playlist.segments)
        self.looks.append(Look(now, uri, playlist.first_msn, end_msn - 1, playlist.is_ended))
        folder = self._addresses[uri].rpartition("/")[0]
        listed = self._listed.setdefault(uri, set())
        for segment in playlist.segments:
            names = () if segment.is_gap else (segment.init or segment.uri, segment.uri)
            listed |= {normpath(join(folder, name)) for name in names}
        for media in sorted(listed - self.loaded):
            await self._load(media)

    async def _load(self, uri: str) -> None:
        if await self._get(uri):
            self.loaded.add(uri)

    async def _get(self, uri: str) -> bytes | None:
        """None while nobody answers, or when the answer is not 200."""
        try:
            answer = await self._client.get(uri)
        except httpx2.TransportError:
            return None
        if answer.status_code == httpx2.codes.OK:
            return answer.content
        if self.looks:
            now = asyncio.get_running_loop().time()
            self.refusals.append(Refusal(now, uri, answer.status_code))
        return None


def _media_playlists(multivariant: str) -> Iterator[str]:
    for line in multivariant.splitlines():
        if line.startswith("#EXT-X-MEDIA:") and 'URI="' in line:
            yield line.partition('URI="')[2].partition('"')[0]
        elif line and not line.startswith("#"):
            yield line
