"""The internal HTTP door of burning: an order and a segment's pictures in, new pictures out.

The order is JSON in a header; the body is an init segment and chunks of one track of pictures.
Media never travel over the bus, and a viewer waits: this is the shortest way.
"""

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from libs.events.viewer_marks import BurnOrder
from services.transcoder.burning import Burning
from services.transcoder.errors import BurnRefused

PATH = "/burn"
ORDER, INIT_BYTES = "weir-burn", "weir-init-bytes"
MAX_BODY_BYTES = 64 << 20
FLV_TYPE = "video/x-flv"


def add_routes(app: Router, burning: Burning) -> None:
    async def burn(request: Request) -> Response:
        order, init_bytes = _read_head(request)
        body = await _read_body(request)
        made = await burning.burn(order, body[:init_bytes], body[init_bytes:])
        return Response(made, media_type=FLV_TYPE)

    app.add_route(PATH, burn, methods=["POST"])


def _read_head(request: Request) -> tuple[BurnOrder, int]:
    """Raises `BurnRefused`."""
    try:
        order = BurnOrder.model_validate_json(request.headers.get(ORDER, ""))
        return order, int(request.headers.get(INIT_BYTES, ""))
    except (ValidationError, ValueError) as error:
        raise BurnRefused(f"The order cannot be read: {error}") from None


async def _read_body(request: Request) -> bytes:
    """Raises `BurnRefused`."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise BurnRefused(f"A segment of up to {MAX_BODY_BYTES >> 20} MB is burned.")
        pieces.append(piece)
    return b"".join(pieces)
