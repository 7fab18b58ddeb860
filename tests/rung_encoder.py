"""A transcoder of one rung as small as can be: an ffmpeg that pulls a session from ingest and puts
the rung back.
"""

import json
import subprocess
from pathlib import Path

from libs.ffmpeg import find_ffmpeg
from tests.running import RunningWeir

ENCODER = (
    *("-copyts", "-fps_mode", "passthrough", "-enc_time_base", "1:1000"),
    *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0"),
    *("-sc_threshold", "0", "-force_key_frames", "source", "-c:a", "copy", "-f", "flv"),
    *("-flvflags", "no_duration_filesize"),
)
"""What keeps the source's clock and keyframes."""


def encode_rung(
    ingest_url: str,
    token: str,
    session: str,
    name: str,
    *,
    size: str,
    bitrate: str = "200k",
    after: int | None = -1,
    **params: int,
) -> subprocess.Popen[bytes]:
    """From tag `after` on, or from the last keyframe; `params` are those of the `PUT`."""
    authorise = f"Authorization: Bearer {token}\r\n"
    asked = "&".join(f"{key}={value}" for key, value in ({"epoch": 1} | params).items())
    pulled = f"{ingest_url}/flv/{session}" + ("" if after is None else f"?after={after}")
    return subprocess.Popen(
        [
            find_ffmpeg(), "-nostdin", "-loglevel", "error", "-headers", authorise, "-i", pulled,
            "-vf", f"scale={size}", *ENCODER, "-b:v", bitrate, "-maxrate", bitrate,
            "-bufsize", bitrate, "-flush_packets", "1", "-method", "PUT", "-headers", authorise,
            f"{ingest_url}/flv/{session}/{name}?{asked}",
        ],
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def ingest_of(weir: RunningWeir) -> tuple[str, str]:
    """Where a running Weir's ingest listens inside, and the token that it takes."""
    environment = Path(f"/proc/{weir.pid('ingest')}/environ").read_bytes().split(b"\0")
    said = dict(pair.decode().split("=", 1) for pair in environment if pair)
    for line in (weir.data_dir / "logs" / "ingest.log").read_text().splitlines():
        if "service.started" in line:
            return json.loads(line)["url"], said["WEIR_INTERNAL_TOKEN"]
    raise AssertionError("ingest has not started")
