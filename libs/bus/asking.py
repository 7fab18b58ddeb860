"""Answers on the wire: `{"ok": …}` or `{"error": …}`."""

from typing import TypeVar, cast

import orjson
import structlog
from pydantic import ValidationError

from libs.bus.errors import RemoteError, RemoteUnavailable, to_wire
from libs.errors import Blame, Invalid, Unavailable, WeirError
from libs.events import Answer, Ask, Written

log = structlog.get_logger()

A = TypeVar("A", bound=Answer)
_OK = b'{"ok":'
"""How every good answer begins: what follows, but for the last brace, is the answer itself."""


def answer_ok(answer: Answer | Written) -> bytes:
    body = answer.body if isinstance(answer, Written) else answer.model_dump_json().encode()
    return _OK + body + b"}"


def answer_error(subject: str, error: Exception) -> bytes:
    """Turn any failure into an answer; only our own faults are logged as errors."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        error = Invalid(f"{'/'.join(map(str, first['loc']))}: {first['msg']}")
    if not isinstance(error, WeirError):
        log.error("bus.answer_failed", subject=subject, exc_info=error)
        error = WeirError("The catalog failed; its log has the reason.")
    elif error.blame is Blame.WEIR and not error.retry:
        log.error("bus.answer_failed", subject=subject, code=error.code, reason=str(error))
    return orjson.dumps({"error": to_wire(error)})


def read_answer(ask: Ask[A], body: bytes) -> A:
    """The typed answer, or the other side's error raised here."""
    if body.startswith(_OK):
        return cast("A", ask.answer.model_validate_json(body[len(_OK) : -1]))
    error = orjson.loads(body)["error"]
    if error["status"] == Unavailable.status:
        raise RemoteUnavailable(**error)
    raise RemoteError(**error)
