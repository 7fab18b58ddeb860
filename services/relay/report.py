"""What is said of one push: its state, why, since when, and its numbers."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from libs.events import Message, RelayChanged, RelayNumbers, RelayRequested, RelayState
from services.relay import metrics

log = structlog.get_logger()


class Report:
    """Says `relay.changed` at each change of state, and when it is asked to."""

    def __init__(
        self, order: RelayRequested, *, epoch: int, say: Callable[[Message], None]
    ) -> None:
        self.numbers = RelayNumbers()
        self.state: RelayState | None = None
        self._order = order
        self._epoch = epoch
        self._say = say
        self._number = 0
        self._cause: str | None = None
        self._detail: str | None = None
        self._since = datetime.now(UTC)
        self._log = log.bind(
            stream=order.stream, session=order.session, target=order.target, epoch=epoch
        )

    def enter(self, state: RelayState, cause: str | None = None, detail: str | None = None) -> None:
        if (state, cause, detail) == (self.state, self._cause, self._detail):
            return
        if state != self.state:
            self._since = datetime.now(UTC)
        self.leave()
        self.state, self._cause, self._detail = state, cause, detail
        metrics.RELAYS.labels(state).inc()
        level = self._log.warning if state == "failed" else self._log.info
        level("relay.changed", state=state, cause=cause, detail=detail)
        self.say_numbers()

    def leave(self) -> None:
        """The push is not ours any more."""
        if self.state is not None:
            metrics.RELAYS.labels(self.state).dec()

    def count(self, **numbers: int) -> None:
        """Set some of the numbers; they are said with the next state, or by `say_numbers`."""
        self.numbers = self.numbers.model_copy(update=numbers)

    def say_numbers(self) -> None:
        if self.state is None:
            return
        self._number += 1
        self._say(
            RelayChanged(
                tenant=self._order.tenant,
                stream=self._order.stream,
                session=self._order.session,
                target=self._order.target,
                epoch=self._epoch,
                number=self._number,
                state=self.state,
                cause=self._cause,
                detail=self._detail,
                since=self._since,
                numbers=self.numbers,
            )
        )
