"""Which doors are open to a viewer whose pictures carry a mark: those that lead to marked segments.

All else shows plain pictures: FLV and RTMP, parts, DASH, files, clips, storyboards. What is not
named here is refused, so that a door that is built later is shut until somebody opens it.
"""

from services.gateway.playback.routes import Kind, MediaRoute

_OPEN = frozenset({Kind.MULTIVARIANT, Kind.PLAYLIST, Kind.SEGMENT, Kind.INIT, Kind.TRANSPORT})
_PLAYLIST = ".m3u8"


def is_marked_door(route: MediaRoute | None) -> bool:
    """`None` is all of a stream, as those ask who send what is live."""
    if route is None:
        return False
    if route.kind is Kind.VIEW:
        return route.name.endswith(_PLAYLIST)
    return route.kind in _OPEN
