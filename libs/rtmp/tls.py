"""RTMPS: the RTMP server's second door, behind TLS."""

import asyncio
import socket

import structlog

from libs.ending import end
from libs.rtmp.certificate import Certificate
from libs.rtmp.connection import Connection
from libs.rtmp.server import RTMPServer

log = structlog.get_logger()

BACKLOG = 1024
AGAIN_S = 1.0
"""Pause after the process has run out of file descriptors."""


class TLSListener:
    """Accepts TLS connections for `server`, whose limits hold from the first packet on.

    asyncio's own TLS server would show a connection only once its handshake is done: those that
    say nothing could be any number.
    """

    def __init__(self, server: RTMPServer, certificate: Certificate) -> None:
        self._server = server
        self._certificate = certificate
        self._socket: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._greetings: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Bind; the port that was bound."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
        listener.setblocking(False)
        self._socket = listener
        self._accepting = asyncio.create_task(self._accept(listener), name="rtmps-accept")
        bound: int = listener.getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Close the door; connections that are through are the server's."""
        tasks = [task for task in (self._accepting, *self._greetings) if task is not None]
        await end(*tasks)
        if self._socket is not None:
            self._socket.close()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                peer, address = await loop.sock_accept(listener)
            except OSError as error:
                log.warning("rtmps.accept_failed", reason=str(error))
                await asyncio.sleep(AGAIN_S)
                continue
            greeting = loop.create_task(self._greet(peer, str(address[0])))
            self._greetings.add(greeting)
            greeting.add_done_callback(self._greetings.discard)

    async def _greet(self, peer: socket.socket, address: str) -> None:
        """The TLS handshake; it waits in the lobby as every connection that has not published."""
        server = self._server
        greeting = asyncio.current_task()
        assert greeting is not None

        def evict() -> None:
            greeting.cancel()

        server.lobby.enter(evict, address)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: Connection(server),
                peer,
                ssl=self._certificate.context,
                ssl_handshake_timeout=server.limits.handshake_s,
            )
        except OSError as error:  # ssl.SSLError and TimeoutError are some
            log.info("rtmps.closed", reason=str(error) or "no TLS handshake", peer=address)
        finally:
            server.lobby.leave(evict)
