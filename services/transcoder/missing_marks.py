"""Marks that were left out: whether one of them can be had by now."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from libs.events import MarkReport
from libs.events.marks import Mark

FIRST_S, LONGEST_S = 10.0, 300.0
"""A picture's server is asked ever more rarely."""
MAY_COME = frozenset({"fetch_failed", "egress_unresolved", "object_missing", "store_unavailable"})
"""What else a mark is left out for does not pass by itself."""

LookFor = Callable[[Mark], Awaitable[bool]]
"""Whether the mark can be had. Never raises a `WeirError`."""


class MissingMarks:
    def __init__(self, look_for: LookFor) -> None:
        self._look_for = look_for
        self._missing: tuple[Mark, ...] = ()
        self._pause_s = FIRST_S
        self._due_s = 0.0
        self._looking: asyncio.Task[bool] | None = None

    def can_be_had(
        self, marks: Sequence[Mark], reports: Sequence[MarkReport], now_s: float
    ) -> bool:
        """Whether one that was left out is there now. To be called again and again."""
        missing = tuple(
            mark
            for mark, report in zip(marks, reports, strict=False)
            if report.left_out in MAY_COME
        )
        if missing != self._missing:
            self.close()
            self._missing, self._pause_s = missing, FIRST_S
            self._due_s = now_s + FIRST_S
        if not missing:
            return False
        if self._looking is None:
            if now_s >= self._due_s:
                self._looking = asyncio.create_task(self._look(), name="missing-marks")
            return False
        if not self._looking.done():
            return False
        has_come, self._looking = self._looking.result(), None
        self._pause_s = min(2 * self._pause_s, LONGEST_S)
        self._due_s = now_s + self._pause_s
        return has_come

    def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> bool:
        for mark in self._missing:
            if await self._look_for(mark):
                return True
        return False
