"""The audit trail of the API: every request that a permission to write was asked of, and every one
that signs in. Reads are not noted, nor writes by nobody: who is nobody has written nothing.
"""

import re
import secrets
from datetime import UTC, datetime

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.events import AuditEntry
from libs.events.audit import MAX_TARGET, Outcome
from libs.names import DEFAULT_TENANT
from services.gateway.access.caller import Caller
from services.gateway.access.trail import Trail

_TRACE = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
CALLER, _ATTEMPT, _AUDITED = "caller", "attempt", "is_audited"
_FIRST_REFUSAL, _FIRST_FAILURE, _TOO_MANY = 400, 500, 429
MAX_NAME = 128


def set_attempt(request: Request, name: str) -> None:
    """Somebody who is nobody yet tries to be somebody."""
    setattr(request.state, _ATTEMPT, name[:MAX_NAME])
    set_audited(request)


def set_audited(request: Request, is_audited: bool = True) -> None:
    """Whether the audit log will say what is answered."""
    setattr(request.state, _AUDITED, is_audited)


class Trailed:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trail: Trail = scope["app"].state.house.access.trail
        state = scope.setdefault("state", {})
        is_noted = False

        def note(status: int) -> str | None:
            nonlocal is_noted
            entry = _entry(scope, status) if state.get(_AUDITED) else None
            if entry is None or is_noted:
                return None
            is_noted = True
            trail.note(entry)
            return entry.id

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry_id = note(message["status"])
                if entry_id is not None:
                    MutableHeaders(scope=message)["x-request-id"] = entry_id
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception:
            # Whoever answers it stands outside.
            note(_FIRST_FAILURE)
            raise


def _entry(scope: Scope, status: int) -> AuditEntry | None:
    state = scope["state"]
    caller: Caller | None = state.get(CALLER)
    attempt: str | None = state.get(_ATTEMPT)
    if caller is None and (attempt is None or status == _TOO_MANY):
        return None
    trace = _TRACE.fullmatch(Headers(scope=scope).get("traceparent", ""))
    client = scope.get("client")
    return AuditEntry(
        id=secrets.token_hex(16),
        tenant=caller.tenant if caller else DEFAULT_TENANT,
        at=datetime.now(UTC),
        actor_kind=caller.kind if caller else "nobody",
        actor=caller.id if caller else "",
        actor_name=caller.name if caller else attempt or "",
        address=client[0] if client else "",
        method=scope["method"],
        route=_route_of(scope),
        target=scope["path"][:MAX_TARGET],
        status=status,
        outcome=_outcome(status),
        trace_id=trace[1] if trace else "",
    )


def _route_of(scope: Scope) -> str:
    """With the prefix of the router that it came by, where there is one."""
    context = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return getattr(context, "path_format", "")


def _outcome(status: int) -> Outcome:
    if status < _FIRST_REFUSAL:
        return "done"
    return "refused" if status < _FIRST_FAILURE else "failed"
