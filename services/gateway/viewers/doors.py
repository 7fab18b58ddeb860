"""Which doors are open to those who may not have everything; what is not named here is refused, so
that a door that is built later is shut until somebody opens it.

A viewer whose pictures carry a mark is led to marked segments alone. All else shows plain
pictures: FLV and RTMP, parts, DASH, files, clips, storyboards. A CDN gets what it can keep for all:
playlists, manifests and media, but nothing that is made for one viewer, or has no end.
"""

from services.gateway.playback.routes import Kind, MediaRoute

_OPEN = frozenset({Kind.MULTIVARIANT, Kind.PLAYLIST, Kind.SEGMENT, Kind.INIT, Kind.TRANSPORT})
_OF_CDN = _OPEN | {Kind.MANIFEST, Kind.PART, Kind.VIEW}
_PLAYLIST = ".m3u8"


def is_marked_door(route: MediaRoute | None) -> bool:
    """`None` is all of a stream, as those ask who send what is live."""
    if route is None:
        return False
    if route.kind is Kind.VIEW:
        return route.name.endswith(_PLAYLIST)
    return route.kind in _OPEN


def is_cdn_door(route: MediaRoute | None) -> bool:
    return route is not None and route.kind in _OF_CDN
