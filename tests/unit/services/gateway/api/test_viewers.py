"""Who watches, as the gateways tell, and sending one away."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from libs.events import AudienceChanged, RevokeViewers, Viewer, ViewerKicked, ViewerPage
from services.gateway.api.house import House
from tests.unit.services.gateway.conftest import CREATED_AT

ANNA, BOB = "hAAAAAAAAAAAAAAAAAAAAA", "fBBBBBBBBBBBBBBBBBBBBB"
VIEWERS = "/api/v1/streams/cam/viewers"


def viewer(viewer_id: str, minutes: int, **more: Any) -> Viewer:
    since = CREATED_AT + timedelta(minutes=minutes)
    facts: dict[str, Any] = {"kind": "hls", "gateway": "one", "address": "192.0.2.1"} | more
    return Viewer(id=viewer_id, stream="cam", since=since, **facts)


@pytest.fixture
async def known(client: httpx2.AsyncClient, house: House) -> httpx2.AsyncClient:
    """A client and a stream `cam`, which two watch; one of them through two gateways."""
    assert (await client.post("/api/v1/streams", json={"id": "cam"})).status_code == 201
    whole = AudienceChanged(gateway="two", number=1, is_whole=True, flv={"cam": 1})
    house.viewing.census.hear(whole)
    house.catalog.pages = [  # type: ignore[attr-defined]
        ViewerPage(gateway="one", viewers=(viewer(ANNA, 2, viewer="anna", token_id="9-a"),)),
        ViewerPage(
            gateway="two", viewers=(viewer(BOB, 1, kind="flv"), viewer(ANNA, 3, gateway="two"))
        ),
    ]
    return client


async def test_viewers_of_all_gateways_are_listed_once_oldest_first(
    known: httpx2.AsyncClient,
) -> None:
    body = (await known.get(VIEWERS)).json()

    assert [(each["id"], each["viewer"]) for each in body["viewers"]] == [(BOB, ""), (ANNA, "anna")]
    assert body["counts"] == {"total": 1, "flv": 1, "hls": 0, "dash": 0, "rtmp": 0}
    assert body["is_complete"]
    stream = (await known.get("/api/v1/streams/cam")).json()
    assert stream["viewers"] == body["counts"]
    assert stream["view_policy"] == "public"
    short = (await known.get(VIEWERS, params={"limit": 1})).json()
    assert ([each["id"] for each in short["viewers"]], short["is_complete"]) == ([BOB], False)


async def test_gateway_that_does_not_answer_is_missed(
    known: httpx2.AsyncClient, house: House
) -> None:
    house.catalog.pages.pop()  # type: ignore[attr-defined]

    assert not (await known.get(VIEWERS)).json()["is_complete"]


async def test_kick_is_said_to_all_gateways_and_may_take_the_link(
    known: httpx2.AsyncClient, house: House
) -> None:
    assert (await known.delete(f"{VIEWERS}/{BOB}")).status_code == 204
    assert (
        await known.delete(f"{VIEWERS}/{ANNA}", params={"revoke_token": True})
    ).status_code == 422, "9-a is no token id"

    catalog: Any = house.catalog
    assert catalog.said == [ViewerKicked(stream="cam", viewer=BOB)]
    assert not any(isinstance(ask, RevokeViewers) for ask in catalog.asked)


async def test_kick_of_nobody_is_404(known: httpx2.AsyncClient, house: House) -> None:
    missing = await known.delete(f"{VIEWERS}/hCCCCCCCCCCCCCCCCCCCCC")
    assert (missing.status_code, missing.json()["code"]) == (404, "viewer_unknown")
    assert (await known.get("/api/v1/streams/none/viewers")).status_code == 404
    assert house.catalog.said == []  # type: ignore[attr-defined]
