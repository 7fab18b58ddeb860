"""The trace context in message headers (W3C Trace Context), and one span per message handled."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context, propagate, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from libs.errors import Blame, WeirError

tracer = trace.get_tracer("weir.bus")


def trace_headers() -> dict[str, str]:
    """Headers that carry the current span on."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    return headers


def traceparent() -> str | None:
    """The current context as a `traceparent` value, to be stored beside a row."""
    return trace_headers().get("traceparent")


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace's id of a stored `traceparent` (W3C Trace Context, 3.2.2)."""
    return traceparent.split("-")[1] if traceparent else None


@contextmanager
def within(traceparent: str | None) -> Iterator[None]:
    """Run a block inside the trace that a stored `traceparent` names."""
    carrier = {"traceparent": traceparent} if traceparent else {}
    token = context.attach(propagate.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)


@contextmanager
def handling(name: str, headers: Mapping[str, str] | None) -> Iterator[Span]:
    """A consumer span below the sender's. `name` is a subject: ids never stand in one."""
    parent = propagate.extract(dict(headers)) if headers else Context()
    with tracer.start_as_current_span(name, context=parent, kind=SpanKind.CONSUMER) as span:
        try:
            yield span
        except Exception as error:
            note_failure(span, error)
            raise


@contextmanager
def handling_all(name: str, headers: Iterable[Mapping[str, str] | None]) -> Iterator[None]:
    """The same of messages that are handled together: a span in the trace of each."""
    spans = [
        tracer.start_span(name, propagate.extract(dict(each or {})), SpanKind.CONSUMER)
        for each in headers
    ]
    try:
        yield
    except Exception as error:
        for span in spans:
            note_failure(span, error)
        raise
    finally:
        for span in spans:
            span.end()


def note_failure(span: Span, error: Exception) -> None:
    """A mistake of the caller's is none of ours."""
    if not isinstance(error, WeirError) or error.blame is not Blame.CALLER:
        span.set_status(Status(StatusCode.ERROR, type(error).__name__))
