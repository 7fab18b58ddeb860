"""`/api/v1/devices`: cameras and phones that push by the IP-camera API, or by PutMedia."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from libs.events import DeviceAPI, ListDevices
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse

router = APIRouter(prefix="/devices", tags=["devices"])


class DeviceView(BaseModel):
    id: str
    """As the device calls itself; of PutMedia, which names none, its stream's device name."""
    api: DeviceAPI
    """`ip_camera`: it notes at `/ipc-video-metadata` what it has pushed; `kinesis`: its stream was
    made by CreateStream of Kinesis Video Streams, and no camera notes it."""
    client: str
    """Whose it is, as an IP camera says itself; else empty."""
    stream: str
    has_stream: bool
    """Whether there is such a stream; a camera may name any."""
    is_live: bool
    """Whether its stream is published now."""
    seen_at: datetime | None
    """When it last noted something, or its latest push began or ended; null: never."""
    notes: int
    """How many it has made; 0 of PutMedia."""
    motion_clips: int
    """Events of motion of its stream that a file was made of, and that are kept."""


class DeviceViews(BaseModel):
    devices: list[DeviceView]
    """Those that were seen last come first."""
    is_cut: bool
    """There are more."""


@router.get("", dependencies=[needs(Permission.RECORDINGS_READ)])
async def list_devices(house: TheHouse, tenant: TheTenant) -> DeviceViews:
    """Cameras and phones by what they noted, and what their streams are: the last 500 seen."""
    found = await house.catalog.ask(ListDevices(tenant=tenant))
    views = []
    for device in found.devices:
        live = house.directory.live(device.stream) if device.has_stream else None
        is_live = live is not None and live.tenant == tenant and live.is_publishing
        views.append(DeviceView(**device.model_dump(), is_live=is_live))
    return DeviceViews(devices=views, is_cut=found.is_cut)
