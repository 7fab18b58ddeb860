"""A request of the API that becomes a WebSocket: its route judges it as any other, and then gives
the connection to a protocol of its own. No ASGI stands between that and the socket.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from libs.errors import Blame, WeirError
from services.gateway.playback.websocket import Handshake

WEBSOCKET = "weir.websocket"
"""The extension of an ASGI scope that the front protocol offers."""

MakeProtocol = Callable[[asyncio.Transport], asyncio.Protocol]


class Upgrading(NamedTuple):
    """A handshake that waits for its answer."""

    handshake: Handshake
    hand_over: Callable[[MakeProtocol], None]
    """Agree, and give the connection to what is made of its transport."""


class UpgradeRequired(WeirError):
    code = "upgrade_required"
    status = 426
    blame = Blame.CALLER


def upgrading_of(request: Request) -> Upgrading:
    """Raises `UpgradeRequired`, `HandshakeInvalid`."""
    found = request.scope.get("extensions", {}).get(WEBSOCKET)
    if not isinstance(found, Upgrading) or not found.handshake.check():
        raise UpgradeRequired("Open this as a WebSocket (RFC 6455, version 13).")
    return found


class HandedOver(Response):
    """The answer of a route whose connection goes on as something else."""

    def __init__(self, upgrading: Upgrading, make: MakeProtocol) -> None:
        super().__init__(status_code=101)
        self._upgrading = upgrading
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        self._upgrading.hand_over(self._make)
