"""`/api/v1/devices`: what the catalog knows, and whether their streams are on air."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from libs.events import Device, Devices, ListDevices
from services.gateway.api.house import House
from tests.unit.services.gateway.api.test_streams import published

SEEN_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def device(stream: str, *, has_stream: bool = True) -> Device:
    return Device(
        id="camera-7",
        api="ip_camera",
        client="lobby",
        stream=stream,
        has_stream=has_stream,
        seen_at=SEEN_AT,
        notes=3,
        motion_clips=1,
    )


async def test_device_is_live_while_its_stream_is(
    client: httpx2.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = house.catalog.ask
    known = Devices(
        devices=(device("door"), device("gate"), device("door", has_stream=False)), is_cut=True
    )

    async def ask(question: Any, *, timeout_s: float = 5) -> Any:
        return known if isinstance(question, ListDevices) else await plain(question)

    monkeypatch.setattr(house.catalog, "ask", ask)
    house.directory.published(published("door"))
    answer = (await client.get("/api/v1/devices")).json()
    assert answer["is_cut"]
    assert [each["is_live"] for each in answer["devices"]] == [True, False, False]
    assert answer["devices"][0] == {
        "id": "camera-7",
        "api": "ip_camera",
        "client": "lobby",
        "stream": "door",
        "has_stream": True,
        "is_live": True,
        "seen_at": "2026-01-02T03:04:05Z",
        "notes": 3,
        "motion_clips": 1,
    }
