"""What lies under the bucket's keys: the names of the replaced system's recordings, and Weir's own
names of the same.

    <stream>/720p/<n>.ts                             a segment, watermarked
    <stream>/<session>/<rendition>/<n>.ts            a segment, watermarked
    <stream>/vod-<start>.m3u8                        a session's playlist of such segments
    <stream>/{<session>,<from>-<until>}/[<rendition>/]ts.m3u8
    <stream>/{mp4,images,motion/mp4,motion/images}/<Y>/<M>/<D>/<name>
    <stream>/mp4/<Y>/<M>/<D>/vod-index.m3u8          the MP4s of a day
"""

import re
from typing import NamedTuple

from libs.names import STREAM_ID
from services.gateway.playback.routes import Kind, MediaRoute, match_media

_DATED = re.compile(
    rf"({STREAM_ID.pattern})/((?:motion/)?(?:mp4|images))/(\d{{4}})/(\d{{1,2}})/(\d{{1,2}})/"
    r"([A-Za-z0-9_.-]{1,128})",
    re.ASCII,
)
_LIST_OF_DAY = ("mp4", "vod-index.m3u8")


class Segment(NamedTuple):
    route: MediaRoute


class Playlist(NamedTuple):
    route: MediaRoute


class Day(NamedTuple):
    stream: str
    date: tuple[int, int, int]


class File(NamedTuple):
    key: str


Named = Segment | Playlist | Day | File


def read_key(key: str) -> Named | None:
    """None if nothing can lie under it."""
    route = match_media(f"/{key}".encode())
    if route is not None and route.kind is Kind.TRANSPORT:
        return Segment(route)
    if route is not None and route.kind is Kind.VIEW:
        is_of_segments = route.name.startswith("vod-") or route.name == "ts.m3u8"
        return Playlist(route) if is_of_segments else None
    found = _DATED.fullmatch(key)
    if found is None:
        return None
    if (found[2], found[6]) == _LIST_OF_DAY:
        return Day(found[1], (int(found[3]), int(found[4]), int(found[5])))
    return File(key)
