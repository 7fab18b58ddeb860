"""What the catalog ended while nobody could hear it is ended here."""

import asyncio

from libs.errors import Unavailable, WeirError
from libs.events import Ask, CheckSessions, EndedSession, EndedSessions
from services.ingest.reconcile import Reconcile
from tests.unit.services.ingest.hubs import SmallCatalog, make_hub, request
from tests.waiting import until


class Checking:
    """The catalog's answers about sessions."""

    def __init__(self) -> None:
        self.ended: dict[str, EndedSession] = {}
        self.asked: list[tuple[str, ...]] = []
        self.errors: list[WeirError] = []

    async def ask(self, ask: Ask[EndedSessions], *, timeout_s: float = 5.0) -> EndedSessions:
        assert isinstance(ask, CheckSessions)
        self.asked.append(ask.sessions)
        if self.errors:
            raise self.errors.pop(0)
        return EndedSessions(ended=tuple(self.ended[s] for s in ask.sessions if s in self.ended))


async def test_session_that_is_over_closes_its_publisher_and_no_other() -> None:
    hub, checking = make_hub(SmallCatalog()), Checking()
    gone, other = await hub.publish(request("gone")), await hub.publish(request("other"))
    checking.ended[gone.session.id] = EndedSession(session=gone.session.id, cause="kicked")
    await Reconcile(hub, checking).tick()
    assert gone.revoked.result() == "kicked"
    assert gone.session.is_ended
    assert not other.revoked.done()
    assert [session.id for session, _ in hub.open_sessions()] == [other.session.id]


async def test_many_sessions_are_asked_for_in_pages() -> None:
    hub, checking = make_hub(SmallCatalog()), Checking()
    for number in range(1001):
        await hub.publish(request(f"cam-{number}"))
    await Reconcile(hub, checking).tick()
    assert [len(page) for page in checking.asked] == [1000, 1]


async def test_catalog_that_is_away_is_asked_again_and_a_reconnect_is_not_waited_for() -> None:
    hub, checking = make_hub(SmallCatalog()), Checking()
    publish = await hub.publish(request())
    checking.errors = [Unavailable("away")]
    reconcile = Reconcile(hub, checking)
    running = asyncio.create_task(reconcile.run())
    await until(lambda: checking.asked)
    assert not publish.revoked.done()
    checking.ended[publish.session.id] = EndedSession(session=publish.session.id, cause="kicked")
    await reconcile.wake()
    await until(publish.revoked.done)
    running.cancel()
