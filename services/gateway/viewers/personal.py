"""Playlists that give each player a path of its own, so that it is told from every other.

Only what a player asks for first is made so: the multivariant playlist, the DASH manifest. Media
playlists and segments are the same for all, because their URIs are relative.
"""

import re

from services.gateway.playback.reply import NO_STORE, Reply, headers
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.viewers.visit import Visit, new_viewer

_URI = re.compile(rb'(?<=URI=")(?![a-z][a-z0-9+.-]*:|/)')
_LINE = re.compile(rb"^(?=[^#\s/])(?![a-z][a-z0-9+.-]*:)", re.MULTILINE)
_OUT = re.compile(rb'(?:(?<=URI=")|^)\.\./', re.MULTILINE)
"""How the playlist of one rendition leads out of its folder."""
_MPD = re.compile(rb"<MPD\b[^>]*>")
_HLS = headers(b"application/vnd.apple.mpegurl", NO_STORE)
_DASH = headers(b"application/dash+xml", NO_STORE)
_IGNORES_LOCATION = b"Lavf/"
"""FFmpeg asks for a manifest again where it first found it, each time as if it were new."""


def is_first(route: MediaRoute, visit: Visit) -> bool:
    """Whether this is how a player begins: it has no path of its own yet."""
    if visit.viewer or visit.cookie_token:
        return False
    if route.kind is Kind.MANIFEST:
        return not (visit.asked.user_agent or b"").startswith(_IGNORES_LOCATION)
    return route.kind is Kind.MULTIVARIANT


def personal(reply: Reply, route: MediaRoute, visit: Visit, token: str) -> Reply:
    """The same playlist with URIs that hold a new viewer session, and `token` if there is one."""
    if reply.status != 200:  # noqa: PLR2004 - nothing to play yet
        return reply
    viewer = new_viewer("dash" if route.kind is Kind.MANIFEST else "hls")
    name = f"{token}.{viewer}" if token else viewer
    base = b"%b~%b/%b/" % (visit.to_root, name.encode(), route.stream.encode())
    body = bytes(reply.body)
    if route.kind is Kind.MULTIVARIANT:
        if route.rendition:
            body = _OUT.sub(b"", body)
        body = _LINE.sub(base, _URI.sub(base, body))
        return Reply(200, _HLS, body)
    opening = _MPD.search(body)
    if opening is None or b"<BaseURL" in body or b"<Location" in body:
        return reply
    more = b"\n  <BaseURL>%b</BaseURL>\n  <Location>%bmanifest.mpd</Location>" % (base, base)
    return Reply(200, _DASH, body[: opening.end()] + more + body[opening.end() :])
