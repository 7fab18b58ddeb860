"""Telling viewers of tips and subscriptions."""

from typing import Any

import httpx2
import pytest

from libs.events import AlertRaised, Ask, RaiseAlert
from services.gateway.api.house import House
from tests.unit.services.gateway.conftest import CREATED_AT, MemoryCatalog

TIP = {"key": "order-1", "kind": "tip", "by": "Ann", "amount": "5.00", "currency": "EUR"}


@pytest.fixture
def raised(house: House, monkeypatch: pytest.MonkeyPatch) -> list[RaiseAlert]:
    """What the catalog is asked, each of it new unless its key has been."""
    asked: list[RaiseAlert] = []
    assert isinstance(house.catalog, MemoryCatalog)
    usual = house.catalog.ask

    async def ask(ask: Ask[Any], *, timeout_s: float = 5) -> Any:
        if not isinstance(ask, RaiseAlert):
            return await usual(ask, timeout_s=timeout_s)
        is_new = ask.key not in {each.key for each in asked}
        asked.append(ask)
        return AlertRaised(key=ask.key, is_new=is_new, raised_at=CREATED_AT)

    monkeypatch.setattr(house.catalog, "ask", ask)
    return asked


async def test_an_alert_is_created_once_and_known_from_then_on(
    client: httpx2.AsyncClient, raised: list[RaiseAlert]
) -> None:
    path = "/api/v1/streams/cam/alerts"
    answers = [await client.post(path, json=TIP | {"text": " Bravo\n"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert (raised[0].by, raised[0].text, raised[0].alert.amount) == ("Ann", "Bravo", "5.00")


WRONG: dict[str, dict[str, Any]] = {
    "a tip of nothing": {"amount": None, "currency": None},
    "no currency": {"currency": None},
    "no number": {"amount": "5,00"},
    "a debt": {"amount": "-5"},
    "too exact": {"amount": "5.001"},
    "no such currency": {"currency": "euro"},
    "no key": {"key": ""},
    "a long key": {"key": "k" * 129},
    "another kind": {"kind": "gift"},
    "no name": {"by": " \u200b"},
    "a long text": {"text": "x" * 501},
    "another field": {"colour": "red"},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
async def test_what_is_no_alert_is_refused(
    client: httpx2.AsyncClient, raised: list[RaiseAlert], change: dict[str, Any]
) -> None:
    answer = await client.post("/api/v1/streams/cam/alerts", json=TIP | change)
    assert answer.status_code == 422
    assert raised == []
