"""Which raw paths are media, and what they ask for.

The grammar is matched against the bytes of the request line, never against a decoded path: what
holds a "%", a backslash, a NUL or ".." is simply no media route. Under a stream there are

    /<stream>/live.flv
    /<stream>/{live,master,index}.m3u8                      multivariant playlist
    /<stream>/manifest.mpd
    /<stream>/<rendition>/index.m3u8                        multivariant playlist of one rendition
    /<stream>/<rendition>/live.flv
    /<stream>/<rendition>/{video,audio}.m3u8                media playlist
    /<stream>/<session>/<rendition>/<msn>.{video,audio}.m4s
    /<stream>/<session>/<rendition>/<msn>.<part>.{video,audio}.m4s
    /<stream>/<session>/<rendition>/init-<config>.mp4

and as views over the segment log, which is what was on air

    /<stream>/dvr.m3u8                                      multivariant playlist: live, seekable
    /<stream>/<session>/index.m3u8                          the same of all of a session
    /<stream>/<session>/<rendition>/{video,audio}.m3u8      media playlist of all of it
    /<stream>/<session>/<rendition>/{video,audio}.dvr.m3u8  of the DVR window
    /<stream>/<from>-<until>/index.m3u8                     of a window, in Unix milliseconds
    /<stream>/<from>-<until>/<rendition>/{video,audio}.m3u8
    /<stream>/{<session>,<from>-<until>}/manifest.mpd       the same as DASH
    /<stream>/{<session>,<from>-<until>}/ts.m3u8            the same as HLS of MPEG-TS
    /<stream>/{<session>,<from>-<until>}/<rendition>/ts.m3u8
    /<stream>/<session>/<rendition>/<msn>.ts                a segment of it
    /<stream>/vod-<start>.m3u8                              a session by its start in Unix
    /<stream>/720p/<msn>.ts                                 milliseconds, as the replaced system
                                                            named its recordings

and the same once more under /hls/<stream>/ and /dash/<stream>/ (there with index.mpd), which is
the layout of nginx's nested HLS and DASH; all URIs in playlists are relative, so both work. What
is personal (`/~<token>` in front; see `viewers.visit`) has been taken off before.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from libs.names import RENDITION, RESERVED_STREAM_IDS
from services.gateway.views.span import SPAN

MAX_PATH_BYTES = 256
"""Longer than every lawful media path."""


class Kind(StrEnum):
    """What is asked for; also the `route` label of the metrics."""

    # Enum's own hash is a Python call; a kind is looked up several times for each request.
    __hash__ = str.__hash__

    FLV = "flv"
    MULTIVARIANT = "multivariant"
    MANIFEST = "manifest"
    PLAYLIST = "playlist"
    SEGMENT = "segment"
    PART = "part"
    INIT = "init"
    VIEW = "view"
    """A playlist over the segment log."""
    TRANSPORT = "transport"
    """A segment of the log as MPEG-TS."""
    AUTHORISE = "authorise"
    """An edge asks whether a viewer may have what it holds."""


class MediaRoute(NamedTuple):
    kind: Kind
    stream: str
    session: str = ""
    rendition: str = ""
    name: str = ""
    """File name: `video.m3u8`, `1700000000.video.m4s`, `init-0123456789ab.mp4`."""
    span: str = ""
    """Of a window: `<from>-<until>`."""


_STREAM = rb"(?P<stream>[A-Za-z0-9][A-Za-z0-9_-]{0,63})"
_SESSION = rb"(?P<session>[0-9a-f]{8}-[0-9a-f]{8})"
_SESSION_OF_VIEW = _SESSION.replace(b"<session>", b"<viewed>")
_RENDITION = RENDITION.pattern.encode()
_ROUTE = re.compile(
    rb"/(?:(?:hls|dash)/)?" + _STREAM + rb"/(?:"
    rb"(?P<flv>live\.flv)"
    rb"|(?P<multivariant>(?:live|master|index)\.m3u8)"
    rb"|(?P<manifest>(?:manifest|index)\.mpd)"
    rb"|(?P<dvr>dvr\.m3u8)"
    rb"|(?P<vod>vod-[1-9][0-9]{12}\.m3u8)"
    rb"|720p/(?P<recorded>[1-9][0-9]{0,9}\.ts)"
    rb"|(?:" + _SESSION_OF_VIEW + rb"|(?P<span>" + SPAN.pattern + rb"))/"
    rb"(?:(?P<views>index\.m3u8|manifest\.mpd|ts\.m3u8)|(?P<of_view>" + _RENDITION + rb")/"
    rb"(?P<view>(?:(?:video|audio)(?:\.dvr)?|ts)\.m3u8))"
    rb"|(?P<of_list>" + _RENDITION + rb")/"
    rb"(?:(?P<playlist>(?:video|audio)\.m3u8)|(?P<one>index\.m3u8)|(?P<one_flv>live\.flv))"
    rb"|" + _SESSION + rb"/(?P<of_media>" + _RENDITION + rb")/(?:"
    rb"(?P<segment>[1-9][0-9]{0,9}\.(?:video|audio)\.m4s)"
    rb"|(?P<transport>[1-9][0-9]{0,9}\.ts)"
    rb"|(?P<part>[1-9][0-9]{0,9}\.(?:0|[1-9][0-9]{0,2})\.(?:video|audio)\.m4s)"
    rb"|(?P<init>init-[0-9a-f]{12}\.mp4)))"
)
AUTHORISE_PATH = b"/_authorise"
_AUTHORISE = MediaRoute(Kind.AUTHORISE, stream="")
_KINDS = {kind.value: kind for kind in Kind if kind is not Kind.AUTHORISE} | {
    "one": Kind.MULTIVARIANT,
    "one_flv": Kind.FLV,
    "dvr": Kind.VIEW,
    "views": Kind.VIEW,
    "vod": Kind.VIEW,
    "recorded": Kind.TRANSPORT,
}
"""By the group of `_ROUTE` that names the file."""
_RESERVED = frozenset(name.encode() for name in RESERVED_STREAM_IDS)


@lru_cache(maxsize=8192)
def _match(path: bytes) -> MediaRoute | None:
    found = _ROUTE.fullmatch(path)
    if found is None or found["stream"] in _RESERVED:
        return None
    group = next(group for group in _KINDS if found[group] is not None)
    rendition = found["of_list"] or found["of_media"] or found["of_view"] or b""
    return MediaRoute(
        kind=_KINDS[group],
        stream=found["stream"].decode(),
        session=(found["session"] or found["viewed"] or b"").decode(),
        rendition=rendition.decode(),
        name=found[group].decode(),
        span=(found["span"] or b"").decode(),
    )


def match_media(path: bytes) -> MediaRoute | None:
    """The media that the raw `path` (no query) asks for, or None if it is no media route."""
    if len(path) > MAX_PATH_BYTES:
        return None
    if path == AUTHORISE_PATH:
        return _AUTHORISE
    return _match(path)
