"""A playlist or manifest as the packager gave it last, and the answers that are made of it."""

from hashlib import blake2b

from services.gateway.playback.origin import Fetched
from services.gateway.playback.reload import PLAIN, Position, Reload, read_reload
from services.gateway.playback.reply import LIVE_EDGE, Asked, Reply, headers
from services.gateway.playback.routes import Kind

BLOCKED_TARGETS = 6
"""How long a cache may keep the answer to a blocking request, in target durations: what holds a
part goes on holding it. A plain request's answer is kept for half of one (RFC 8216bis, B.1)."""
_DELTA_VERSION = b"9"
"""EXT-X-SKIP needs it; a playlist in full stands at the version that its tags need."""
_HLS_TYPE = b"application/vnd.apple.mpegurl"
_MPD = headers(b"application/dash+xml", LIVE_EDGE)
_HLS = headers(_HLS_TYPE, LIVE_EDGE)
_VERSION = b"#EXTM3U\n#EXT-X-VERSION:"
_START = Position(0, 0, 0)


class Kept:
    """`answer` gives the playlist as it was asked for: in full or as a delta update."""

    def __init__(self, kind: Kind, fetched: Fetched, *, at: float) -> None:
        self.at = at
        self.position = _position(fetched)
        self.target_s = int(fetched.headers.get("weir-target-s", "0"))
        self.is_ended = fetched.body.endswith(b"\n#EXT-X-ENDLIST\n")
        plain, blocked = self._headers(kind)
        delta = _delta(fetched)
        # What waits for news gets news; whoever asks as it is now may have it already.
        self._plain = _Tagged(plain, fetched.body)
        self._delta = _Tagged(plain, delta)
        self._blocked = Reply(200, blocked, fetched.body)
        self._blocked_delta = Reply(200, blocked, delta)

    def answer(self, asked: Asked) -> Reply:
        reload = PLAIN if asked.query is None else read_reload(asked.query)
        return self.reply_to(reload, asked.if_none_match)

    def reply_to(self, reload: Reload, if_none_match: bytes | None) -> Reply:
        if reload.msn is None:
            return (self._delta if reload.is_delta else self._plain).answer(if_none_match)
        return self._blocked_delta if reload.is_delta else self._blocked

    def has(self, reload: Reload) -> bool:
        """Whether it is what `reload` waits for; an ended playlist is, whatever it holds."""
        return self.is_ended or reload.is_met(self.position)

    def _headers(self, kind: Kind) -> tuple[bytes, bytes]:
        """Of the answers to plain and to blocking requests."""
        if kind is Kind.MANIFEST:
            return _MPD, _MPD
        if not self.target_s or self.is_ended:
            # The stream may be on air again at once, under the same name.
            return _HLS, _HLS
        plain, blocked = max(1, self.target_s // 2), BLOCKED_TARGETS * self.target_s
        return (
            headers(_HLS_TYPE, b"max-age=0, s-maxage=%d" % plain),
            headers(_HLS_TYPE, b"public, max-age=%d" % blocked),
        )


class _Tagged:
    """An answer that who polls has already, more often than not (RFC 9110 section 13.1.2)."""

    def __init__(self, lines: bytes, body: bytes) -> None:
        self._etag = b'"%s"' % blake2b(body, digest_size=8).hexdigest().encode()
        lines += b"etag: %b\r\n" % self._etag
        self._whole = Reply(200, lines, body)
        self._same = Reply(304, lines)

    def answer(self, if_none_match: bytes | None) -> Reply:
        if if_none_match is None or self._etag not in if_none_match:
            return self._whole
        return self._same


def _position(fetched: Fetched) -> Position:
    said = fetched.headers.get("weir-position")
    return Position(*map(int, said.split("."))) if said else _START


def _delta(fetched: Fetched) -> bytes:
    """The playlist with what is old replaced by EXT-X-SKIP (RFC 8216bis, 6.2.5.1)."""
    said = fetched.headers.get("weir-skip")
    body = fetched.body
    if said is None or not body.startswith(_VERSION):
        return body
    start, end, segments = map(int, said.split(" "))
    skip = b"#EXT-X-SKIP:SKIPPED-SEGMENTS=%d\n" % segments
    head = _VERSION + _DELTA_VERSION + body[len(_VERSION) + 1 : start]
    return head + skip + body[end:]
