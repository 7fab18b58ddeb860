"""A rendition of a session: what is cut of it is shown, stored and told."""

import time
from collections.abc import Callable, Iterable

import structlog

from libs.cutting.cuts import Cut, Part, SegmentCut, SegmentsLost, TrackConfigured
from libs.cutting.rows import lost_fact, segment_row
from libs.events import PackageRequested, RenditionEnded, RenditionStarted
from libs.names import SOURCE
from libs.segment_keys import folder, init_key
from services.packager import metrics
from services.packager.playlist import Surroundings
from services.packager.playlists import Playlists
from services.packager.storing import Item
from services.packager.window import Window

log = structlog.get_logger()


class Rendition:
    """`put` queues what is to be stored; `window` and `playlists` show it at once."""

    def __init__(
        self,
        name: str,
        order: PackageRequested,
        *,
        epoch: int,
        put: Callable[[Item], None],
        surroundings: Callable[[], Surroundings],
    ) -> None:
        self.name = name
        self.window = Window(
            order.playlist_segments,
            segment_s=order.segment_s,
            gaps_of=None if name == SOURCE else "video",
        )
        self.playlists = Playlists(
            self.window, session=order.session, rendition=name, surroundings=surroundings
        )
        self.folder = folder(order.tenant, order.stream, order.session, name)
        self.acknowledged_msn = 0
        """Segments below it outlive their packager already."""
        self.last_msn: int | None = None
        """Of the newest segment that was cut."""
        self._order = order
        self._epoch = epoch
        self._put = put
        self._configs: tuple[str, ...] = ()
        self._log = log.bind(stream=order.stream, session=order.session, rendition=name)

    def take(self, cuts: Iterable[Cut]) -> bool:
        """Whether there was the end of a segment among them."""
        is_boundary = False
        for cut in cuts:
            self.window.take(cut)
            match cut:
                case TrackConfigured():
                    key = init_key(self.folder, cut.track.config_id)
                    self._put(Item(key, cut.init, cut_at=time.monotonic()))
                case Part():
                    metrics.PARTS.inc()
                case SegmentCut():
                    self._store(cut)
                    is_boundary = True
                case SegmentsLost():
                    self._lose(cut)
                    is_boundary = True
                case _:
                    pass
        return is_boundary

    def ended(self, last_msn: int | None) -> RenditionEnded:
        order = self._order
        return RenditionEnded(
            tenant=order.tenant,
            stream=order.stream,
            session=order.session,
            rendition=self.name,
            epoch=self._epoch,
            last_msn=last_msn,
        )

    def _store(self, cut: SegmentCut) -> None:
        metrics.SEGMENTS.inc()
        self.last_msn = cut.msn
        row = segment_row(self._order, cut, epoch=self._epoch, rendition=self.name)
        configs = tuple(track.config_id for track in cut.tracks)
        if configs != self._configs:
            self._configs = configs
            self._put(Item(facts=(self._started(configs),)))
        self._put(
            Item(
                key=row.object_key,
                data=cut.data,
                row=row,
                is_acknowledged=cut.msn < self.acknowledged_msn,
                cut_at=time.monotonic(),
            )
        )

    def _lose(self, cut: SegmentsLost) -> None:
        # What a rung lacked when its segments were first cut has been told by then.
        if not cut.is_news:
            return
        metrics.LOST.inc(cut.last_msn - cut.first_msn + 1)
        self._log.error("segment.lost", msn=cut.first_msn, cause=cut.cause)
        self._put(Item(facts=(lost_fact(self._order, cut, rendition=self.name),)))

    def _started(self, configs: tuple[str, ...]) -> RenditionStarted:
        order = self._order
        return RenditionStarted(
            tenant=order.tenant,
            stream=order.stream,
            session=order.session,
            rendition=self.name,
            epoch=self._epoch,
            tracks=tuple(self.window.track(config_id) for config_id in configs),
        )
