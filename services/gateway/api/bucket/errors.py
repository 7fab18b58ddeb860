"""What the bucket answers when it refuses: S3's XML, code and status."""

import secrets
from collections.abc import Callable, Coroutine
from typing import Any
from xml.sax.saxutils import escape

from fastapi import Request, Response
from fastapi.routing import APIRoute

from libs.errors import WeirError
from services.gateway.errors import ViewerOverBudget

_CODES = {
    "aws_signature_missing": ("AccessDenied", 403),
    "aws_signature_malformed": ("AuthorizationQueryParametersError", 400),
    "aws_signature_wrong": ("SignatureDoesNotMatch", 403),
    "aws_signature_expired": ("AccessDenied", 403),
    "address_wrong": ("AccessDenied", 403),
    "mark_invalid": ("InvalidArgument", 400),
    "range_wrong": ("InvalidRange", 416),
    "viewer_over_budget": ("SlowDown", 429),
}
"""By Weir's own code: name and status."""
_STATUSES = {404: "NoSuchKey", 409: "OperationAborted"}
_FIRST_SERVER_ERROR = 500


class BucketRoute(APIRoute):
    """A route whose refusals have S3's form."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_published(request: Request) -> Response:
            try:
                return await handle(request)
            except WeirError as error:
                return _response(error, request)

        return handle_published


def _response(error: WeirError, request: Request) -> Response:
    code, status = _name(error)
    told = secrets.token_hex(8).upper()
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(str(error))}</Message>"
        f"<Resource>{escape(request.scope['path'])}</Resource><RequestId>{told}</RequestId></Error>"
    )
    headers = {"x-amz-request-id": told, "access-control-allow-origin": "*"}
    if isinstance(error, ViewerOverBudget):
        headers["retry-after"] = str(error.wait_s)
    elif error.retry:
        headers["retry-after"] = "1"
    return Response(body, status_code=status, media_type="application/xml", headers=headers)


def _name(error: WeirError) -> tuple[str, int]:
    if error.code in _CODES:
        return _CODES[error.code]
    if error.status >= _FIRST_SERVER_ERROR:
        return "ServiceUnavailable", 503
    return _STATUSES.get(error.status, "InvalidRequest"), error.status
