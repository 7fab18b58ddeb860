"""`/api/v1/streams/{id}/timeline`."""

from typing import Any

import httpx2
import pytest

from libs.events import ShowTimeline, Timeline, TimelineGap, TimelineSession
from services.gateway.api.house import House
from tests.unit.services.gateway.views.logged import AT, SESSION

PATH = "/api/v1/streams/cam-1/timeline"
TIMES = {"from_at": "2026-01-02T00:00:00Z", "until_at": "2026-02-02T00:00:00+02:00"}


@pytest.fixture
async def asked(
    house: House, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> list[ShowTimeline]:
    """What the catalog is asked; it answers with a page of one session."""
    found: list[ShowTimeline] = []
    plain = house.catalog.ask
    gap = TimelineGap(from_at=AT, until_at=AT, kind="lost", cause="spool_full")
    session = TimelineSession(
        session=SESSION, from_at=AT, until_at=AT, is_open=False, cause="kicked", size_bytes=7,
        gaps=(gap,),
    )  # fmt: skip

    async def ask(question: Any, *, timeout_s: float = 5) -> Any:
        if not isinstance(question, ShowTimeline):
            return await plain(question)
        found.append(question)
        return Timeline(sessions=(session,), next_after=SESSION)

    await client.post("/api/v1/streams", json={"id": "cam-1"})
    monkeypatch.setattr(house.catalog, "ask", ask)
    return found


async def test_month_is_asked_for_page_by_page(
    client: httpx2.AsyncClient, asked: list[ShowTimeline]
) -> None:
    answer = await client.get(PATH, params=TIMES | {"after": SESSION, "limit": "1"})
    assert answer.status_code == 200, answer.text
    (session,) = answer.json()["sessions"]
    assert (session["cause"], session["gaps"][0]["cause"]) == ("kicked", "spool_full")
    assert answer.json()["next_after"] == SESSION
    (ask,) = asked
    assert (ask.stream, ask.after, ask.limit) == ("cam-1", SESSION, 1)
    assert (ask.until_at - ask.from_at).total_seconds() == (31 * 24 - 2) * 3600


@pytest.mark.parametrize(
    "wrong", [{"until_at": TIMES["from_at"]}, {"after": "yesterday"}, {"from_at": "2026-01-02"}]
)
async def test_what_is_no_time_is_refused(
    client: httpx2.AsyncClient, asked: list[ShowTimeline], wrong: dict[str, str]
) -> None:
    answer = await client.get(PATH, params=TIMES | wrong)
    assert answer.status_code in {400, 422}
    assert asked == []
