"""Delivers public events to webhooks: takes what is due, sends it, and reports.

What it has taken and does not report on, as it was killed or the catalog is away, is due again in
a minute: so nothing is lost, and some is sent twice, with the same id.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from libs.ending import end
from libs.errors import WeirError
from libs.events import MAX_TAKEN, DeliveryReport, DueDeliveries, DueDelivery
from services.relay import metrics

log = structlog.get_logger()

Take = Callable[[int], Awaitable[DueDeliveries]]
Report = Callable[[tuple[DeliveryReport, ...]], Awaitable[object]]
Send = Callable[[DueDelivery], Awaitable[DeliveryReport]]

AWAY_S = 1.0
LEAVE_S = 1.0
"""What is being sent when the process stops may take so long; then somebody else sends it."""


class Dispatcher:
    """`take` asks the catalog for what is due, `report` tells it what came of it."""

    def __init__(self, take: Take, report: Report, send: Send, *, slots: int) -> None:
        self._take = take
        self._report = report
        self._send = send
        self._slots = slots
        self._sending: set[asyncio.Task[None]] = set()
        self._reports: list[DeliveryReport] = []
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to deliver."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self._say_reports()
                wait_s = await self._take_due()
            except WeirError as error:
                # Whatever ails the catalog: pushes of this process go on.
                log.warning("webhooks.waiting", code=error.code)
                await asyncio.sleep(AWAY_S)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()

    async def close(self) -> None:
        """Let what is being sent come to its end, if it does not take long, and report on it."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=LEAVE_S)
        await end(*self._sending)
        with contextlib.suppress(WeirError):  # it is sent again
            await self._say_reports()

    async def _take_due(self) -> float | None:
        """How long to wait for the next; None: until one of them is sent."""
        room = min(self._slots - len(self._sending), MAX_TAKEN)
        if room <= 0:
            return None
        found = await self._take(room)
        for due in found.due:
            task = asyncio.create_task(self._deliver(due), name=f"webhook-{due.delivery}")
            self._sending.add(task)
        metrics.SENDING.set(len(self._sending))
        return found.wait_s

    async def _deliver(self, due: DueDelivery) -> None:
        try:
            report = await self._send(due)
        except Exception:
            # Our own fault; nobody's push ends for it, and whoever looks at the delivery sees it.
            log.exception("webhooks.send_failed", delivery=due.delivery)
            report = _fault_of_ours(due)
        metrics.WEBHOOKS.labels("taken" if report.error_code is None else report.error_code).inc()
        self._reports.append(report)
        # Before the others hear of it, as they count who is sending.
        task = asyncio.current_task()
        assert task is not None
        self._sending.discard(task)
        self._wake.set()

    async def _say_reports(self) -> None:
        """All that there are; they stay until they were heard."""
        while self._reports:
            said = tuple(self._reports[:MAX_TAKEN])
            await self._report(said)
            del self._reports[: len(said)]


def _fault_of_ours(due: DueDelivery) -> DeliveryReport:
    return DeliveryReport(
        delivery=due.delivery,
        attempt=due.attempt,
        sent_at=datetime.now(UTC),
        duration_ms=0,
        error_code="internal_error",
        error="Weir failed; the log of the relay has the reason.",
    )
