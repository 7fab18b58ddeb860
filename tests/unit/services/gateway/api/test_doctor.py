"""`/api/v1/streams/{id}/doctor` and `/latency`."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from libs.events import StreamUnpublished
from libs.standing import Standing
from libs.vitals import PictureVitals, SoundVitals, Vitals
from services.gateway.api.house import House
from services.gateway.doctor.doctor import Doctor
from tests.unit.services.gateway.api.test_streams import SESSION, published

WELL = Vitals(age_s=30, media_s=30, picture=PictureVitals(gop_s=2), sound=SoundVitals())
STANDING = Standing(
    part_ms=39_800, segment_ms=38_000, low_latency_ms=600, hold_back_ms=9000, dash_ms=1500
)


class Services:
    """An ingest and a packager that answer what they are told to."""

    def __init__(self) -> None:
        self.vitals: Vitals | None = WELL
        self.standing: Standing | None = STANDING
        self.status = 200
        app = Starlette(
            routes=[
                Route(f"/sessions/{SESSION}", self._session),
                Route(f"/live/{SESSION}/standing", self._standing),
            ]
        )
        self._client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app))

    async def ask(self, url: str) -> tuple[int, bytes]:
        response = await self._client.get(url)
        return response.status_code, response.content

    async def _session(self, _: Request) -> Response:
        vitals = None if self.vitals is None else self.vitals.model_dump(mode="json")
        return JSONResponse({"session_ms": 40_000, "vitals": vitals}, self.status)

    async def _standing(self, _: Request) -> Response:
        if self.standing is None:
            return Response(status_code=503)
        return JSONResponse(self.standing.model_dump())


@pytest.fixture
def services() -> Services:
    return Services()


Get = Callable[[str], Awaitable[Any]]


@pytest.fixture
async def get(house: House, client: httpx2.AsyncClient, services: Services) -> Get:
    """Of a stream that is on air."""
    await client.post("/api/v1/streams", json={"id": "cam"})
    house.directory.published(published("cam"))
    house.directory.leased(SESSION, "http://packager", 1)
    house.doctor = Doctor(house.directory, services, now_ms=lambda: 5.0)

    async def ask(what: str) -> Any:
        response = await client.get(f"/api/v1/streams/cam/{what}")
        assert response.status_code == 200, response.text
        return response.json()

    return ask


async def test_healthy_publish_is_said_to_be_so(get: Get) -> None:
    found = await get("doctor")
    assert (found["state"], found["findings"]) == ("healthy", [])
    assert found["vitals"]["picture"]["gop_s"] == 2


async def test_finding_has_figures_and_settings(get: Get, services: Services) -> None:
    services.vitals = WELL.model_copy(update={"picture": PictureVitals(gop_s=8.5)})
    found = await get("doctor")
    assert found["state"] == "ill"
    [finding] = found["findings"]
    assert finding["code"] == "gop_long"
    assert finding["figures"] == {"gop_s": 8.5}
    assert "Keyframe Interval" in finding["obs"]
    assert finding["ffmpeg"].startswith("-g ")


@pytest.mark.parametrize("vitals", [None, WELL.model_copy(update={"age_s": 4})])
async def test_young_publish_is_still_measured(
    get: Get, services: Services, vitals: Vitals | None
) -> None:
    services.vitals = vitals
    assert (await get("doctor"))["state"] == "measuring"


async def test_publisher_that_is_away_is_waited_for(get: Get, house: House) -> None:
    fact = published("cam").model_dump(exclude={"origin_url", "started_at"})
    house.directory.unpublished(
        StreamUnpublished(**fact, cause="connection_lost", ended_at=datetime.now(UTC))
    )
    assert await get("doctor") == {"state": "waiting", "findings": [], "vitals": None}
    assert (await get("latency"))["ways"] == []


async def test_session_that_ingest_has_let_go_is_not_judged(get: Get, services: Services) -> None:
    services.status = 404
    assert (await get("doctor"))["state"] == "measuring"
    assert (await get("latency"))["ways"] == []


async def test_latency_is_told_by_hop(get: Get) -> None:
    ways = {way["kind"]: way for way in (await get("latency"))["ways"]}
    assert ways["hls"]["hops"] == [
        {"name": "encoder", "ms": 0, "is_measured": True},
        {"name": "upload", "ms": 0, "is_measured": True},
        {"name": "packager", "ms": 200, "is_measured": True},
        {"name": "gateway", "ms": 0, "is_measured": True},
        {"name": "player", "ms": 600, "is_measured": False},
    ]
    assert ways["hls"]["total_ms"] == 800


async def test_latency_of_what_has_no_segment_yet_is_empty(get: Get, services: Services) -> None:
    services.standing = None
    assert (await get("latency"))["ways"] == []


async def test_stream_that_is_off_air_has_no_vitals(client: httpx2.AsyncClient) -> None:
    await client.post("/api/v1/streams", json={"id": "still"})
    found = (await client.get("/api/v1/streams/still/doctor")).json()
    assert found == {"state": "off_air", "findings": [], "vitals": None}
    assert (await client.get("/api/v1/streams/still/latency")).json()["ways"] == []


@pytest.mark.parametrize("what", ["doctor", "latency"])
async def test_unknown_stream_is_404(client: httpx2.AsyncClient, what: str) -> None:
    response = await client.get(f"/api/v1/streams/nobody/{what}")
    assert (response.status_code, response.json()["code"]) == (404, "stream_unknown")


async def test_ingest_that_fails_is_a_503_that_may_be_tried_again(
    get: Get, client: httpx2.AsyncClient, services: Services
) -> None:
    services.status = 500
    response = await client.get("/api/v1/streams/cam/doctor")
    assert (response.status_code, response.json()["code"]) == (503, "origin_unreachable")


async def test_stranger_is_told_nothing(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.get("/api/v1/streams/cam/doctor")).status_code == 401
