"""What a viewer gets whose token asks for a mark: HLS as it is seekable, with marked segments.

The playlists are those of everybody's recorded and running sessions, which list whole segments and
no parts; only what their URIs hold is different: pictures with the mark, or, in mode `bursts`, the
plain ones where the lot does not fall on them, and an init segment that suits both. `doors` says
what else is refused.
"""

from libs.events import Segment
from libs.events.viewer_marks import MarkClaim
from libs.media.avc import with_sets_in_band
from libs.media.cmaf import write_init
from libs.media.cmaf_reader import read_configuration
from libs.media.codec import VideoConfig
from services.gateway.burning.ahead import Ahead, Choose
from services.gateway.burning.burning import TS_TYPE, Burning
from services.gateway.burning.schedule import Schedule
from services.gateway.burning.units import Units
from services.gateway.errors import MarkImpossible
from services.gateway.playback.directory import Directory
from services.gateway.playback.edge import Edge
from services.gateway.playback.growing import Growth
from services.gateway.playback.miss import Awaited, Dressed, Found, Misses
from services.gateway.playback.reply import (
    NOTHING_MORE,
    Asked,
    Reply,
    headers,
    not_live,
    redirect,
)
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.viewers.grant import Grant
from services.gateway.views.log import Log

DVR = "dvr.m3u8"
_PRIVATE = b"private, no-store"
_TS = headers(TS_TYPE.encode(), _PRIVATE)
_MP4 = headers(b"video/mp4", _PRIVATE)
_LENGTHS_OF_FOUR = 3
"""In an `avcC` record: NAL units have lengths of four bytes, as x264's."""
_OK = 200


class MarkedMedia:
    def __init__(
        self,
        directory: Directory,
        edge: Edge,
        log: Log,
        burning: Burning,
        schedule: Schedule,
        choose: Choose,
    ) -> None:
        self._directory = directory
        self._edge = edge
        self._burning = burning
        self._schedule = schedule
        self._units = Units(log)
        self._misses = Misses()
        self._ahead = Ahead(self._burn_if_due, choose)

    def answer(self, route: MediaRoute, asked: Asked, grant: Grant) -> Reply | Growth | Awaited:
        """At once, or something to wait for. The gate has refused what can bear no mark."""
        if route.kind is Kind.MULTIVARIANT:
            return self._variants(route, asked)
        if route.kind is Kind.PLAYLIST:
            return self._playlist(route)
        if route.kind is Kind.INIT:
            return self._init(route)
        if route.kind is Kind.TRANSPORT or route.name.endswith(".video.m4s"):
            key = f"{grant.token_id}/{route.stream}/{route.session}/{route.rendition}/{route.name}"
            return self._misses.join(route, asked, key, lambda: self._segment(route, grant))
        return self._edge.answer(route, asked)

    async def close(self) -> None:
        """And the burning, which others may use, too."""
        await self._ahead.close()
        await self._misses.close()
        await self._burning.close()

    # --- playlists --------------------------------------------------------------------

    def _variants(self, route: MediaRoute, asked: Asked) -> Reply | Growth | Awaited:
        if route.rendition:
            return redirect(b"../live.m3u8")
        return self._edge.answer(MediaRoute(Kind.VIEW, route.stream, name=DVR), asked)

    def _playlist(self, route: MediaRoute) -> Reply:
        live = self._directory.playable(route.stream)
        if live is None:
            return not_live(route.stream)
        name = route.name.replace(".m3u8", ".dvr.m3u8")
        return redirect(f"../{live.session}/{route.rendition}/{name}".encode())

    # --- media ------------------------------------------------------------------------

    def _init(self, route: MediaRoute) -> Reply | Growth | Awaited:
        plain = self._edge.answer(route, NOTHING_MORE)
        return Dressed(plain, _suit_both) if isinstance(plain, Awaited) else _suit_both(plain)

    async def _segment(self, route: MediaRoute, grant: Grant) -> Reply | Found:
        body = await self._burn_if_due(route, grant)
        self._ahead.prepare(route, grant)
        if body is not None:
            return Reply(_OK, _TS if route.kind is Kind.TRANSPORT else _MP4, body)
        plain = self._edge.answer(route, NOTHING_MORE)
        found = await plain if isinstance(plain, Awaited) else plain
        if isinstance(found, Growth):
            return found.growing
        if found.status != _OK:
            return found
        # As a burned one is told: its headers do not show which it is.
        return found.having(_TS if route.kind is Kind.TRANSPORT else _MP4)

    async def _burn_if_due(self, route: MediaRoute, grant: Grant) -> bytes | None:
        """The segment with the mark; None if it is to be had as it is.

        Raises `MarkImpossible`, and what `Burning.segment` does.
        """
        claim = grant.mark
        assert claim is not None
        row = await self._edge.footages.row(route)
        config = await self._edge.footages.picture(row)
        if config is None:
            return None
        if config.is_hevc and route.kind is not Kind.TRANSPORT:
            raise MarkImpossible("Pictures of H.265 are marked in MPEG-TS alone; open ts.m3u8.")
        if not await self._is_due(row, config, route.kind, claim, grant.token_id):
            return None
        lot = self._schedule.position(grant.token_id, row.session, row.msn)
        mark = claim.drawn(lot if claim.is_moving else 0)
        return await self._burning.segment(route, mark, viewer=grant.token_id)

    async def _is_due(
        self, row: Segment, config: VideoConfig, kind: Kind, claim: MarkClaim, token_id: str
    ) -> bool:
        if claim.mode == "every" or not _may_stand_beside(config, kind):
            return True
        numbers = await self._units.lots_of(row)
        return any(self._schedule.shows(token_id, row.session, each) for each in numbers)


def _may_stand_beside(config: VideoConfig, kind: Kind) -> bool:
    """Whether plain segments may follow on burned ones, which are H.264 with lengths of four."""
    if config.is_hevc:
        return False
    return kind is Kind.TRANSPORT or config.record[4] & 3 == _LENGTHS_OF_FOUR


def _suit_both(plain: Reply | Growth) -> Reply | Growth:
    """The init segment for plain and burned segments of its rendition; sound's is as it is.

    Raises `MarkImpossible`.
    """
    if isinstance(plain, Growth) or plain.status != _OK:
        return plain
    config = read_configuration(bytes(plain.body))
    if not isinstance(config, VideoConfig):
        return plain
    if config.is_hevc:
        raise MarkImpossible("Pictures of H.265 are marked in MPEG-TS alone; open ts.m3u8.")
    return Reply(_OK, _MP4, write_init(with_sets_in_band(config)))
