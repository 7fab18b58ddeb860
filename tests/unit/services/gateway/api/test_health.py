"""The health of the house and of this process."""

import httpx2

from libs.errors import Unavailable
from services.gateway.api.house import House, ServiceState


async def test_healthy_house_is_ok_for_everybody(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/api/v1/health")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "reasons": [],
        "services": [],
        "live_streams": None,
    }


async def test_missing_service_degrades_the_house(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, house: House
) -> None:
    house.neighbours.states[1:3] = [ServiceState("packager", "p-1", "spool is full")]  # type: ignore[attr-defined]
    response = await client.get("/api/v1/health")
    assert response.status_code == 503
    assert response.json()["reasons"] == [
        "catalog: no process has announced itself",
        "packager: spool is full",
    ]
    assert len(response.json()["services"]) == 3
    hidden = await stranger.get("/api/v1/health")
    assert hidden.status_code == 503
    assert hidden.json()["reasons"] == []


async def test_bus_and_silent_catalog_are_reasons(client: httpx2.AsyncClient, house: House) -> None:
    class Silent:
        async def ask(self, ask: object, *, timeout_s: float = 5) -> object:
            raise Unavailable("nobody answers")

    house.catalog = Silent()  # type: ignore[assignment]
    house.neighbours.is_bus_connected = False  # type: ignore[misc]
    reasons = (await client.get("/api/v1/health")).json()["reasons"]
    assert reasons == ["the bus is not connected", "catalog: nobody answers"]


async def test_silent_catalog_is_503_with_retry(client: httpx2.AsyncClient, house: House) -> None:
    class Silent:
        async def ask(self, ask: object, *, timeout_s: float = 5) -> object:
            raise Unavailable("nobody answers")

    house.catalog = Silent()  # type: ignore[assignment]
    response = await client.get("/videostream")
    assert response.status_code == 503
    assert response.headers["retry-after"]
    assert response.json()["retry"] is True


async def test_probes(stranger: httpx2.AsyncClient, house: House) -> None:
    assert (await stranger.get("/healthcheck")).text == "OK"
    assert (await stranger.get("/readyz")).status_code == 503
    house.directory.listed([], asked_at=0)
    assert (await stranger.get("/readyz")).status_code == 200
