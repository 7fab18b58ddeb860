"""The internal side of a running Weir's sessions: what ingest has of a source and its rungs."""

import asyncio
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from libs.bus import Bus
from libs.events import ListSessions
from libs.media.flv import FLVReader, PacketKind, Tag, TagType, parse_audio, parse_video
from tests.running import RunningWeir


class Frame(NamedTuple):
    pts_ms: int
    is_keyframe: bool


@dataclass
class Inside:
    """One session as ingest has it."""

    weir: RunningWeir
    session: str
    origin_url: str
    token: str

    @classmethod
    async def of(cls, weir: RunningWeir, stream: str) -> "Inside":
        """The open session of a stream, once it is on air."""
        environment = Path(f"/proc/{weir.pid('ingest')}/environ").read_bytes().split(b"\0")
        settings = dict(pair.decode().split("=", 1) for pair in environment if pair)
        bus = Bus(settings["WEIR_NATS_URL"], source="test", token=settings["WEIR_NATS_TOKEN"])
        await bus.start()
        try:
            async with asyncio.timeout(20):
                while True:
                    ask = ListSessions(stream=stream, is_open=True)
                    for found in (await bus.ask(ask)).sessions:
                        if found.is_publishing:
                            token = settings["WEIR_INTERNAL_TOKEN"]
                            return cls(weir, found.id, found.origin_url, token)
                    await asyncio.sleep(0.05)
        finally:
            await bus.stop()

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    def rungs(self) -> dict[str, dict[str, Any]]:
        """What ingest says of each rung."""
        url = f"{self.origin_url}/sessions/{self.session}"
        answer = httpx2.get(url, headers=self.headers).raise_for_status().json()
        return {rung["rung"]: rung for rung in answer["rungs"]}

    async def pull(self, rung: str = "", *, seconds: float = 120) -> list[Tag]:
        """Every tag of the source or a rung, from the first to the end of the session."""
        reader, tags = FLVReader(), list[Tag]()
        path = f"{self.session}/{rung}" if rung else self.session
        async with (
            asyncio.timeout(seconds),
            httpx2.AsyncClient(headers=self.headers, timeout=30, trust_env=False) as client,
            client.stream("GET", f"{self.origin_url}/flv/{path}?after=-1") as response,
        ):
            response.raise_for_status()
            async for chunk in response.aiter_raw():
                tags += reader.feed(chunk)
        return tags


def frames(tags: list[Tag]) -> list[Frame]:
    """The pictures, in the order in which they are shown."""
    found = []
    for tag in tags:
        if tag.type is TagType.VIDEO:
            header = parse_video(tag.body)
            if header.kind is PacketKind.FRAMES:
                found.append(Frame(tag.dts_ms + header.composition_ms, header.is_keyframe))
    return sorted(found)


def sounds(tags: list[Tag]) -> list[tuple[int, bytes]]:
    return [
        (tag.dts_ms, tag.body)
        for tag in tags
        if tag.type is TagType.AUDIO and parse_audio(tag.body).kind is PacketKind.FRAMES
    ]


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    listed = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, check=False).stdout
    return [int(line) for line in listed.split()]


def report(weir: RunningWeir, inside: Inside) -> dict[str, Any]:
    """What the transcoding of a session says of itself."""
    jobs = weir.call("GET", "/api/v1/jobs")["jobs"]
    for job in jobs:
        if job["id"] == f"transcode-{inside.session}":
            return job["report"] or {}
    return {}


def made(weir: RunningWeir, inside: Inside) -> list[str]:
    """The rungs that are live."""
    said = report(weir, inside)
    if said.get("state") != "live":
        return []
    return [rung["name"] for rung in said["rungs"] if rung["left_out"] is None]
