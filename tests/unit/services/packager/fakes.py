"""A session's ingest, spool and lease in memory, for tests of the package job."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2

from libs.events import Checkpoint, PackageRequested
from libs.media import amf0
from libs.media.flv import FLV_HEADER, Tag, TagType, is_sequence_header, write_tag
from libs.pull import Answer, PullBroken
from libs.storage import SpoolEntry, SpoolFull
from libs.tags.pull import Ingest

SESSION = "655f1c00-0badcafe"
FIRST_MSN = 0x655F1C00
ORIGIN_URL = "http://ingest.test"


def order() -> PackageRequested:
    return PackageRequested(
        job=f"package-{SESSION}",
        attempt=1,
        tenant="default",
        stream="cam",
        session=SESSION,
        origin_url=ORIGIN_URL,
        segment_s=2.0,
        playlist_segments=6,
    )


async def no_ladder(_session: str) -> None:
    """What the catalog answers for a stream without a ladder."""


class FakeAnswer:
    def __init__(self, response: httpx2.Response) -> None:
        self.status = response.status_code
        self._response = response

    async def read(self) -> bytes:
        return await self._response.aread()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._response.aiter_raw()


class FakeIngest:
    """Speaks the internal FLV origin's HTTP; `tags` may grow while pulls run."""

    def __init__(self, tags: list[Tag]) -> None:
        self.tags = list(tags)
        self.oldest = 0
        self.fence = 0
        self.is_gone = False
        self.breaks_after: int | None = None
        """Break the next pull before this tag."""
        self.checkpoints: list[Checkpoint] = []
        self.pulls: list[int] = []
        self.wishes: list[float] = []
        """Whether tags may be gathered, as it was said."""
        self.sent = 0
        """Tags that the newest pull has taken in."""
        self._news = asyncio.Event()

    def ingest(self) -> Ingest:
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(self._answer))
        return Ingest(client, ORIGIN_URL, SESSION, open_pull=self._open_pull)

    @asynccontextmanager
    async def _open_pull(self, url: str, **_: object) -> AsyncIterator[Answer]:
        yield FakeAnswer(await self._answer(httpx2.Request("GET", url)))

    def append(self, tags: list[Tag]) -> None:
        self.tags += tags
        self._tell()

    def raise_fence(self, epoch: int) -> None:
        self.fence = max(self.fence, epoch)
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.is_gone:
            return httpx2.Response(404)
        path = request.url.path
        if path == f"/flv/{SESSION}":
            epoch = int(request.url.params["epoch"])
            return self._pull(int(request.url.params["after"]), epoch)
        body = json.loads(request.content)
        if path == f"/sessions/{SESSION}/claim":
            return self._claim(body["epoch"])
        if path == f"/sessions/{SESSION}/gather":
            self.wishes.append(body["wait_s"])
            return httpx2.Response(200, json={})
        assert path == f"/sessions/{SESSION}/checkpoint"
        return self._acknowledge(int(request.url.params["epoch"]), body)

    def _claim(self, epoch: int) -> httpx2.Response:
        if epoch < self.fence:
            return httpx2.Response(409)
        self.raise_fence(epoch)
        checkpoints = [item.model_dump(mode="json") for item in self.checkpoints]
        claim = {"checkpoints": checkpoints, "oldest_tag": self.oldest, "next_tag": len(self.tags)}
        return httpx2.Response(200, json=claim)

    def _acknowledge(self, epoch: int, body: object) -> httpx2.Response:
        if epoch < self.fence:
            return httpx2.Response(409)
        self.checkpoints.append(Checkpoint.model_validate(body))
        return httpx2.Response(200, json={})

    def _pull(self, after: int, epoch: int) -> httpx2.Response:
        if epoch < self.fence:
            return httpx2.Response(409)
        self.pulls.append(after)
        return httpx2.Response(200, content=self._stream(max(after + 1, self.oldest), epoch))

    async def _stream(self, number: int, epoch: int) -> AsyncIterator[bytes]:
        yield FLV_HEADER
        headers = {tag.type: tag for tag in self.tags[:number] if is_sequence_header(tag)}
        fields = {"next_tag": number, "generation": 1, "discontinuities": 0}
        position = Tag(TagType.SCRIPT, 10_000, amf0.encode("weir.position", fields))
        yield b"".join(map(write_tag, [*headers.values(), position]))
        while epoch >= self.fence:
            while number < len(self.tags):
                if number == self.breaks_after:
                    self.breaks_after = None
                    raise PullBroken("cut")
                yield write_tag(self.tags[number])
                if self.tags[number].body.startswith(b"\x02\x00\x08weir.end"):
                    self.sent = len(self.tags)
                    return
                number += 1
            self.sent = number
            await self._news.wait()


class FakeSpool:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.entries: list[SpoolEntry] = []
        self.is_full = False
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def drained(self, prefix: str) -> None:
        """Nothing waits here."""

    async def accept(self, entry: SpoolEntry, data: bytes) -> None:
        await self.is_open.wait()
        if self.is_full:
            raise SpoolFull("full")
        if entry.key not in self.objects:
            self.entries.append(entry)
        self.objects[entry.key] = data

    def read(self, key: str) -> bytes | None:
        return self.objects.get(key)


class FakeLease:
    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.lost = asyncio.Event()
        self.ends: list[str] = []

    async def release(self) -> None:
        self.ends.append("released")

    def drop(self) -> None:
        self.ends.append("dropped")
