"""The one tree of errors.

    WeirError
    ├── BadRequest            400   malformed beyond what a schema says
    ├── Unauthorized          401   no or wrong credentials
    ├── Forbidden             403   known, but not allowed
    ├── NotFound              404
    ├── Conflict              409   true state forbids it
    ├── Fenced                409   a newer epoch owns this
    ├── TooLarge              413
    ├── Invalid               422   well-formed input with a wrong value
    ├── TooMany               429
    ├── Unavailable           503   try again later
    └── Timeout               504   a service did not answer in time

A subclass names one reason: ``class StreamUnknown(NotFound): code = "stream_unknown"``.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar


class Blame(StrEnum):
    """Whose fault an error is. Only `WEIR` is logged at error level."""

    CALLER = "caller"
    DESTINATION = "destination"
    WEIR = "weir"


class WeirError(Exception):
    """Something went wrong in a way that we can name.

    `code` is stable and machine-readable, `status` the HTTP status, `blame` whose
    fault it is, and `retry` whether the same call may succeed later. `str(error)`
    is one sentence for a person; it says what to do. `more` are members that its problem
    document has besides, for programs.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    blame: ClassVar[Blame] = Blame.WEIR
    retry: ClassVar[bool] = False
    more: Mapping[str, Any] = MappingProxyType({})


class BadRequest(WeirError):
    code = "bad_request"
    status = 400
    blame = Blame.CALLER


class Unauthorized(WeirError):
    code = "unauthorized"
    status = 401
    blame = Blame.CALLER


class Forbidden(WeirError):
    code = "forbidden"
    status = 403
    blame = Blame.CALLER


class NotFound(WeirError):
    code = "not_found"
    status = 404
    blame = Blame.CALLER


class Conflict(WeirError):
    code = "conflict"
    status = 409
    blame = Blame.CALLER


class Fenced(WeirError):
    """A newer epoch owns what the caller wanted to write; the caller must let go."""

    code = "fenced"
    status = 409
    blame = Blame.CALLER


class TooLarge(WeirError):
    code = "too_large"
    status = 413
    blame = Blame.CALLER


class Invalid(WeirError):
    code = "invalid"
    status = 422
    blame = Blame.CALLER


class TooMany(WeirError):
    code = "too_many"
    status = 429
    blame = Blame.CALLER
    retry = True


class Unavailable(WeirError):
    code = "unavailable"
    status = 503
    retry = True


class Timeout(WeirError):
    code = "timeout"
    status = 504
    retry = True
