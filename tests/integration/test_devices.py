"""Devices that push: a phone by PutMedia, then a camera that notes what it pushes."""

import asyncio
import subprocess
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.media import encode, push
from tests.putting import PutMedia, as_matroska
from tests.running import RunningWeir
from tests.waiting import until

pytestmark = pytest.mark.integration


def listed(weir: RunningWeir) -> list[dict[str, Any]]:
    found = weir.call("GET", "/api/v1/devices")
    assert not found["is_cut"]
    devices: list[dict[str, Any]] = found["devices"]
    return devices


def facts(device: dict[str, Any]) -> tuple[object, ...]:
    names = ("id", "api", "client", "stream", "has_stream", "is_live", "notes")
    return tuple(device[name] for name in names)


async def test_second_device_is_listed_beside_the_first(
    weir: RunningWeir, put_media: PutMedia, tmp_path: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:  # fmt: skip
    control = boto3.client("kinesisvideo", endpoint_url=weir.http_url, region_name="us-east-1")
    control.create_stream(StreamName="garden", DeviceName="phone-1", DataRetentionInHours=24)
    weir.call("PATCH", "/api/v1/streams/garden", {"item": {"reconnectWindow": 1}})
    assert facts(listed(weir)[0]) == ("phone-1", "kinesis", "", "garden", True, False, 0)
    assert listed(weir)[0]["seen_at"] is None

    source = encode(tmp_path / "in.flv", seconds=4, gop=25)
    media = as_matroska(source)
    acks = put_media("garden", media, weir.http_url, began_at=time.time())
    said = await asyncio.to_thread(list, acks)
    assert [each for each in said if each["EventType"] == "PERSISTED"], said
    (phone,) = listed(weir)
    assert phone["seen_at"] is not None

    door = weir.create_stream(name="door")
    publishers.append(push(source, door["push"]["url"]))
    path = f"/api/v1/streams/{door['id']}"
    await until(lambda: bool(weir.call("GET", path)["is_live"]), what="the camera is on air")
    end_ms = round(time.time() * 1000)
    for number in range(2):
        note = {
            "clientID": "lobby", "deviceID": "camera-7", "streamName": door["id"],
            "begTime": str(end_ms - 20_000 + number), "endTime": str(end_ms + number),
            "duration": "20",
        }  # fmt: skip
        assert weir.call("PUT", "/ipc-video-metadata", note) is None
    camera, second = listed(weir)
    assert facts(camera) == ("camera-7", "ip_camera", "lobby", door["id"], True, True, 2)
    assert second == phone
    await until(lambda: not listed(weir)[0]["is_live"], what="the camera is off air")
