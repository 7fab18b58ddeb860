"""A Weir in which every page of the console has something to show."""

import subprocess
from dataclasses import dataclass
from typing import Any

from libs.ffmpeg import find_ffmpeg
from tests import relays
from tests.asset_house import made_of
from tests.hook_receiver import HookReceiver
from tests.ports import free_port
from tests.running import RunningWeir

ENVIRONMENT = {"WEIR_EGRESS_ALLOW": "127.0.0.0/8", "WEIR_WEBHOOK_RETRIES_S": "0.2,0.2"}
"""Webhooks and relays may be on this machine; what is not taken is a dead letter at once."""
PASSWORD = "long enough for anybody"
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
    relay: str


def furnish(weir: RunningWeir, words: Words, receiver: HookReceiver, film: bytes) -> dict[str, Any]:
    """The stream that can be put on air; `film`: an MP4."""
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
    made_of(weir, film, words.film)
    return stream


def film(size: str) -> bytes:
    """A few seconds as MP4."""
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-t", "6"]
    argv += ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25", "-c:v", "libx264", "-g", "50"]
    argv += ["-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "pipe:1"]
    return subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout


def _hook(weir: RunningWeir, about: str, url: str) -> dict[str, Any]:
    body = {"url": url, "description": about}
    made: dict[str, Any] = weir.call("POST", "/api/v1/webhooks", body)
    return made


def _key(weir: RunningWeir, name: str, **said: Any) -> None:
    weir.call("POST", "/api/v1/api-keys", {"name": name, **said})


def publish(url: str, size: str) -> subprocess.Popen[bytes]:
    """A live test pattern that the doctor finds something to say of: a keyframe in ten seconds."""
    picture = f"testsrc2=size={size}:rate=25"
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", picture]
    argv += ["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000"]
    argv += ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "250"]
    argv += ["-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv", url]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL)
