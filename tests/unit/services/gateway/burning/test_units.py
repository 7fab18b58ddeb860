"""Rows that are decoded together have one lot."""

import pytest

from services.gateway.burning.units import Units
from services.gateway.views.log import Log
from tests.unit.services.gateway.views.logged import FIRST, MemoryCatalog, row

NEVER = range(0)


@pytest.mark.parametrize(
    ("begins", "wanted"),
    [
        (range(40), {0: range(1), 1: range(1, 2), 39: range(39, 40)}),
        # A session whose second segment begins without a keyframe.
        ((0, 2, 3), {0: range(1), 1: range(1), 2: range(1, 3), 3: range(3, 4)}),
        # GOPs of many segments.
        ((0, 12, 24), {11: range(1), 12: range(1, 13), 23: range(1, 13), 30: range(13, 25)}),
        (NEVER, {5: range(5, 6)}),
    ],
)
async def test_lots_are_those_since_the_unit_before(
    begins: range | tuple[int, ...], wanted: dict[int, range]
) -> None:
    catalog = MemoryCatalog()
    catalog.rows = [row(at, is_independent=at in begins) for at in range(40)]
    units = Units(Log(catalog, "default"))
    for at, lots in wanted.items():
        found = await units.lots_of(catalog.rows[at])
        assert found == range(FIRST + lots.start, FIRST + lots.stop), at
    asked = len(catalog.asked)
    for at in wanted:
        await units.lots_of(catalog.rows[at])
    assert len(catalog.asked) == asked


async def test_each_lot_is_one_units() -> None:
    """So that what is drawn is shown, and no stretch is much longer than was promised."""
    catalog = MemoryCatalog()
    catalog.rows = [row(at, is_independent=at % 3 != 2) for at in range(30)]
    units = Units(Log(catalog, "default"))
    found = {await units.lots_of(each) for each in catalog.rows}
    numbers = sorted(number for lots in found for number in lots)
    assert numbers == list(range(FIRST, numbers[-1] + 1))
