"""The watch of live HLS accepts a lawful stream, and says what a player would stumble over."""

import asyncio
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from itertools import count

import pytest

from tests.oracles.hls_watch import HLSWatch

Answer = tuple[int, str]
Server = Callable[[str], Answer]
EVERY_S = 0.02
MULTIVARIANT = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nsource/video.m3u8\n"


def media(first: int, last: int, *, is_ended: bool) -> str:
    head = (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n"
        f'#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-MAP:URI="init.mp4"\n'
    )
    segments = (
        f"#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:{2 * msn:02}Z\n#EXTINF:2.0,\n{msn}.m4s\n"
        for msn in range(first, last + 1)
    )
    return head + "".join(segments) + ("#EXT-X-ENDLIST\n" if is_ended else "")


class Gateway:
    """Answers as the test says; a stream of four segments that has one more at each look."""

    def __init__(self) -> None:
        self.looks = count(1)
        self.replaced: dict[str, list[Answer]] = {}
        """Answers to give instead, one after the other, by path."""
        self.url = ""

    def answer(self, path: str) -> Answer:
        if self.replaced.get(path):
            return self.replaced[path].pop(0)
        if path.endswith("live.m3u8"):
            return 200, MULTIVARIANT
        if path.endswith("video.m3u8"):
            last = min(next(self.looks), 4)
            return 200, media(1, last, is_ended=last == 4)
        return 200, "media"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        status, body = self.answer(head.split()[1].decode())
        writer.write(
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nconnection: close\r\n"
            f"content-length: {len(body)}\r\n\r\n{body}".encode()
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    found = Gateway()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield found


async def watched(gateway: Gateway) -> HLSWatch:
    async with HLSWatch(gateway.url, "cam", every_s=EVERY_S) as watch:
        await watch.ended(within_s=10)
    return watch


async def test_lawful_stream_is_watched_to_its_end(gateway: Gateway) -> None:
    gateway.replaced["/cam/source/video.m3u8"] = [(200, media(1, 1, is_ended=False)), (503, "")]
    watch = await watched(gateway)
    assert watch.findings == []
    assert watch.newest_msn() == 4
    assert watch.loaded == {"source/init.mp4", *(f"source/{msn}.m4s" for msn in range(1, 5))}


async def test_it_stays_the_viewer_that_it_was_at_first(gateway: Gateway) -> None:
    """Each multivariant playlist names the media playlists under another viewer's token."""
    gateway.replaced["/cam/live.m3u8"] = [
        (200, MULTIVARIANT.replace("source", f"../~viewer{number}/cam/source"))
        for number in range(100)
    ]
    watch = await watched(gateway)
    assert watch.findings == []
    assert {look.uri for look in watch.looks} == {"source/video.m3u8"}
    assert {uri.rpartition("/")[0] for uri in watch.loaded} == {"../~viewer0/cam/source"}


@pytest.mark.parametrize(
    ("path", "answers", "rule"),
    [
        ("/cam/source/2.m4s", [(404, "")], "refused"),
        ("/cam/source/video.m3u8", [(200, media(1, 2, is_ended=False)), (404, "")], "refused"),
        ("/cam/source/video.m3u8", [(200, media(2, 4, is_ended=False))], "media_sequence_fell"),
        ("/cam/live.m3u8", [(200, MULTIVARIANT + "#EXT-X-STREAM-INF:BANDWIDTH=2\nlow.m3u8\n")],
         "renditions_changed"),
    ],
)  # fmt: skip
async def test_what_a_player_would_stumble_over_is_found(
    gateway: Gateway, path: str, answers: list[Answer], rule: str
) -> None:
    gateway.replaced[path] = answers
    gateway.replaced["/cam/low.m3u8"] = [(200, media(1, 4, is_ended=True))]
    watch = await watched(gateway)
    assert rule in {finding.rule for finding in watch.findings}


async def test_stream_that_stands_still_is_not_waited_for_without_end(gateway: Gateway) -> None:
    gateway.replaced["/cam/source/video.m3u8"] = [(200, media(1, 1, is_ended=False))] * 100
    async with HLSWatch(gateway.url, "cam", every_s=EVERY_S) as watch:
        await watch.reach(1, within_s=5)
        with pytest.raises(TimeoutError):
            await watch.reach(1, within_s=0.3)
