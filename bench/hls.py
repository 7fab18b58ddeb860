"""An HLS player's first steps: from a stream's name to the last byte of something playable."""

import posixpath
import re
import time
from collections.abc import Callable

from bench.connection import Address
from bench.http import HTTPClient, Reply
from bench.loop import Loop

_MAP = re.compile(r'#EXT-X-MAP:.*?URI="([^"]+)"')
_PART = re.compile(r"#EXT-X-PART:(?P<attributes>.*)")
_URI = re.compile(r'URI="([^"]+)"')
RETRY_S = 0.01


class Join:
    """Multivariant playlist, media playlist, init segment, newest independent part (or segment).

    What is not there yet is asked for again. `done_at` is the time of the last byte.
    """

    def __init__(self, loop: Loop, address: Address, path: str) -> None:
        self.done_at: float | None = None
        self.began_at = time.monotonic()
        self.is_part = False
        """Whether the media was a part, not a whole segment."""
        self._loop = loop
        self._client = HTTPClient(loop, address)
        self.playlist_path = ""
        self._media_uri = ""
        self._ask(path, self._on_multivariant)

    def close(self) -> None:
        self._client.close()

    def _ask(self, path: str, then: Callable[[str, Reply], None]) -> None:
        def on_reply(reply: Reply) -> None:
            if reply.status == 200:
                then(path, reply)
            else:
                self._again(path, then)

        self._client.get(path, on_reply)

    def _again(self, path: str, then: Callable[[str, Reply], None]) -> None:
        self._loop.at(time.monotonic() + RETRY_S, lambda: self._ask(path, then))

    def _on_multivariant(self, path: str, reply: Reply) -> None:
        uris = [line for line in reply.body.decode().splitlines() if line and line[0] != "#"]
        if uris:
            self._ask(beside(path, uris[0]), self._on_playlist)
        else:
            self._again(path, self._on_multivariant)

    def _on_playlist(self, path: str, reply: Reply) -> None:
        self.playlist_path = path
        text = reply.body.decode()
        found = _MAP.search(text)
        media, self.is_part = newest_independent(text)
        if not media:
            self._again(path, self._on_playlist)
            return
        self._media_uri = beside(path, media)
        if found:
            self._ask(beside(path, found.group(1)), self._on_init)
        else:
            self._ask(self._media_uri, self._on_media)

    def _on_init(self, _path: str, _reply: Reply) -> None:
        self._ask(self._media_uri, self._on_media)

    def _on_media(self, _path: str, reply: Reply) -> None:
        self.done_at = reply.last_byte_at
        self.close()


def newest_independent(playlist: str) -> tuple[str, bool]:
    """URI of the newest media that begins with a keyframe, and whether it is a part."""
    newest, is_part = "", False
    for line in playlist.splitlines():
        part = _PART.match(line)
        if part and "INDEPENDENT=YES" in line:
            uri = _URI.search(line)
            newest, is_part = (uri.group(1), True) if uri else (newest, is_part)
        elif line and line[0] != "#" and not is_part:
            newest = line
    return newest, is_part


def beside(path: str, uri: str) -> str:
    """A relative URI made absolute (paths only)."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), uri))
