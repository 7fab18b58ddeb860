"""Asks on the wire are JSON; answers are `{"ok": …}` or `{"error": …}`."""

from typing import Any, TypeVar, cast

import orjson
import structlog
from pydantic import ValidationError

from libs.bus.errors import RemoteError, RemoteUnavailable, to_wire
from libs.errors import Blame, Invalid, Unavailable, WeirError
from libs.events import Answer, Ask, Written

log = structlog.get_logger()

A = TypeVar("A", bound=Answer)
K = TypeVar("K", bound=Ask[Any])
_OK = b'{"ok":'
"""How every good answer begins: what follows, but for the last brace, is the answer itself."""


def read_ask(kind: type[K], body: bytes) -> K:
    """Raises `Invalid`, which says what is wrong."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(f"{'/'.join(map(str, first['loc']))}: {first['msg']}") from None


def answer_ok(answer: Answer | Written) -> bytes:
    body = answer.body if isinstance(answer, Written) else answer.model_dump_json().encode()
    return _OK + body + b"}"


def answer_error(subject: str, error: Exception) -> bytes:
    """Turn any failure into an answer; only our own faults are logged as errors."""
    if not isinstance(error, WeirError):
        log.error("bus.answer_failed", subject=subject, exc_info=error)
        error = WeirError("The catalog failed; its log has the reason.")
    elif error.blame is Blame.WEIR and not error.retry:
        log.error("bus.answer_failed", subject=subject, code=error.code, reason=str(error))
    return orjson.dumps({"error": to_wire(error)})


def read_answer(ask: Ask[A], body: bytes) -> A:
    """The typed answer, or the other side's error raised here."""
    if body.startswith(_OK):
        return cast("A", ask.answer.read(body[len(_OK) : -1]))
    error = orjson.loads(body)["error"]
    if error["status"] == Unavailable.status:
        raise RemoteUnavailable(**error)
    raise RemoteError(**error)
