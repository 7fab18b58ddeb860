"""LL-HLS players: blocking reload of one media playlist, and every part as soon as it is there.

RFC 8216bis sections 4.4.4.9 (EXT-X-PART), 6.2.5.2 (blocking reload) and 6.3.8 (preload hints: a
player asks for the part that is hinted at while it waits for the playlist). Without hints it asks
for each part when it is listed, which costs a round trip more.
"""

import re
import time
from collections.abc import Callable
from http import HTTPStatus
from struct import unpack_from

from bench.connection import Address
from bench.hls import Join, beside
from bench.http import HTTPClient, Reply
from bench.loop import Loop
from bench.publisher import Publisher
from bench.replay import Replay, digest_of

_SEQUENCE = re.compile(r"^#EXT-X-MEDIA-SEQUENCE:(\d+)", re.MULTILINE)
_HINT_URI = re.compile(r'^#EXT-X-PRELOAD-HINT:TYPE=PART,URI="([^"]+)"', re.MULTILINE)
_PART_URI = re.compile(r'^#EXT-X-PART:.*?URI="([^"]+)"', re.MULTILINE)
AVC_HEADER_BYTES = 5


class PartLedger:
    """When each frame of the parts was published, and how much later it was here.

    A frame is known by the digest of its bytes, which are the same in FLV and in fMP4.
    """

    def __init__(self, replay: Replay, publisher: Publisher) -> None:
        self.lags_ms: list[float] = []
        self.fault = ""
        self._publisher = publisher
        self._next: int | None = None
        video = [number for number, frame in enumerate(replay.frames) if frame.is_video]
        self._order = {number: at for at, number in enumerate(video)}
        self._of_digest = {
            digest_of(replay.frames[number].body[AVC_HEADER_BYTES:]): number for number in video
        }

    def take(self, part: bytes, at: float) -> None:
        for sample in samples_of(part):
            number = self._of_digest.get(digest_of(sample))
            if number is None or (self._next is not None and self._order[number] != self._next):
                self.fault = self.fault or "a frame that is not the next"
                return
            self._next = self._order[number] + 1
            self.lags_ms.append(1000 * (at - self._publisher.sent_at[number]))


class Player:
    """One connection for playlists, one for parts. Without a ledger parts are thrown away."""

    def __init__(
        self,
        loop: Loop,
        address: Address,
        playlist: str,
        *,
        source: str,
        ledger: PartLedger | None = None,
        with_parts: bool = True,
        with_hints: bool = True,
    ) -> None:
        self.reloads = 0
        self.playlist_bytes = 0
        """Of the last playlist."""
        self.fault = ""
        self.broken_hints = 0
        self._ledger = ledger
        self._with_parts = with_parts
        self._with_hints = with_hints
        self._hint = ""
        self._hinted = ""
        """The last hint that was asked for."""
        self._path = playlist
        self._playlists = HTTPClient(loop, address, source=source)
        self._media = HTTPClient(loop, address, source=source) if with_parts else None
        self._wanted: list[str] = []
        self._newest = ""
        self._loop = loop
        self._playlists.get(playlist, self._on_first)

    def _on_first(self, reply: Reply) -> None:
        parts = _PART_URI.findall(reply.body.decode())
        self._newest = parts[-1] if parts else ""
        self._on_playlist(reply)

    def _on_playlist(self, reply: Reply) -> None:
        text = reply.body.decode()
        if reply.status != 200:
            self.fault = self.fault or f"a playlist got {reply.status}"
            self._loop.at(time.monotonic() + 0.1, lambda: self._reload(self._path))
            return
        self.reloads += 1
        self.playlist_bytes = reply.size
        self._reload(f"{self._path}?{next_of(text)}")
        if self._with_parts:
            self._want(text)

    def _reload(self, path: str) -> None:
        self._playlists.get(path, self._on_playlist)

    def _want(self, text: str) -> None:
        parts = _PART_URI.findall(text)
        if self._newest in parts:
            self._wanted += parts[parts.index(self._newest) + 1 :]
        if self._hinted in self._wanted:
            self._wanted.remove(self._hinted)
        if parts:
            self._newest = parts[-1]
        found = _HINT_URI.search(text) if self._with_hints else None
        self._hint = found.group(1) if found else ""
        self._fetch()

    def _fetch(self) -> None:
        assert self._media is not None
        if self._media.is_busy:
            return
        keeps_body = self._ledger is not None
        if self._wanted:
            path = beside(self._path, self._wanted.pop(0))
            self._media.get(path, self._on_part, keeps_body=keeps_body)
        elif self._hint and self._hint != self._hinted:
            self._hinted = self._hint
            path = beside(self._path, self._hint)
            self._media.get(path, self._on_hinted, keeps_body=keeps_body)

    def _on_hinted(self, reply: Reply) -> None:
        if reply.status == HTTPStatus.NOT_FOUND:
            self.broken_hints += 1  # lawful where segments end otherwise than foreseen (6.2.6)
            self._fetch()
        else:
            self._on_part(reply)

    def _on_part(self, reply: Reply) -> None:
        if reply.status != 200:
            self.fault = self.fault or f"a part got {reply.status}"
        elif self._ledger is not None:
            self._ledger.take(reply.body, reply.last_byte_at)
        self._fetch()


def next_of(playlist: str) -> str:
    """The query that waits for the part after the last of `playlist`."""
    found = _SEQUENCE.search(playlist)
    first = int(found.group(1)) if found else 0
    segments, parts = 0, 0
    for line in playlist.splitlines():
        if line.startswith("#EXT-X-PART:"):
            parts += 1
        elif line and line[0] != "#":
            segments, parts = segments + 1, 0
    return f"_HLS_msn={first + segments}&_HLS_part={parts}"


def media_playlist(loop: Loop, address: Address, stream: str, *, timeout_s: float = 20) -> str:
    """The path of the video playlist of a stream that is on air."""
    join = Join(loop, address, f"/{stream}/live.m3u8")
    done: Callable[[], bool] = lambda: join.done_at is not None  # noqa: E731
    loop.until(done, timeout_s=timeout_s, what="the first part")
    return join.playlist_path


def samples_of(part: bytes) -> list[bytes]:
    """The samples of a part: moof and mdat pairs with one track each (ISO 14496-12, 8.8)."""
    samples: list[bytes] = []
    sizes: list[int] = []
    at = 0
    while at + 8 <= len(part):
        size, kind = unpack_from(">I4s", part, at)
        if kind == b"moof":
            sizes = _sizes_of(part[at : at + size])
        elif kind == b"mdat":
            start = at + 8
            for length in sizes:
                samples.append(part[start : start + length])
                start += length
        at += size
    return samples


def _sizes_of(moof: bytes) -> list[int]:
    """The sample sizes of its `trun` (8.8.8); 0x100 duration, 0x200 size, 0x400, 0x800."""
    at = moof.index(b"trun") + 4
    flags, count = unpack_from(">II", moof, at)
    flags &= 0xFFFFFF
    at += 8 + 4 * bool(flags & 1) + 4 * bool(flags & 4)
    width = 4 * sum(bool(flags & bit) for bit in (0x100, 0x200, 0x400, 0x800))
    before = 4 * bool(flags & 0x100)
    return [unpack_from(">I", moof, at + n * width + before)[0] for n in range(count)]
