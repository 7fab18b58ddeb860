"""A server that is not ours: nginx with its RTMP module, which records what is pushed to it."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from libs.media.flv import FLV_HEADER, FLVReader, Tag
from tests.ports import free_port
from tests.required import lacking

MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
CONFIG = """
load_module {module};
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/log;
events {{ worker_connections 64; }}
rtmp {{ server {{
  listen 127.0.0.1:{port};
  application live {{ live on; record all; record_path {folder}; record_unique {unique}; }}
}} }}
"""


class NginxRTMP:
    """App `live` records each push to `folder`: as `<name>.flv`, or with a time (`is_unique`)."""

    def __init__(self, folder: Path, *, is_unique: bool = False) -> None:
        found = shutil.which("nginx") or "/usr/sbin/nginx"
        if not MODULE.exists() or not Path(found).exists():
            lacking("nginx-rtmp", "Debian: `apt-get install nginx libnginx-mod-rtmp`.")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self._program = found
        self._process: subprocess.Popen[bytes] | None = None
        config = CONFIG.format(
            module=MODULE, folder=folder, port=self.port, unique="on" if is_unique else "off"
        )
        (folder / "nginx.conf").write_text(config)

    def url(self, name: str) -> str:
        return f"rtmp://127.0.0.1:{self.port}/live/{name}"

    def start(self) -> None:
        argv: list[str | Path] = [
            self._program,
            "-c",
            self.folder / "nginx.conf",
            "-e",
            self.folder / "log",
        ]
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)

    def stop(self) -> None:
        if self._process is not None:
            self.signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(10)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(10)

    def signal(self, number: int) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, number)

    def recorded_bytes(self, name: str) -> int:
        """Of all pushes of `name` so far."""
        sizes = [file.stat().st_size for file in self.folder.glob(f"{name}*.flv")]
        return sum(max(0, size - len(FLV_HEADER)) for size in sizes)

    def records(self, name: str) -> list[list[Tag]]:
        """The tags of each push of `name` so far, in the order in which they began."""
        files = sorted(self.folder.glob(f"{name}*.flv"), key=lambda file: file.stat().st_mtime)
        return [
            FLVReader().feed(data)
            for file in files
            if len(data := file.read_bytes()) > len(FLV_HEADER)
        ]


@contextlib.contextmanager
def nginx_rtmp(folder: Path, *, is_unique: bool = False) -> Iterator[NginxRTMP]:
    server = NginxRTMP(folder, is_unique=is_unique)
    server.start()
    try:
        yield server
    finally:
        server.stop()
