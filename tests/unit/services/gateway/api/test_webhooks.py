"""Webhooks in the API: what is asked of the catalog, and what is refused before."""

import httpx2
import pytest

from libs.events import CreateWebhookReplay, ListWebhooks
from services.gateway.api.app import build_api
from services.gateway.api.house import House
from tests.unit.services.gateway.conftest import MemoryCatalog

HOOK = "/api/v1/webhooks/webhook-0123456789abcdef"


@pytest.mark.parametrize(
    "body",
    [
        {}, {"url": ""}, {"url": 7}, {"url": "http://a.example/", "types": "stream.*"},
        {"url": "http://a.example/", "secret": "mine"}, {"url": "http://a.example/", "types": [1]},
        {"url": "x" * 3000},
    ],
)  # fmt: skip
async def test_body_that_is_none_is_refused_and_nobody_asked(
    client: httpx2.AsyncClient, house: House, body: dict[str, object]
) -> None:
    answer = await client.post("/api/v1/webhooks", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "item_invalid")
    assert "mine" not in answer.text
    assert isinstance(house.catalog, MemoryCatalog)
    assert house.catalog.asked == []


@pytest.mark.parametrize("begin", [{"from_at": "2031-05-06T07:08:09"}, {"from_sequence": "1"}])
async def test_replay_begins_at_a_time_with_its_zone_or_at_a_number(
    client: httpx2.AsyncClient, begin: dict[str, str]
) -> None:
    answer = await client.post(f"{HOOK}/replays", json=begin)
    assert (answer.status_code, answer.json()["code"]) == (422, "item_invalid")


async def test_replay_is_asked_for_as_it_was_said(client: httpx2.AsyncClient, house: House) -> None:
    body = {"from_at": "2031-05-06T07:08:09+02:00", "until_sequence": 7}
    assert isinstance(house.catalog, MemoryCatalog)
    await client.post(f"{HOOK}/replays", json=body)
    (ask,) = house.catalog.asked
    assert isinstance(ask, CreateWebhookReplay)
    assert ask.from_at is not None
    assert ask.from_at.isoformat() == "2031-05-06T07:08:09+02:00"
    assert (ask.from_sequence, ask.until_sequence) == (None, 7)


async def test_only_who_is_known_sees_webhooks(
    stranger: httpx2.AsyncClient, client: httpx2.AsyncClient, house: House
) -> None:
    for path in ("/api/v1/webhooks", HOOK, f"{HOOK}/deliveries", f"{HOOK}/replays"):
        assert (await stranger.get(path)).status_code == 401
    assert isinstance(house.catalog, MemoryCatalog)
    assert house.catalog.asked == []
    await client.get("/api/v1/webhooks")
    assert house.catalog.asked == [ListWebhooks(tenant="default")]


def test_each_public_event_is_in_the_apis_document() -> None:
    document = build_api().openapi()
    said = document["webhooks"]["session.ended"]["post"]
    assert said["summary"] == "A session is over."
    schema = document["components"]["schemas"]["SessionEnded"]
    assert schema["properties"]["cause"]["description"].startswith("As of `stream.unpublished`")
