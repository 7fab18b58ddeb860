"""How full the logs are, and how far their readers are behind."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from libs.bus import BusUnavailable
from libs.bus.topology import FACTS_LOG, LOGS
from libs.events import SessionEnded
from tests.nats_server import NATSServer
from tests.waiting import until

pytestmark = pytest.mark.integration

Start = Callable[..., Awaitable[None]]
READER = "catalog-session-ended"


def ended(session: str) -> SessionEnded:
    return SessionEnded(
        tenant="default", stream="s", session=session, cause="idle", last_tag=1,
        ended_at=datetime.now(UTC),
    )  # fmt: skip


async def test_messages_that_nobody_takes_wait_for_their_reader(
    nats: NATSServer, start: Start
) -> None:
    bus = nats.bus("catalog/1", provisions=True)
    await start(bus)
    for session in ("a", "b"):
        await bus.publish(ended(session))
    logs = await bus.logs()
    assert [log.name for log in logs] == [wanted.name for wanted in LOGS]
    facts = next(log for log in logs if log.name == FACTS_LOG)
    assert facts.messages == 2
    assert 0 < facts.size_bytes < facts.max_bytes
    farthest, *others = facts.readers
    assert (farthest.name, farthest.waiting, farthest.in_hand) == (READER, 2, 0)
    assert not any(each.waiting or each.in_hand for each in others)


async def test_bus_that_is_away_does_not_tell(nats: NATSServer, start: Start) -> None:
    bus = nats.bus("catalog/1", provisions=True)
    await start(bus)
    nats.kill()
    await until(lambda: not bus.is_connected)
    with pytest.raises(BusUnavailable):
        await bus.logs()
