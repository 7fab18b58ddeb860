"""`/api/v1/health`: the whole house; `/healthcheck`: this process; `/readyz`: it can serve.

`/time` is the clock that DASH manifests name (UTCTiming, http-xsdate).
"""

import asyncio
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from libs.errors import WeirError
from libs.events import ListStreams
from libs.names import DEFAULT_TENANT
from services.gateway.api.auth import ANYBODY, is_known
from services.gateway.api.house import House, TheHouse

NEEDED = ("ingest", "catalog", "packager", "gateway")
"""Services without which the house cannot take a publish and show it."""
ASK_TIMEOUT_S = 2.0

router = APIRouter(tags=["health"], dependencies=[ANYBODY])
probes = APIRouter(include_in_schema=False, dependencies=[ANYBODY])

Status = Literal["ok", "degraded"]


class ServiceHealth(BaseModel):
    kind: str
    instance: str
    is_ready: bool
    reason: str | None


class HouseHealth(BaseModel):
    status: Status
    reasons: list[str] = []
    """Why the house is degraded; only for callers that are signed in."""
    services: list[ServiceHealth] = []
    live_streams: int | None = None


@router.get("/health", responses={503: {"model": HouseHealth}})
async def house_health(request: Request, response: Response, house: TheHouse) -> HouseHealth:
    """Whether the house can take a publish and show it; 503 while it cannot.

    Anybody may ask that much. Services and reasons are for callers with a key or a session.
    """
    services, catalog = await asyncio.gather(house.neighbours.services(), _catalog_reason(house))
    reasons = [] if house.neighbours.is_bus_connected else ["the bus is not connected"]
    reasons += [catalog] if catalog else []
    for kind in NEEDED:
        of_kind = [service for service in services if service.kind == kind]
        if not any(service.reason is None for service in of_kind):
            why = of_kind[0].reason if of_kind else "no process has announced itself"
            reasons.append(f"{kind}: {why}")
    status: Status = "degraded" if reasons else "ok"
    if reasons:
        response.status_code = 503
    if not await is_known(request, house):
        return HouseHealth(status=status)
    return HouseHealth(
        status=status,
        reasons=reasons,
        services=[
            ServiceHealth(
                kind=service.kind,
                instance=service.instance,
                is_ready=service.reason is None,
                reason=service.reason,
            )
            for service in services
        ],
        live_streams=len(house.directory.lives()),
    )


async def _catalog_reason(house: House) -> str | None:
    try:
        ask = ListStreams(tenant=DEFAULT_TENANT, limit=1)
        await house.catalog.ask(ask, timeout_s=ASK_TIMEOUT_S)
    except WeirError as error:
        return f"catalog: {error}"
    return None


@probes.api_route("/healthcheck", methods=["GET", "HEAD"])
async def healthcheck() -> Response:
    return PlainTextResponse("OK")


@probes.api_route("/time", methods=["GET", "HEAD"])
async def now() -> Response:
    """The wall clock to the millisecond, in ISO 8601."""
    text = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    headers = {"cache-control": "no-store", "access-control-allow-origin": "*"}
    return PlainTextResponse(text, headers=headers)


@probes.api_route("/readyz", methods=["GET", "HEAD"])
async def readyz(house: TheHouse) -> Response:
    if not house.directory.is_complete:
        return PlainTextResponse("the list of live sessions is not read yet", status_code=503)
    return PlainTextResponse("ready")
