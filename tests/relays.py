"""Relay targets of a running Weir, by its API, and what servers got."""

from collections.abc import Callable
from typing import Any

from libs.media.flv import Tag, TagType, is_sequence_header
from tests.nginx_rtmp import NginxRTMP
from tests.running import RunningWeir


def add(weir: RunningWeir, stream: dict[str, Any], name: str, url: str) -> dict[str, Any]:
    path = f"/api/v1/streams/{stream['id']}/relay-targets"
    made: dict[str, Any] = weir.call("POST", path, {"name": name, "url": url})
    return made


def change(
    weir: RunningWeir, stream: dict[str, Any], target: dict[str, Any], **changes: Any
) -> None:
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}/relay-targets/{target['id']}", changes)


def look(weir: RunningWeir, stream: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    path = f"/api/v1/streams/{stream['id']}/relay-targets/{target['id']}"
    seen: dict[str, Any] = weir.call("GET", path)
    return seen


def is_in(
    weir: RunningWeir, stream: dict[str, Any], target: dict[str, Any], *states: str
) -> Callable[[], bool]:
    return lambda: look(weir, stream, target)["state"] in states


def bodies(tags: list[Tag]) -> list[bytes]:
    return [
        tag.body for tag in tags if tag.type is not TagType.SCRIPT and not is_sequence_header(tag)
    ]


def recorded_frames(server: NginxRTMP, name: str) -> int:
    return sum(len(bodies(record)) for record in server.records(name))
