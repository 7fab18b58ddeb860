"""A Weir in which every page of the console has something to show."""

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import nats

from libs.ffmpeg import find_ffmpeg
from tests import relays
from tests.asset_house import made_of
from tests.audience import talk, watching
from tests.hook_receiver import HookReceiver
from tests.ports import free_port
from tests.recorded import unix_ms
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.waiting import wait_until

ENVIRONMENT = {"WEIR_EGRESS_ALLOW": "127.0.0.0/8", "WEIR_WEBHOOK_RETRIES_S": "0.2,0.2"}
"""Webhooks and relays may be on this machine; what is not taken is a dead letter at once."""
PASSWORD = "long enough for anybody"
RECORDED_S = 4
RECONNECT_S = 4
ENDED_S = 60.0
LIVE_S = 90.0
PERMISSIONS = ["streams:read", "streams:write", "viewers:read", "viewers:write", "assets:read"]


@dataclass(frozen=True)
class Words:
    """What things are called, in somebody's language."""

    live: str
    members: str
    title: str
    description: str
    film: str
    hook: str
    printer: str
    key: str
    wall: str
    tenant: str
    relay: str
    gate: str
    clip: str
    viewer: str
    said: list[tuple[str, str]]
    """By whom, and what; the last of them is banned."""


def furnish(weir: RunningWeir, words: Words, receiver: HookReceiver, size: str) -> dict[str, Any]:
    """The stream that can be put on air; `size`: of pictures."""
    _hook(weir, words.printer, f"http://127.0.0.1:{free_port()}/print")
    receiver.secret = _hook(weir, words.hook, receiver.url)["secret"]
    stream = weir.create_stream(
        name=words.live, description=words.description, ladder={"rungs": ["ld"]}, reconnectWindow=1
    )
    told = {"title": words.title, "description": words.description}
    weir.call("PATCH", f"/api/v1/streams/{stream['id']}", told)
    weir.create_stream(name=words.members, viewPolicy="signed")
    relays.add(weir, stream, words.relay, f"rtmp://127.0.0.1:{free_port()}/live/night")
    for name, role in (("anna@example.org", "operator"), ("ben", "viewer"), ("cem", "owner")):
        user = {"name": name, "role": role, "password": PASSWORD}
        made = weir.call("POST", "/api/v1/users", user)
    weir.call("PATCH", f"/api/v1/users/{made['id']}", {"is_disabled": True})
    _key(weir, words.wall, permissions=["streams:read"], stream_prefix="cam-")
    _key(weir, words.key, permissions=PERMISSIONS, expires_at="2099-12-31T00:00:00Z")
    _tenant(weir, words.tenant)
    for kind, url in (("push", "rtmp://push.example.org"), ("pull", "https://live.example.org")):
        weir.call("POST", "/api/v1/domains", {"kind": kind, "url": url})
    made_of(weir, film(size), words.film)
    _recorded(weir, words, size)
    return stream


def _tenant(weir: RunningWeir, title: str) -> None:
    """One that may have no user but its owner."""
    owner = {"owner": "olga", "password": PASSWORD}
    told = {"id": "arena", "title": title, "quotas": {"users": 1, "streams": 20}}
    weir.call("POST", "/api/v1/tenants", told | owner)


def _recorded(weir: RunningWeir, words: Words, size: str) -> None:
    """A session with a gap, a clip and something that keeps it."""
    gate = weir.create_stream(name=words.gate, reconnectWindow=RECONNECT_S)
    for _ in range(2):
        publish(gate["push"]["url"], size, seconds=RECORDED_S).wait()

    def session() -> dict[str, Any]:
        found: dict[str, Any] = weir.sessions(gate["id"])[0]
        return found

    wait_until(lambda: session()["ended_at"], within_s=ENDED_S, what="the session's end")
    span = {"from_at": session()["started_at"], "until_at": session()["ended_at"]}
    began_ms, ended_ms = (unix_ms(session()[end]) for end in ("started_at", "ended_at"))
    note = {
        "clientID": words.wall, "deviceID": "camera-7", "streamName": gate["id"],
        "begTime": str(began_ms), "endTime": str(ended_ms), "duration": str(RECORDED_S),
    }  # fmt: skip
    weir.call("PUT", "/ipc-video-metadata", note)
    path = f"/api/v1/streams/{gate['id']}"
    weir.call("POST", f"{path}/holds", span)
    clip = weir.call("POST", f"{path}/clips", {"name": words.clip, **span})
    weir.call("POST", f"{path}/clips/{clip['id']}/export")


def film(size: str) -> bytes:
    """A few seconds as MP4."""
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-t", "6"]
    argv += ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25", "-c:v", "libx264", "-g", "50"]
    argv += ["-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1"]
    return subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout


@asynccontextmanager
async def on_air(
    weir: RunningWeir, stream: dict[str, Any], words: Words, size: str
) -> AsyncIterator[None]:
    """People watch it and talk; a message that no service can digest is among the dead letters."""
    publisher = publish(stream["push"]["url"], size)
    try:
        await until_live(weir, stream["id"], LIVE_S)
        viewer = watching(weir, stream, words.viewer)
        try:
            await talk(weir, stream, words.said)
            client = await nats.connect(
                weir.bus_url, user="weir", password=weir.credentials["nats_token"]
            )
            await client.publish("segment.ready", b"{not json", headers={"Nats-Msg-Id": "poison"})
            await client.close()
            yield
        finally:
            _end(viewer)
    finally:
        _end(publisher)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _hook(weir: RunningWeir, about: str, url: str) -> dict[str, Any]:
    body = {"url": url, "description": about}
    made: dict[str, Any] = weir.call("POST", "/api/v1/webhooks", body)
    return made


def _key(weir: RunningWeir, name: str, **said: Any) -> None:
    weir.call("POST", "/api/v1/api-keys", {"name": name, **said})


def publish(url: str, size: str, seconds: int | None = None) -> subprocess.Popen[bytes]:
    """A live test pattern that the doctor finds something to say of: a keyframe in ten seconds."""
    length = [] if seconds is None else ["-t", str(seconds)]
    picture = f"testsrc2=size={size}:rate=25"
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", picture]
    argv += ["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000"]
    argv += ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "250"]
    argv += ["-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", *length, "-f", "flv", url]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL)
