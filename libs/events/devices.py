"""Devices: cameras and phones that push by an API of their own."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.events.asks import Answer, Ask

DeviceAPI = Literal["ip_camera", "kinesis"]
"""`ip_camera`: it notes what it has pushed; `kinesis`: its stream was made for PutMedia."""
MAX_DEVICES = 500


class Device(Answer):
    id: str
    """As the device calls itself; of PutMedia, which names none, the stream's device name."""
    api: DeviceAPI
    client: str
    """Whose it is, as an IP camera says itself; else empty."""
    stream: str
    """What it pushes to."""
    has_stream: bool
    """Whether there is such a stream; a device may name any."""
    seen_at: datetime | None
    """When it last noted something, or pushed. None: never."""
    notes: int
    """What it has noted."""
    motion_clips: int
    """Events of motion of its stream that a file was made of, and that are kept."""


class Devices(Answer):
    devices: tuple[Device, ...]
    is_cut: bool
    """There are more than are told."""


class ListDevices(Ask[Devices]):
    """Those that were seen last come first."""

    name: ClassVar[str] = "catalog.device.list"
    answer: ClassVar[type[Answer]] = Devices

    tenant: str
    limit: int = Field(default=MAX_DEVICES, ge=1, le=MAX_DEVICES)
