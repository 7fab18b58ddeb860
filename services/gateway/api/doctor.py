"""`/api/v1/streams/{id}/doctor` and `/latency`: what is wrong with a live stream, and why it is
late.
"""

from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from libs.events import GetStream
from libs.permissions import Permission
from libs.vitals import Vitals
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.api.streams import check_known_id
from services.gateway.doctor.diagnosis import WARM_UP_S, diagnose
from services.gateway.doctor.finding import Finding
from services.gateway.doctor.lateness import Way
from services.gateway.playback.directory import Live

router = APIRouter(
    prefix="/streams/{stream_id}",
    tags=["doctor"],
    dependencies=[needs(Permission.STREAMS_READ)],
)

State = Literal["off_air", "waiting", "measuring", "healthy", "ill"]


class Examination(BaseModel):
    """How a publish goes, as far as it can be measured."""

    state: State
    """`waiting`: nobody publishes within the reconnect window; `measuring`: the publish is younger
    than ten seconds; `ill`: there are findings."""
    findings: list[Finding]
    """The worst first."""
    vitals: Vitals | None
    """What they are drawn from; null while nothing is measured."""


class Lateness(BaseModel):
    """From the publisher to players, hop by hop."""

    measured_at: datetime
    ways: list[Way]
    """The one with the least latency first; empty while there is nothing to play."""


@router.get("/doctor")
async def examine(stream_id: str, house: TheHouse, tenant: TheTenant) -> Examination:
    """What is wrong with what the publisher sends now, with what was measured and the setting of
    OBS or ffmpeg that mends it. Most figures look back a minute; nothing is kept.
    """
    live = await _live_of(stream_id, house, tenant)
    if live is None or not live.is_publishing:
        state: State = "off_air" if live is None else "waiting"
        return Examination(state=state, findings=[], vitals=None)
    vitals = await house.doctor.vitals(live)
    if vitals is None or vitals.age_s < WARM_UP_S:
        return Examination(state="measuring", findings=[], vitals=vitals)
    findings = diagnose(vitals)
    return Examination(state="ill" if findings else "healthy", findings=findings, vitals=vitals)


@router.get("/latency")
async def latency(stream_id: str, house: TheHouse, tenant: TheTenant) -> Lateness:
    """How late each kind of player is now, and where the time goes. Hops up to here are measured;
    what a player keeps is what it is told to.
    """
    live = await _live_of(stream_id, house, tenant)
    ways = await house.doctor.ways(live) if live is not None and live.is_publishing else []
    return Lateness(measured_at=datetime.now(UTC), ways=ways)


async def _live_of(stream_id: str, house: House, tenant: str) -> Live | None:
    check_known_id(stream_id)
    await house.catalog.ask(GetStream(tenant=tenant, id=stream_id))
    return house.directory.live(stream_id)
