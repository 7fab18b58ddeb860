"""The way in: the gate, then the viewer session, for each request for media."""

from libs.errors import WeirError
from libs.events import ViewerKind
from libs.names import ASSET, is_variant_b
from services.gateway.playback.miss import Later
from services.gateway.playback.reply import Reply, text
from services.gateway.playback.routes import Kind, MediaRoute, match_media
from services.gateway.viewers.gate import CDN, refuse
from services.gateway.viewers.grant import Grant, Refusal
from services.gateway.viewers.personal import is_first
from services.gateway.viewers.proxies import Proxies
from services.gateway.viewers.roster import Roster
from services.gateway.viewers.viewing import Viewing
from services.gateway.viewers.visit import Visit, kind_of, raw_target, split_personal
from services.gateway.viewers.watermarks import Watermarks

_UNNAMED: dict[Kind, ViewerKind] = {Kind.PLAYLIST: "hls", Kind.MANIFEST: "dash"}
"""What a player whose path names no viewer session watches by, as its requests tell."""
_DIRECTIVE = b"_HLS_"
"""What changes a media playlist (RFC 8216bis, 6.2.5); other parameters mean nothing."""
_NOT_TRUSTED = text(404, "Only a proxy of WEIR_TRUSTED_PROXIES may ask this.")
_NO_TARGET = text(400, "Send the request's target as the header X-Original-URI.")
_NO_RENDITION = text(404, "There is no such rendition.")
_PASS_ON = Reply(204, b"cache-control: no-store\r\nx-weir-bypass: 1\r\n")
"""It may be asked for; what comes is for this viewer alone."""


class Admission:
    def __init__(self, viewing: Viewing, watermarks: Watermarks, proxies: Proxies) -> None:
        self._viewing = viewing
        self._watermarks = watermarks
        self._proxies = proxies

    @property
    def roster(self) -> Roster:
        return self._viewing.roster

    async def know(self, stream: str, visit: Visit, route: MediaRoute | None = None) -> None:
        """Ask for what `admit` and `choose` did not know. Raises what the catalog answers."""
        gate = self._viewing.gate
        await gate.learn(stream, visit)
        grant = gate.find(stream, visit, route)
        if route is not None and isinstance(grant, Grant):
            await self._watermarks.learn(route, grant)

    def choose(self, route: MediaRoute, grant: Grant) -> MediaRoute | Reply | None:
        """What is served for `route`, which may be another variant of it, or the refusal; None if
        that has to be asked for.
        """
        if is_variant_b(route.rendition) or _is_of_no_broadcast(route):
            return _NO_RENDITION
        chosen = self._watermarks.choose(route, grant)
        return refuse(chosen) if isinstance(chosen, Refusal) else chosen

    def admit(self, route: MediaRoute, visit: Visit) -> Grant | Reply | None:
        """What is granted, or the refusal; None if that has to be asked for.

        It is also the viewer session's sign of life. A CDN has no session: whom it serves, it alone
        knows.
        """
        viewing = self._viewing
        grant = viewing.gate.check(route.stream, visit, route)
        if not isinstance(grant, Grant):
            return grant
        if grant is CDN:
            return grant
        if is_first(route, visit):
            full = viewing.why_full(route.stream, grant)
            return refuse(full) if full else grant
        return self._attend(route, visit, grant)

    def admit_flv(self, stream: str, visit: Visit) -> Grant | Reply | None:
        grant = self._viewing.gate.check(stream, visit)
        if not isinstance(grant, Grant):
            return grant
        full = self._viewing.why_full(stream, grant)
        return refuse(full) if full else grant

    def _attend(self, route: MediaRoute, visit: Visit, grant: Grant) -> Grant | Reply:
        attendance = self._viewing.attendance
        stream, viewer = route.stream, visit.viewer
        if not viewer:
            kind = _UNNAMED.get(route.kind)
            if kind is None:
                return grant
            viewer = visit.unnamed(kind, stream, grant.token_id)
        if attendance.touch(stream, viewer):
            return grant
        if attendance.is_kicked(stream, viewer):
            return refuse(Refusal.KICKED)
        # A session that another gateway has already has been counted there.
        if not self._viewing.census.knows(f"{stream}/{viewer}"):
            full = self._viewing.why_full(stream, grant)
            if full:
                return refuse(full)
        attendance.join(stream, viewer, kind_of(viewer), grant, visit.address)
        return grant

    # --- for an edge in front -------------------------------------------------------------

    def authorise(self, visit: Visit) -> Reply | Later:
        """Whether the request whose target is X-Original-URI may be answered, also from a cache."""
        if not self._proxies.trusts(visit.peer):
            return _NOT_TRUSTED
        target = visit.asked.original_uri
        if target is None:
            return _NO_TARGET
        path, query = raw_target(target)
        personal, plain = split_personal(path)
        route = match_media(plain)
        if route is None or route.kind is Kind.AUTHORISE:
            return _PASS_ON
        original = visit._replace(path=path, query=query, personal=personal)
        return self._judge(route, original) or Later(self._judge_later(route, original))

    def _judge(self, route: MediaRoute, visit: Visit) -> Reply | None:
        if route.kind is Kind.FLV:
            admitted = self.admit_flv(route.stream, visit)
        else:
            admitted = self.admit(route, visit)
        if not isinstance(admitted, Grant):
            return admitted
        if route.kind is Kind.FLV or visit.query_token or is_first(route, visit):
            return _PASS_ON
        if admitted.mark is not None:
            return _PASS_ON  # a cache has the plain pictures under the same name
        chosen = self.choose(route, admitted)
        if not isinstance(chosen, MediaRoute):
            return chosen
        key = split_personal(visit.path)[1]
        if chosen.rendition != route.rendition:
            # A cache keeps each of two variants once, however many watch.
            folder, _, name = key.rsplit(b"/", 2)
            key = b"/".join((folder, chosen.rendition.encode(), name))
        directives = [each for each in visit.query.split(b"&") if each.startswith(_DIRECTIVE)]
        if directives and route.kind is Kind.PLAYLIST:
            key += b"?" + b"&".join(sorted(directives))
        return Reply(204, b"cache-control: no-store\r\nx-weir-cache-key: %b\r\n" % key)

    async def _judge_later(self, route: MediaRoute, visit: Visit) -> Reply:
        try:
            await self.know(route.stream, visit, route)
        except WeirError:
            return _PASS_ON  # the request itself gets the answer that says why
        return self._judge(route, visit) or _PASS_ON


def _is_of_no_broadcast(route: MediaRoute) -> bool:
    """Whether it is asked for as the replaced system named recordings, which say no session, but
    was never on air: so nobody gets what has a watermark without it.
    """
    is_unnamed = route.kind is Kind.TRANSPORT and not route.session
    return is_unnamed and route.stream.startswith(ASSET)
