"""Orders of pictures: what falls due together is one order, and comes back as one fact."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import MAX_STILLS, Segment, StillsRequested, WantedStill
from services.catalog import files
from services.catalog.models import SessionRow
from services.catalog.outbox import Queued
from services.catalog.recording_plan import picture_of, span_of


class DueStill(NamedTuple):
    """A picture of a row that begins with a keyframe."""

    session: SessionRow
    row: Segment
    key: str


async def promise(tx: AsyncSession, due: Sequence[DueStill]) -> list[Queued]:
    """Write down that the pictures will be made; the orders of those that were not known."""
    by_key = {(each.session.tenant_id, each.key): each for each in due}
    promises = [
        files.Promise(each.session, each.key, "jpeg", span_of(each.row)) for each in by_key.values()
    ]
    new = await files.promise_all(tx, promises)
    wanted = [_wanted(each) for key, each in by_key.items() if key in new]
    return [Queued(order, order.stills[0].tenant) for order in _orders(wanted)]


def _orders(wanted: Iterable[WantedStill]) -> Iterator[StillsRequested]:
    for _, group in groupby(sorted(wanted, key=_tenant), key=_tenant):
        stills = tuple(group)
        for begin in range(0, len(stills), MAX_STILLS):
            yield StillsRequested(stills=stills[begin : begin + MAX_STILLS])


def _wanted(due: DueStill) -> WantedStill:
    picture = picture_of(due.row)
    assert picture is not None
    return WantedStill(
        tenant=due.row.tenant,
        stream=due.row.stream,
        session=due.row.session,
        msn=due.row.msn,
        key=due.key,
        picture=picture,
        traceparent=due.session.traceparent,
    )


def _tenant(still: WantedStill) -> str:
    return still.tenant
