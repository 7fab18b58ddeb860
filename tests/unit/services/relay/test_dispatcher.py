"""The dispatcher: how much it has in hand, and what it does while the catalog is away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from libs.bus import BusUnavailable
from libs.ending import end
from libs.events import DeliveryReport, DueDeliveries, DueDelivery
from services.relay import dispatcher
from services.relay.dispatcher import Dispatcher
from tests.waiting import until


def due(number: int) -> DueDelivery:
    return DueDelivery(
        delivery=number, attempt=1, webhook="webhook-1", url="http://a.example/", secrets=("s",),
        event=f"evt_{number}", sequence=number, type="stream.changed", body="{}",
    )  # fmt: skip


class Catalog:
    """Hands out what is due, once, and hears reports."""

    def __init__(self) -> None:
        self.due: list[DueDelivery] = []
        self.reports: list[DeliveryReport] = []
        self.is_away = False

    async def take(self, limit: int) -> DueDeliveries:
        self._check()
        taken, self.due = self.due[:limit], self.due[limit:]
        return DueDeliveries(due=tuple(taken), wait_s=30)

    async def report(self, reports: tuple[DeliveryReport, ...]) -> None:
        self._check()
        self.reports += reports

    def _check(self) -> None:
        if self.is_away:
            raise BusUnavailable("The catalog is away.")


class Sender:
    """Sends as long as it is told to."""

    def __init__(self) -> None:
        self.sending: list[int] = []
        self.most = 0
        self.go = asyncio.Event()

    async def send(self, due: DueDelivery) -> DeliveryReport:
        self.sending.append(due.delivery)
        self.most = max(self.most, len(self.sending))
        await self.go.wait()
        self.sending.remove(due.delivery)
        now = datetime.now(UTC)
        return DeliveryReport(
            delivery=due.delivery, attempt=1, sent_at=now, duration_ms=1, status=200
        )


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.fixture
async def running(catalog: Catalog, sender: Sender) -> AsyncIterator[Dispatcher]:
    made = Dispatcher(catalog.take, catalog.report, sender.send, slots=3)
    task = asyncio.create_task(made.run())
    yield made
    await end(task)
    await made.close()


async def test_all_that_is_due_is_sent_and_reported_a_few_at_a_time(
    catalog: Catalog, sender: Sender, running: Dispatcher
) -> None:
    catalog.due = [due(number) for number in range(10)]
    running.wake()
    await until(lambda: len(sender.sending) == 3)
    sender.go.set()
    await until(lambda: len(catalog.reports) == 10)
    assert sender.most == 3
    assert sorted(report.delivery for report in catalog.reports) == list(range(10))


async def test_reports_wait_until_the_catalog_is_back(
    catalog: Catalog, sender: Sender, running: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "AWAY_S", 0.01)
    catalog.due = [due(1)]
    running.wake()
    await until(lambda: sender.sending)
    catalog.is_away = True
    sender.go.set()
    await until(lambda: not sender.sending)
    catalog.is_away = False
    await until(lambda: catalog.reports)
    assert [report.delivery for report in catalog.reports] == [1]


async def test_what_is_being_sent_at_the_end_is_reported_or_given_up(
    catalog: Catalog, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "LEAVE_S", 0.05)
    made = Dispatcher(catalog.take, catalog.report, sender.send, slots=3)
    task = asyncio.create_task(made.run())
    catalog.due = [due(1)]
    made.wake()
    await until(lambda: sender.sending)
    await end(task)
    await made.close()
    assert catalog.reports == []


async def test_fault_of_ours_is_reported_and_ends_nothing(
    catalog: Catalog, sender: Sender, running: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: DueDelivery) -> DeliveryReport:
        raise RuntimeError("a bug")

    monkeypatch.setattr(running, "_send", fail)
    catalog.due = [due(1), due(2)]
    running.wake()
    await until(lambda: len(catalog.reports) == 2)
    assert {report.error_code for report in catalog.reports} == {"internal_error"}
