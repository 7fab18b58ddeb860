from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from services.catalog.errors import CursorInvalid
from services.catalog.page import MAX_PAGE_BYTES, fit, read_cursor, write_cursor


class Item(BaseModel):
    text: str


@pytest.mark.parametrize("key", ["a", "a~b", "", "98724e64-bcd1-4887-af4a-60be440709aa"])
def test_cursor_comes_back_to_the_microsecond(key: str) -> None:
    at = datetime(2031, 2, 3, 4, 5, 6, 789_123, tzinfo=UTC)
    assert read_cursor(write_cursor(at, key)) == (at, key)


@pytest.mark.parametrize("cursor", ["", "x", "~", "a~b", "9" * 40 + "~a", "' OR 1=1--", "1e3~a"])
def test_cursor_that_no_page_made_is_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        read_cursor(cursor)


def test_page_keeps_its_limit_and_says_whether_there_is_more() -> None:
    items = [Item(text=str(number)) for number in range(3)]
    assert fit(items, 2) == (tuple(items[:2]), True)
    assert fit(items, 3) == (tuple(items), False)
    assert fit([], 3) == ((), False)


def test_page_ends_before_it_outgrows_a_message() -> None:
    items = [Item(text="x" * (MAX_PAGE_BYTES // 3)) for _ in range(9)]
    kept, has_more = fit(items, 9)
    assert (len(kept), has_more) == (2, True)


def test_page_keeps_one_item_however_large() -> None:
    items = [Item(text="x" * (2 * MAX_PAGE_BYTES)) for _ in range(2)]
    assert fit(items, 9) == (tuple(items[:1]), True)
