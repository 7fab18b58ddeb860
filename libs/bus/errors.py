"""What the bus itself can answer."""

from collections.abc import Mapping
from typing import Any

from libs.errors import Blame, Timeout, Unavailable, WeirError


class BusUnavailable(Unavailable):
    """The NATS server cannot be reached, or did not acknowledge in time."""

    code = "bus_unavailable"


class AskTimedOut(Timeout):
    code = "ask_timed_out"


class MessageUndecodable(WeirError):
    """A message that is not what its subject says; trying again will not help."""

    code = "message_undecodable"


class RemoteError(WeirError):
    """The error that another service answered, with its own code, status and retry answer."""

    def __init__(
        self,
        *,
        code: str,
        status: int,
        detail: str,
        blame: str,
        retry: bool,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.more = more or {}
        # The class carries defaults; the instance what the other side said.
        self.code = code  # type: ignore[misc]
        self.status = status  # type: ignore[misc]
        self.blame = Blame(blame)  # type: ignore[misc]
        self.retry = retry  # type: ignore[misc]


class RemoteUnavailable(RemoteError, Unavailable):
    """The other service cannot do it now, as its database is away: to the caller, it is away."""


def to_wire(error: WeirError) -> dict[str, Any]:
    return {
        "code": error.code,
        "status": error.status,
        "detail": str(error),
        "blame": error.blame.value,
        "retry": error.retry,
        "more": dict(error.more),
    }
