"""The RTMP server: it listens, and keeps count of its connections."""

import asyncio

from libs.rtmp.connection import Connection, Premises


class RTMPServer(Premises):
    """Its connections are served until it stops."""

    _server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Bind; the port that was bound."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), host, port, backlog=1024)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Close the door, then every connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            await connection.end("shutdown")
        self.pacer.close()
        await asyncio.sleep(0)  # their sockets are closed in the loop's next turn
