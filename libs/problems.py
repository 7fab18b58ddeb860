"""Errors as problem+json (RFC 9457), for every HTTP app of the house; see also `api_problems`."""

import http
import logging
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from libs.errors import Blame, WeirError

log = structlog.get_logger()


class Problem(JSONResponse):
    media_type = "application/problem+json"


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Problem:
    """A problem document. `code` is stable; `detail` is one sentence that says what to do."""
    title = _phrase(status)
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    return Problem(body | more, status_code=status, headers=dict(headers or {}))


def _phrase(status: int) -> str:
    """Not every status that a protocol names is in the IANA registry."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Refused"


def problem_of(error: WeirError) -> Problem:
    """The document for one of our own errors; a retryable one carries `Retry-After`."""
    headers = {"Retry-After": "1"} if error.retry else None
    more = {"retry": error.retry, **error.more}
    return problem(error.status, error.code, str(error), headers=headers, **more)


def install_problems(app: Starlette) -> None:
    """Answer every error of `app` with a problem document, and none with a traceback."""

    async def on_weir_error(_: Request, error: Exception) -> Problem:
        assert isinstance(error, WeirError)
        if error.blame is Blame.WEIR:
            log.error("http.failed", code=error.code, detail=str(error))
        return problem_of(error)

    async def on_http_error(request: Request, error: Exception) -> Problem:
        assert isinstance(error, HTTPException)
        code = http.HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        detail = error.detail
        if error.status_code == http.HTTPStatus.NOT_FOUND:
            detail = f"There is nothing at {request.scope['path']}."
        return problem(error.status_code, code, detail, headers=error.headers)

    async def on_unexpected(request: Request, error: Exception) -> Problem:
        log.error(
            "http.crashed", route=request.scope.get("path"), exc_info=error, level=logging.ERROR
        )
        return problem(500, "internal_error", "Weir failed; the log has the reason.")

    app.add_exception_handler(WeirError, on_weir_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_unexpected)
