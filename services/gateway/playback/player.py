"""The door to playback that the front protocol knocks at: what a media request gets."""

import socket
from functools import partial

from services.gateway import metrics
from services.gateway.playback.directory import Directory
from services.gateway.playback.edge import Edge
from services.gateway.playback.fanout import Fanout, Fanouts
from services.gateway.playback.miss import Awaited
from services.gateway.playback.poller import Poller
from services.gateway.playback.reply import Asked, Reply, not_live, text
from services.gateway.playback.routes import MediaRoute
from services.gateway.playback.viewer import Viewer
from services.gateway.playback.websocket_viewer import WebSocketViewer


class Player:
    def __init__(
        self, directory: Directory, edge: Edge, fanouts: Fanouts, *, max_viewers: int
    ) -> None:
        self._directory = directory
        self._edge = edge
        self._fanouts = fanouts
        self._max_viewers = max_viewers
        self._viewers = 0
        self._poller: Poller | None = None

    def answer(self, route: MediaRoute, asked: Asked) -> Reply | Awaited:
        """Playlist, manifest or media: at once if memory has it."""
        return self._edge.answer(route, asked)

    def refuse_flv(self, stream: str) -> Reply | None:
        """Why this stream's FLV cannot be watched now; None if it can."""
        if self._directory.live(stream) is None:
            return not_live(stream)
        if self._viewers >= self._max_viewers:
            return text(503, "All places are taken; try again later.", b"retry-after: 5\r\n")
        return None

    def watch(
        self, stream: str, connection: socket.socket, head: bytes, *, is_websocket: bool = False
    ) -> Viewer:
        """Send the stream's FLV to `connection`, which belongs to the viewer from now on.

        `refuse_flv` has been asked just before. The viewer may have left again when it returns.
        """
        if self._poller is None:
            self._poller = Poller()
        fanout = self._fanouts.of(stream)
        self._viewers += 1
        kind = "flv_websocket" if is_websocket else "flv"
        metrics.VIEWERS.labels(kind).inc()
        make = WebSocketViewer if is_websocket else Viewer
        viewer = make(
            connection, head, poller=self._poller, on_leave=partial(self._on_leave, fanout, kind)
        )
        fanout.join(viewer)
        return viewer

    def close(self) -> None:
        """Once the fanouts are closed: let whoever still lags go."""
        if self._poller is not None:
            self._poller.close()

    def _on_leave(self, fanout: Fanout, kind: str, viewer: Viewer) -> None:
        self._viewers -= 1
        metrics.VIEWERS.labels(kind).dec()
        metrics.SKIPS.inc(viewer.skipped)
        fanout.left()
