"""Rows that are decoded together: what follows a plain row without a keyframe needs the plain row.

So all of a unit show a mark, or none does: a unit is from one row that begins with a keyframe up to
the next such. Usually each row is one; of a GOP that is longer than the target duration, and of a
session's beginning, some are.
"""

from collections import OrderedDict

from libs.events import Segment
from services.gateway.views.footage import MAX_LEAD
from services.gateway.views.log import Log

KEPT = 4096
NEAR = 3
"""Rows in which a unit and the beginning of the one before it usually are."""


class Units:
    def __init__(self, log: Log) -> None:
        self._log = log
        self._known: OrderedDict[tuple[str, str, int], range] = OrderedDict()

    async def lots_of(self, row: Segment) -> range:
        """The numbers of the rows whose lots decide for the unit that `row` is in: its first, and
        those behind the first of the unit before, which could not begin to show a mark themselves.
        """
        key = row.session, row.rendition, row.msn
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = await self._find(row)
        self._known.move_to_end(key)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return found

    async def _find(self, row: Segment) -> range:
        for reach in (NEAR, 2 * MAX_LEAD):
            first = max(1, row.msn - reach + 1)
            rows = await self._log.rows(row.session, row.rendition, first, row.msn)
            begins = [each.msn for each in rows if each.is_independent]
            if len(begins) > 1:
                return range(begins[-2] + 1, begins[-1] + 1)
        begin = begins[-1] if begins else row.msn
        return range(begin, begin + 1)
