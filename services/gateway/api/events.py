"""`/api/v1/events`: what happens here, as server-sent events (WHATWG HTML, section 9.2).

Each event's `id` is its place in the log: whoever comes back with `Last-Event-ID` goes on there.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from libs.names import STREAM_ID
from libs.permissions import Permission
from libs.public_events import TYPES, check_wanted
from services.gateway.api.auth import TheCaller, check_covers, may, needs
from services.gateway.api.house import TheHouse
from services.gateway.errors import StreamUnknown
from services.gateway.event_stream import event_stream
from services.gateway.public_feed import Wanted

MAX_NAMED = 100
MAX_SEQUENCE = 2**63 - 1

router = APIRouter(tags=["events"])

Named = Annotated[list[str], Query(max_length=MAX_NAMED)]
Sequence = Annotated[int | None, Query(ge=0, le=MAX_SEQUENCE)]
LastEventId = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=MAX_SEQUENCE)]


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events, on and on."}},
    dependencies=[needs(Permission.EVENTS_READ, limit="handler")],
)
async def listen(
    request: Request,
    house: TheHouse,
    caller: TheCaller,
    type: Named = [],  # noqa: A002, B006 - the query's own name; FastAPI copies the default
    stream: Named = [],  # noqa: B006
    after: Sequence = None,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Public events as they happen: the payloads of webhooks, each under its type as `event`.

    `type` (a type, or a noun as `asset.*`) and `stream` may be given several times, or with commas.
    `Last-Event-ID`, or `after`, names the last one that the listener has; without, it hears from
    now on. What the log has no more is told as `events.missed`. A comment comes every 15 s.
    It ends when the caller may listen no more.
    """
    wanted = Wanted(_split(type), _split(stream))
    check_wanted(wanted.types, TYPES)
    for each in wanted.streams:
        if not STREAM_ID.fullmatch(each):
            raise StreamUnknown(f"There is no stream {each[:64]!r}.")
    check_covers(caller, wanted.streams)
    begin = last_event_id if last_event_id is not None else after
    listener = await house.feed.of(caller.tenant).open(begin, wanted)
    return event_stream(
        listener.wire(lambda: may(request, house, Permission.EVENTS_READ, *wanted.streams))
    )


def _split(named: list[str]) -> tuple[str, ...]:
    return tuple(part for each in named for part in each.split(",") if part)
