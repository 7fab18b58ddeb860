"""The public listener: uvicorn with the front protocol, in the service's own loop."""

import socket

import uvicorn
from starlette.types import ASGIApp

from libs.quiet_server import QuietServer
from services.gateway.front import FrontProtocol
from services.gateway.playback.player import Player

BACKLOG = 2048
KEEP_ALIVE_S = 65
"""Longer than a proxy in front keeps an idle connection, so that it is the one who closes."""
GRACEFUL_S = 2


class Door:
    """Bound at once, so that a port that is taken is known before anything starts."""

    def __init__(
        self, app: ASGIApp, player: Player, *, host: str, port: int, trusted_proxies: str = ""
    ) -> None:
        # The protocol is named because asyncio sets TCP_NODELAY only where it is.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self._socket.listen(BACKLOG)
        self._server = QuietServer(
            uvicorn.Config(
                app,
                http=FrontProtocol.for_player(player),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=trusted_proxies,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=GRACEFUL_S,
            )
        )

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    async def serve(self) -> None:
        """Until `close`."""
        await self._server.serve(sockets=[self._socket])

    def close(self) -> None:
        """Take no more connections, end the ones there are."""
        self._server.leave()
