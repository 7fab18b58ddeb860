"""The door to playback that the front protocol knocks at: what a media request gets."""

import socket
from functools import partial

from libs.descriptors import places
from libs.names import SOURCE
from services.gateway import metrics
from services.gateway.burning.marked import DVR, MarkedMedia
from services.gateway.playback.demand import Demand
from services.gateway.playback.directory import Directory
from services.gateway.playback.edge import Edge
from services.gateway.playback.fanout import Fanout, Fanouts
from services.gateway.playback.growing import Growth
from services.gateway.playback.miss import Awaited, Dressed, Later
from services.gateway.playback.poller import Poller
from services.gateway.playback.reply import (
    NO_PLACE,
    Reply,
    for_cdn,
    not_live,
    private,
    private_headers,
    redirect,
)
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.playback.viewer import Viewer
from services.gateway.playback.websocket_viewer import WebSocketViewer
from services.gateway.viewers.admission import Admission
from services.gateway.viewers.gate import ANYBODY, CDN
from services.gateway.viewers.grant import Grant
from services.gateway.viewers.personal import is_first, personal
from services.gateway.viewers.proxies import Proxies
from services.gateway.viewers.roster import Member
from services.gateway.viewers.visit import Visit

_LISTS = frozenset({Kind.MULTIVARIANT, Kind.MANIFEST, Kind.PLAYLIST})


class Player:
    def __init__(
        self,
        directory: Directory,
        edge: Edge,
        marked: MarkedMedia,
        fanouts: Fanouts,
        admission: Admission,
        *,
        proxies: Proxies,
        demand: Demand,
        max_viewers: int,
    ) -> None:
        self._directory = directory
        self._edge = edge
        self._marked = marked
        self._fanouts = fanouts
        self._admission = admission
        self.proxies = proxies
        self._demand = demand
        self._max_viewers = max_viewers
        self._viewers = 0
        self._poller: Poller | None = None

    # --- playlists, manifests, media ------------------------------------------------------

    def answer(self, route: MediaRoute, visit: Visit) -> Reply | Growth | Awaited | Later:
        """What is asked for, if whoever asks may have it: at once if memory has it."""
        if route.kind is Kind.AUTHORISE:
            return self._admission.authorise(visit)
        if route.kind in _LISTS and self._directory.playable(route.stream) is None:
            return not_live(route.stream)
        admitted = self._admission.admit(route, visit)
        if admitted is None:
            return Later(self._answer_later(route, visit))
        if isinstance(admitted, Reply):
            return admitted
        chosen = self._admission.choose(route, admitted)
        if chosen is None:
            return Later(self._answer_later(route, visit))
        return chosen if isinstance(chosen, Reply) else self._give(chosen, visit, admitted)

    def _give(self, route: MediaRoute, visit: Visit, grant: Grant) -> Reply | Growth | Awaited:
        if visit.query and visit.query_token and grant is not ANYBODY:
            return redirect(visit.redirect())
        if _is_list(route) and route.rendition != SOURCE:
            self._note_demand(route.stream)
        if grant is CDN:
            reply = self._edge.answer(route, visit.asked)
            return Dressed(reply, _for_cdn) if isinstance(reply, Awaited) else _for_cdn(reply)
        is_new = is_first(route, visit)
        # What is made for a new player is new, whatever it had before.
        asked = visit.asked._replace(if_none_match=None) if is_new else visit.asked
        if grant.mark is None:
            reply = self._edge.answer(route, asked)
        else:
            reply = self._marked.answer(route, asked, grant)
        if grant is ANYBODY and not is_new:
            return reply
        token = visit.token if grant is not ANYBODY else ""

        def dress(answer: Reply | Growth) -> Reply | Growth:
            if isinstance(answer, Growth):
                return answer._replace(headers=private_headers(answer.headers))
            if is_new:
                return personal(answer, route=route, visit=visit, token=token)
            return private(answer)

        return Dressed(reply, dress) if isinstance(reply, Awaited) else dress(reply)

    def _note_demand(self, stream: str) -> None:
        live = self._directory.live(stream)
        if live is not None:
            self._demand.note(live.session)

    async def _answer_later(self, route: MediaRoute, visit: Visit) -> Reply | Growth | None:
        """Once it is known who may watch."""
        await self._admission.know(route.stream, visit, route)
        reply = self.answer(route, visit)
        if isinstance(reply, Later):
            return await reply.task
        return await reply if isinstance(reply, Awaited) else reply

    # --- FLV ------------------------------------------------------------------------------

    def refuse_flv(
        self, stream: str, visit: Visit, *, is_websocket: bool = False
    ) -> Reply | Later | None:
        """Why this stream's FLV cannot be watched now, or here; None if it can."""
        if self._directory.live(stream) is None:
            return not_live(stream)
        admitted = self._admission.admit_flv(stream, visit)
        if admitted is None:
            return Later(self._refuse_flv_later(stream, visit, is_websocket=is_websocket))
        if isinstance(admitted, Reply):
            return admitted
        if visit.query_token and admitted is not ANYBODY and not is_websocket:
            return redirect(visit.redirect())
        if self._viewers >= min(self._max_viewers, places()):
            return NO_PLACE
        return None

    async def _refuse_flv_later(
        self, stream: str, visit: Visit, *, is_websocket: bool
    ) -> Reply | Growth | None:
        await self._admission.know(stream, visit)
        refusal = self.refuse_flv(stream, visit, is_websocket=is_websocket)
        return await refusal.task if isinstance(refusal, Later) else refusal

    def watch(
        self,
        route: MediaRoute,
        visit: Visit,
        connection: socket.socket,
        head: bytes,
        *,
        is_websocket: bool = False,
    ) -> Viewer:
        """Send the FLV of a stream, or of a rung, to `connection`: from now on it is the viewer's.

        `refuse_flv` has been asked just before. The viewer may have left again when it returns.
        """
        if self._poller is None:
            self._poller = Poller()
        # Answers before this one may have taken long to go out: it is looked at again.
        stream = route.stream
        granted = self._admission.admit_flv(stream, visit)
        member = Member(stream, granted if isinstance(granted, Grant) else ANYBODY, visit.address)
        fanout = self._fanouts.of(stream, route.rendition)
        self._viewers += 1
        kind = "flv_websocket" if is_websocket else "flv"
        metrics.VIEWERS.labels(kind).inc()
        self._admission.roster.join(member)
        make = WebSocketViewer if is_websocket else Viewer
        viewer = make(
            connection,
            head,
            poller=self._poller,
            on_leave=partial(self._on_leave, fanout, kind, member),
        )
        member.connection = viewer
        fanout.join(viewer)
        if not isinstance(granted, Grant):
            viewer.dismiss()
        return viewer

    def close(self) -> None:
        """Once the fanouts are closed: let whoever still lags go."""
        if self._poller is not None:
            self._poller.close()

    def _on_leave(self, fanout: Fanout, kind: str, member: Member, viewer: Viewer) -> None:
        self._viewers -= 1
        metrics.VIEWERS.labels(kind).dec()
        metrics.SKIPS.inc(viewer.skipped)
        self._admission.roster.leave(member)
        fanout.left()


def _is_list(route: MediaRoute) -> bool:
    """Whether it is asked for again and again by whoever watches what is live."""
    return route.kind in _LISTS or route.name.endswith(DVR)


def _for_cdn(answer: Reply | Growth) -> Reply | Growth:
    if isinstance(answer, Growth):
        return answer._replace(headers=for_cdn(answer.headers))
    return answer.having(for_cdn(answer.headers))
