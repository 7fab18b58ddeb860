"""`/api/v1/system`: the figures of what the house stands on."""

import asyncio
import shutil
from pathlib import Path

from fastapi import APIRouter
from pydantic import BaseModel

from libs.bus import LogState
from libs.errors import WeirError
from libs.events import DatabaseState, GetDatabaseState
from libs.events.tiers import Tier
from libs.permissions import Permission
from services.gateway.api.auth import needs
from services.gateway.api.house import House, TheHouse
from services.gateway.stores import look_at

ASK_TIMEOUT_S = 2.0

router = APIRouter(tags=["health"], dependencies=[needs(Permission.SETTINGS_READ)])


class BusFigures(BaseModel):
    reason: str | None = None
    """Why there are none; None: there are."""
    logs: list[LogState] = []


class DatabaseFigures(BaseModel):
    reason: str | None = None
    """Why there are none; None: there are."""
    state: DatabaseState | None = None


class StoreFigures(BaseModel):
    tier: Tier
    reason: str | None
    """Why it does not answer; None: it does."""
    free_bytes: int | None
    """None: it cannot tell, or there is no end to it."""


class DiskFigures(BaseModel):
    free_bytes: int
    total_bytes: int


class SystemFigures(BaseModel):
    bus: BusFigures
    database: DatabaseFigures
    stores: list[StoreFigures]
    """The hot one, and the cold one if there is one."""
    disk: DiskFigures | None
    """Where the gateway that answers keeps its data; None: it keeps nothing."""
    traces_url: str | None
    """Where a trace is looked at, with `{trace}` in the place of its id."""


@router.get("/system")
async def system(house: TheHouse) -> SystemFigures:
    """How full the bus, the database, the stores and the disk are, and whether they answer."""
    bus, database, stores, disk = await asyncio.gather(
        _bus(house),
        _database(house),
        look_at(house.store),
        asyncio.to_thread(_disk, house.settings.data_dir),
    )
    return SystemFigures(
        bus=bus,
        database=database,
        stores=[
            StoreFigures(tier=each.tier, reason=each.reason, free_bytes=each.free_bytes)
            for each in stores
        ],
        disk=disk,
        traces_url=house.settings.traces_url or None,
    )


async def _bus(house: House) -> BusFigures:
    try:
        return BusFigures(logs=await house.neighbours.logs())
    except WeirError as error:
        return BusFigures(reason=str(error))


async def _database(house: House) -> DatabaseFigures:
    try:
        state = await house.catalog.ask(GetDatabaseState(), timeout_s=ASK_TIMEOUT_S)
    except WeirError as error:
        return DatabaseFigures(reason=str(error))
    return DatabaseFigures(state=state)


def _disk(folder: Path) -> DiskFigures | None:
    try:
        usage = shutil.disk_usage(folder)
    except FileNotFoundError:
        return None
    return DiskFigures(free_bytes=usage.free, total_bytes=usage.total)
