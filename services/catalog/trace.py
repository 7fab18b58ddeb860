"""The trace that a row belongs to, as a W3C `traceparent`."""

import contextlib
from collections.abc import Iterator

from opentelemetry import context, propagate


def current_traceparent() -> str | None:
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier.get("traceparent")


@contextlib.contextmanager
def continued(traceparent: str | None) -> Iterator[None]:
    """Run the block in the trace of `traceparent`; without one, in none."""
    carrier = {"traceparent": traceparent} if traceparent else {}
    token = context.attach(propagate.extract(carrier, context.Context()))
    try:
        yield
    finally:
        context.detach(token)
