"""Server-sent events on the wire (WHATWG HTML, section 9.2)."""

from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

HEARTBEAT = b":\n\n"
"""A comment: it keeps proxies from taking silence for the end."""


def event(name: str, body: str, *, id: int | None = None) -> bytes:  # noqa: A002 - the field's name
    """`body` is JSON of one line: it has no line break that would end the event."""
    place = "" if id is None else f"id: {id}\n"
    return f"{place}event: {name}\ndata: {body}\n\n".encode()


def event_stream(wire: AsyncIterator[bytes]) -> StreamingResponse:
    """The answer that goes on and on; no proxy is to keep or gather it."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(wire, media_type="text/event-stream", headers=headers)
