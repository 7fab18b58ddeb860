"""The shipped edge: the machine's nginx with the files of deploy/edge, on free ports."""

import os
import re
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.certificates import Pair, make_certificate
from tests.ports import free_port
from tests.required import lacking
from tests.waiting import wait_until

SHIPPED = Path(__file__).parents[1] / "deploy" / "edge"
START_S = 10.0
FLUSH_S = 5.0
_LOGGED = re.compile(
    r'"(?P<method>\S+) (?P<path>\S*)" (?P<status>\d+) \d+ cache=(?P<cache>\S+) '
    r'upstream="(?P<upstream>[^"]*)"'
)


@dataclass
class Logged:
    """One line of the edge's access log."""

    path: str
    status: int
    cache: str
    upstream: str
    """Status of what it asked of a gateway, "-" if it asked for nothing."""


@dataclass
class RunningEdge:
    """nginx in front of the gateway at `upstream`; only addresses and paths differ from what is
    shipped.
    """

    folder: Path
    upstream: str
    https_port: int = field(default_factory=free_port)
    http_port: int = field(default_factory=free_port)
    certificate: Pair = field(init=False)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.https_port}"

    @property
    def log(self) -> Path:
        return self.folder / "access.log"

    def start(self) -> None:
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if nginx is None:
            lacking("nginx", "Debian: `apt-get install nginx`.")
        self.folder.mkdir(parents=True)
        self.certificate = make_certificate(self.folder / "tls")
        for file in SHIPPED.glob("*.conf"):
            (self.folder / file.name).write_text(self._placed(file.read_text()))
        config = self.folder / "nginx.conf"
        argv: list[str | Path] = [nginx, "-p", self.folder, "-c", config, "-g", "daemon off;"]
        checked = subprocess.run([*argv[:-2], "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
        wait_until(self._answers, within_s=START_S, what=(self.folder / "error.log").read_text)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(START_S)

    def reload_with(self, old: str, new: str) -> None:
        """Change what is configured, as an operator does."""
        for file in self.folder.glob("*.conf"):
            file.write_text(file.read_text().replace(old, new))
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def logged(self, path: str, *, count: int = 0) -> list[Logged]:
        """What it says of requests whose shared path ends so, once there are `count` of them."""

        def found() -> list[Logged]:
            return [each for each in self._all_logged() if each.path.endswith(path)]

        def said() -> str:
            return f"{len(found())} of {count} requests logged"

        wait_until(lambda: len(found()) >= count, within_s=FLUSH_S, what=said)
        return found()

    def cached_files(self) -> list[Path]:
        return [path for path in (self.folder / "cache").rglob("*") if path.is_file()]

    def _all_logged(self) -> list[Logged]:
        return [
            Logged(line["path"], int(line["status"]), line["cache"], line["upstream"])
            for line in _LOGGED.finditer(self.log.read_text())
        ]

    def _placed(self, text: str) -> str:
        # As root nginx would serve as a user who cannot enter the test's folder.
        user = "user root;\n" if os.geteuid() == 0 else ""
        text = text.replace("worker_processes auto;", f"{user}worker_processes 2;")
        for shipped, here in {
            "127.0.0.1:8080": self.upstream,
            "listen [::]": "# listen [::]",
            "listen 443": f"listen 127.0.0.1:{self.https_port}",
            "listen 80": f"listen 127.0.0.1:{self.http_port}",
            "/etc/nginx/tls": str(self.folder / "tls"),
            "/var/cache/nginx/weir": str(self.folder / "cache"),
            "/var/log/nginx": str(self.folder),
            "/run/nginx.pid": str(self.folder / "nginx.pid"),
        }.items():
            text = text.replace(shipped, here)
        return text.replace("buffer=64k flush=2s", "")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "error.log").read_text()
        try:
            socket.create_connection(("127.0.0.1", self.https_port), timeout=1).close()
        except OSError:
            return False
        return True
