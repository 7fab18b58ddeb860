"""`/api/v1/sessions`: a recording that takes long to delete."""

from typing import Any

import httpx2
import pytest

from libs.events import DiscardSession, GetSession, Session, SessionDiscarded
from services.gateway.api import sessions
from services.gateway.api.house import House
from tests.unit.services.gateway.conftest import CREATED_AT

ID = "69573000-0a0b0c0d"


@pytest.mark.parametrize(
    ("batches", "at_once_s", "status"),
    [(1, 0.0, 200), (3, 60.0, 200), (3, 0.0, 202)],
)
async def test_answer_comes_soon_though_not_all_is_gone(
    client: httpx2.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch,
    batches: int, at_once_s: float, status: int,
) -> None:  # fmt: skip
    left = batches

    async def ask(question: Any, *, timeout_s: float = 5) -> Any:
        nonlocal left
        match question:
            case DiscardSession():
                left -= 1
                return SessionDiscarded(size_bytes=1, is_all=not left)
            case GetSession():
                return Session(
                    tenant="default", stream="cam", id=ID, origin_url="", generation=1,
                    started_at=CREATED_AT, is_deleting=left > 0,
                )  # fmt: skip
        raise AssertionError(question)

    monkeypatch.setattr(house.catalog, "ask", ask)
    monkeypatch.setattr(sessions, "AT_ONCE_S", at_once_s)
    answer = await client.delete(f"/api/v1/sessions/{ID}")
    assert (answer.status_code, answer.json()["is_deleting"]) == (status, status == 202)
    assert left == (2 if status == 202 else 0)
