"""Which rows of a session that goes on are settled: nothing can come before them any more."""

from collections.abc import Sequence
from datetime import datetime

from libs.events import Gap, Segment


def settled(
    rows: Sequence[Segment], gaps: Sequence[Gap], after: int, waited_until: datetime
) -> Sequence[Segment]:
    """The rows before the first hole that may still be filled: one without a recorded cause, before
    a row that starts after `waited_until`. `after` is the MSN before the first row.
    """
    lost = {msn for gap in gaps for msn in range(gap.first_msn, gap.last_msn + 1)}
    for index, row in enumerate(rows):
        may_come = row.starts_at > waited_until
        if may_come and any(msn not in lost for msn in range(after + 1, row.msn)):
            return rows[:index]
        after = row.msn
    return rows
