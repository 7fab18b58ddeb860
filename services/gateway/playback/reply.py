"""Answers of the media path: made once, written as they are.

RFC 9110 sections 13 (conditional requests) and 14 (ranges), as far as immutable media needs them.
"""

import http
import re
from typing import NamedTuple

_COMMON = (
    b"access-control-allow-origin: *\r\n"
    b"access-control-expose-headers: Content-Length, Content-Range, Date, ETag, Retry-After\r\n"
    b"cross-origin-resource-policy: cross-origin\r\n"
    b"timing-allow-origin: *\r\n"
    b"x-content-type-options: nosniff\r\n"
)
IMMUTABLE = b"public, max-age=31536000, immutable"
LIVE_EDGE = b"max-age=0, s-maxage=1"
"""A second in shared caches; players ask each time."""
NO_STORE = b"no-store"

_MAX_RANGE_BYTES = 64
"""A longer Range header is no single range that we would serve."""
_RANGE = re.compile(rb"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", re.ASCII)

_PUBLIC = re.compile(
    rb"cache-control: (?:public, )?max-age=([0-9]+)(?:, s-maxage=([0-9]+))?(, immutable)?\r\n"
)

Body = bytes | memoryview


class Reply:
    """One answer. `headers` are whole lines without content-length, date and connection.

    What goes out is put together once for all who get it while `common` is the same object, the
    lines that stand in every answer: for a second, because of the date.
    """

    __slots__ = ("_common", "_head", "_joined", "body", "headers", "status")

    def __init__(self, status: int, headers: bytes, body: Body = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self._common: bytes | None = None
        self._head = b""
        self._joined = b""

    def having(self, headers: bytes) -> "Reply":
        """The same with other headers."""
        return Reply(self.status, headers, self.body)

    def head(self, common: bytes) -> bytes:
        """Status line and headers, with the empty line, on a connection that stays open."""
        if self._common is not common:
            self._common = common
            self._head = self._write_head(common, b"\r\n")
            self._joined = b""
        return self._head

    def last_head(self, common: bytes) -> bytes:
        """The same on a connection that is closed afterwards."""
        return self._write_head(common, b"connection: close\r\n\r\n")

    def joined(self, common: bytes) -> bytes:
        """Head and body: for a small body one copy is cheaper than a second buffer."""
        head = self.head(common)
        if not self._joined:
            self._joined = head + self.body
        return self._joined

    def _write_head(self, common: bytes, end: bytes) -> bytes:
        # 204 and 304 have no body and must not claim one (RFC 9110 8.6).
        size = b"" if self.status in (204, 304) else b"content-length: %d\r\n" % len(self.body)
        return b"".join((_STATUS_LINES[self.status], self.headers, common, size, end))


class Asked(NamedTuple):
    """The request's headers that say how media is answered and who asks, its trace and query."""

    range: bytes | None = None
    if_none_match: bytes | None = None
    if_range: bytes | None = None
    traceparent: bytes | None = None
    query: bytes | None = None
    """Of a media playlist's URL."""
    cookie: bytes | None = None
    referer: bytes | None = None
    origin: bytes | None = None
    user_agent: bytes | None = None
    forwarded_for: bytes | None = None
    original_uri: bytes | None = None
    """What an edge in front asks about."""
    cdn_secret: bytes | None = None
    """By which a CDN in front is known."""


NOTHING_MORE = Asked()


def headers(content_type: bytes, cache_control: bytes, more: bytes = b"") -> bytes:
    return (
        b"content-type: %b\r\ncache-control: %b\r\n" % (content_type, cache_control)
        + more
        + _COMMON
    )


def text(status: int, sentence: str, more: bytes = b"") -> Reply:
    """A sentence for people, as the pages and media of the replaced system answer."""
    return Reply(status, headers(b"text/plain; charset=utf-8", NO_STORE, more), sentence.encode())


NO_PLACE = text(503, "All places are taken; try again later.", b"retry-after: 5\r\n")
"""To a viewer for whom there is no descriptor, or who would be one too many."""


def private(reply: Reply) -> Reply:
    """The same for a signed stream: the viewer's browser may keep it, and our own edge, which asks
    who may have it; a shared cache that knows nothing of tokens must not.
    """
    return reply.having(private_headers(reply.headers))


def private_headers(lines: bytes) -> bytes:
    return _PUBLIC.sub(_private, lines)


def _private(public: re.Match[bytes]) -> bytes:
    kept, shared, immutable = public.groups()
    # In this order: before 1.23, nginx believes whichever of the two comes first.
    return b"x-accel-expires: %b\r\ncache-control: private, max-age=%b%b\r\n" % (
        shared or kept,
        kept,
        immutable or b"",
    )


def for_cdn(lines: bytes) -> bytes:
    """The headers of what a CDN may keep for all, as it has asked each viewer for a signature; an
    nginx between us, which has not, must not keep it.
    """
    # Before 1.23, nginx believes whichever of the two comes first.
    return b"x-accel-expires: 0\r\n" + lines


def redirect(location: bytes) -> Reply:
    """302 to a relative reference (RFC 9110 section 10.2.2)."""
    return text(302, "See the other address.", b"location: %b\r\n" % location)


def not_live(stream: str) -> Reply:
    return text(404, f"{stream} is not streaming live now")


PREFLIGHT = Reply(
    204,
    b"access-control-allow-methods: GET, HEAD, OPTIONS\r\n"
    b"access-control-allow-headers: Range, If-None-Match, If-Range, Authorization, *\r\n"
    b"access-control-max-age: 86400\r\n" + _COMMON,
)
UPGRADE_REQUIRED = text(
    426, "WebSocket version 13 is spoken here.", b"sec-websocket-version: 13\r\n"
)
METHOD_NOT_ALLOWED = text(405, "Media is read with GET.", b"allow: GET, HEAD, OPTIONS\r\n")


class Immutable:
    """A segment's track or an init segment: its bytes never change under its name.

    The ETag is made from the name, because the name is what identifies the bytes.
    """

    __slots__ = ("body", "content_type", "etag", "whole")

    def __init__(self, name: str, body: bytes, content_type: bytes) -> None:
        self.body = body
        self.content_type = content_type
        self.etag = b'"' + name.encode() + b'"'
        self.whole = Reply(200, self._headers(), body)

    def _headers(self, more: bytes = b"") -> bytes:
        more = b"etag: %b\r\naccept-ranges: bytes\r\n%b" % (self.etag, more)
        return headers(self.content_type, IMMUTABLE, more)

    def answer(self, asked: Asked) -> Reply:
        """The whole object, a single range of it, or word that the asker has it already."""
        if asked.if_none_match is not None and self._is_named_by(asked.if_none_match):
            return Reply(304, self._headers())
        if asked.range is None or len(asked.range) > _MAX_RANGE_BYTES:
            return self.whole
        if asked.if_range is not None and asked.if_range.strip() != self.etag:
            return self.whole
        found = _RANGE.fullmatch(asked.range.strip())
        # Several ranges, another unit or nonsense: RFC 9110 14.2 lets us ignore the header.
        return self.whole if found is None else self._part(*found.groups())

    def _is_named_by(self, if_none_match: bytes) -> bool:
        return if_none_match.strip() == b"*" or self.etag in if_none_match

    def _part(self, first: bytes | None, last: bytes | None, suffix: bytes | None) -> Reply:
        size = len(self.body)
        if first is None:
            start, stop = max(0, size - int(suffix or 0)), size
        else:
            start, stop = int(first), min(int(last) + 1, size) if last else size
            if last and int(last) < start:
                return self.whole
        if start >= stop:
            return Reply(416, self._headers(b"content-range: bytes */%d\r\n" % size))
        where = b"content-range: bytes %d-%d/%d\r\n" % (start, stop - 1, size)
        return Reply(206, self._headers(where), memoryview(self.body)[start:stop])


_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    for status in http.HTTPStatus
}


class CommonLines:
    """The header lines of every answer, as bytes; made anew when uvicorn has a new list of them."""

    def __init__(self) -> None:
        self._headers: list[tuple[bytes, bytes]] | None = None
        self._lines = b""

    def of(self, default_headers: list[tuple[bytes, bytes]]) -> bytes:
        if default_headers is not self._headers:
            self._headers = default_headers
            self._lines = b"".join(b"%b: %b\r\n" % header for header in default_headers)
        return self._lines


def growing_head(head: bytes, common: bytes, *, keep_alive: bool, is_chunked: bool) -> bytes:
    """Status line and headers, with `head` as a `Reply`'s, of an answer whose length is not known
    yet (RFC 9112 section 7.1).
    """
    lines = [_STATUS_LINES[200], head, common]
    if is_chunked:
        lines.append(b"transfer-encoding: chunked\r\n")
    if not keep_alive:
        lines.append(b"connection: close\r\n")
    return b"".join([*lines, b"\r\n"])


def stream_head(common: bytes) -> bytes:
    """Head of a live FLV response: it ends when the connection does.

    No chunked framing, so that the bytes of a tick are the same for every viewer.
    """
    return b"".join(
        [
            _STATUS_LINES[200],
            headers(b"video/x-flv", NO_STORE),
            common,
            b"connection: close\r\n\r\n",
        ]
    )


def websocket_head(accept: bytes, common: bytes) -> bytes:
    """The answer that opens a WebSocket (RFC 6455 section 4.2.2)."""
    return b"".join(
        [
            _STATUS_LINES[101],
            b"upgrade: websocket\r\nconnection: Upgrade\r\n",
            b"sec-websocket-accept: %b\r\n" % accept,
            common,
            b"\r\n",
        ]
    )
