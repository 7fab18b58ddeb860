"""One attempt to deliver a public event: signed, posted through the egress guard, and judged."""

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from libs.bus.tracing import trace_headers, within
from libs.egress import Answered, Poster
from libs.errors import WeirError
from libs.events import MAX_ANSWER_CHARS, DeliveryReport, DueDelivery
from libs.signing import sign_webhook

REDIRECTED = range(300, 400)
TAKEN = range(200, 300)

tracer = trace.get_tracer("weir.webhooks")


async def send(poster: Poster, due: DueDelivery) -> DeliveryReport:
    """Send it once; never raises for what the receiver does. In the trace of what happened."""
    with (
        within(due.traceparent),
        tracer.start_as_current_span("deliver webhook", kind=SpanKind.CLIENT) as span,
    ):
        span.set_attribute("weir.event", due.event)
        span.set_attribute("weir.type", due.type)
        report = await _send(poster, due)
        if report.status is not None:
            span.set_attribute("http.response.status_code", report.status)
        if report.error_code is not None:
            span.set_status(Status(StatusCode.ERROR, report.error_code))
    return report


async def _send(poster: Poster, due: DueDelivery) -> DeliveryReport:
    sent_at, began = datetime.now(UTC), time.monotonic()
    body = due.body.encode()
    headers = {
        "content-type": "application/json",
        "weir-sequence": str(due.sequence),
        **sign_webhook(due.secrets, due.event, int(sent_at.timestamp()), body),
        **trace_headers(),
    }
    answered: Answered | None = None
    code: str | None = None
    error: str | None = None
    try:
        answered = await poster.post(due.url, body, headers)
    except WeirError as failure:
        code, error = failure.code, str(failure)
    else:
        code, error = _judge(answered.status)
    return DeliveryReport(
        delivery=due.delivery,
        attempt=due.attempt,
        sent_at=sent_at,
        duration_ms=round((time.monotonic() - began) * 1000),
        status=answered.status if answered else None,
        error_code=code,
        error=error,
        answer=_text(answered.body) if answered else "",
        retry_after_s=_pause_s(answered.retry_after, sent_at) if answered else None,
    )


def _judge(status: int) -> tuple[str | None, str | None]:
    """Code and sentence of what went wrong; None, None: it was taken."""
    if status in TAKEN:
        return None, None
    if status in REDIRECTED:
        return "redirected", f"It answered {status}; redirects are not followed, name the new URL."
    return "answered_with_error", f"It answered with status {status}."


def _text(body: bytes) -> str:
    return body[: 4 * MAX_ANSWER_CHARS].decode(errors="replace")[:MAX_ANSWER_CHARS]


def _pause_s(retry_after: str, now: datetime) -> float | None:
    """RFC 9110, section 10.2.3: seconds, or a date."""
    if retry_after.isascii() and retry_after.isdecimal() and len(retry_after) < 10:  # noqa: PLR2004
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - now).total_seconds())
    except (ValueError, TypeError):  # nothing that it could mean, or a date without its zone
        return None
