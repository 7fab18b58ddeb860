"""A whole Weir as a user runs it: `weir up` in a data directory of its own, on free ports."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest

from libs.storage import ObjectStore, open_store
from tests.ports import free_port
from tests.waiting import wait_until

READY_S = 90.0
STOP_S = 30.0
"""More than either takes on a busy machine; tests that promise less look at what is returned."""
PAGE_FILES = 200
PAGE_SEGMENTS = 1000

House = Literal["embedded", "distributed", "contained"]
both_houses = pytest.mark.parametrize("house", ["embedded", "distributed"])
"""The test holds on SQLite and a directory, and on Postgres and S3 over HTTP."""
all_houses = pytest.mark.parametrize(
    "house",
    ["embedded", "distributed", pytest.param("contained", marks=pytest.mark.docker)],
)
"""And on the images of the compose file."""


@dataclass
class RunningWeir:
    """`start()` returns when Weir says that it is ready; `stop()` is Ctrl-C."""

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    http_port: int = field(default_factory=free_port)
    rtmp_port: int = field(default_factory=free_port)
    command: Literal["up", "demo"] = "up"
    process: subprocess.Popen[bytes] | None = None
    credentials: dict[str, str] = field(default_factory=dict)
    added: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    """Processes beside those that `weir up` keeps, by the name of their log."""

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def store_url(self) -> str:
        return self.environment.get("WEIR_STORE_URL", f"file://{self.data_dir / 'store'}")

    @property
    def rtmp_url(self) -> str:
        return f"rtmp://127.0.0.1:{self.rtmp_port}"

    @property
    def bus_url(self) -> str:
        """Of its bus; user `weir`, password `nats_token`."""
        config = (self.data_dir / "nats" / "nats.conf").read_text()
        return "nats://127.0.0.1:" + config.split("127.0.0.1:")[1].split('"')[0]

    def start(self) -> float:
        """Seconds that it took to be ready; nothing runs on if it does not get there."""
        began = time.monotonic()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {
            "WEIR_DATA_DIR": str(self.data_dir),
            "WEIR_HTTP_PORT": str(self.http_port),
            "WEIR_RTMP_PORT": str(self.rtmp_port),
        } | self.environment  # fmt: skip
        said = self.data_dir / "up.log"
        with said.open("wb") as output:
            self.process = subprocess.Popen(
                [Path(sys.executable).parent / "weir", self.command],
                env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        try:
            wait_until(
                lambda: self._says_ready(said),
                within_s=READY_S,
                what=lambda: said.read_text() + self.logs(),
            )
        except BaseException:
            self.stop()
            raise
        took = time.monotonic() - began
        self.credentials = json.loads((self.data_dir / "credentials.json").read_text())
        return took

    def stop(self) -> float:
        """Seconds that it took to end."""
        assert self.process is not None
        for process in self.added.values():
            process.terminate()
            process.wait(STOP_S)
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()  # its children end with it
            self.process.wait()
            raise
        return time.monotonic() - began

    def _says_ready(self, said: Path) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, said.read_text() + self.logs()
        return "Weir is ready" in said.read_text()

    def kill(self, service: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to one service (or `nats`) of this Weir."""
        os.kill(self.pid(service), number)

    def pid(self, service: str) -> int:
        found = self.find(service)
        assert found is not None, f"{service} does not run"
        return found

    def find(self, service: str) -> int | None:
        """The process that `weir up` keeps for a service; None while it starts another."""
        assert self.process is not None
        wanted = "nats-server" if service == "nats" else service
        children = _children(self.process.pid)
        # Services are the children of the forge, which is one of the launcher's.
        for child in itertools.chain(children, *map(_children, children)):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if Path(f"/proc/{child}/comm").read_text().strip() == wanted:
                    return child
        return None

    def add(self, service: str, **more: str) -> None:
        """Start one more process of a service, with the environment of the first and `more`."""
        found = Path(f"/proc/{self.pid(service)}/environ").read_bytes().split(b"\0")
        environment = dict(pair.decode().split("=", 1) for pair in found if pair) | more
        name = f"{service}-{len(self.added) + 2}"
        with (self.data_dir / "logs" / f"{name}.log").open("wb") as log:
            self.added[name] = subprocess.Popen(
                [sys.executable, "-m", f"services.{service}"],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def packager_of(self, stream_id: str) -> int:
        """The process that took the stream's session first."""
        processes = {"packager": self.pid("packager")}
        processes |= {name: process.pid for name, process in self.added.items()}
        for name, pid in processes.items():
            for line in (self.data_dir / "logs" / f"{name}.log").read_text().splitlines():
                if "packing.begun" in line and stream_id in line:
                    return pid
        raise AssertionError(f"nobody packages {stream_id}")

    def memory_bytes(self, service: str) -> int:
        """Resident memory of one service."""
        status = Path(f"/proc/{self.pid(service)}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text()[-3000:]}"
            for path in sorted((self.data_dir / "logs").glob("*.log"))
        )

    # --- the API --------------------------------------------------------------------

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"x-api-key": self.credentials["api_key"]}
        answer = httpx2.request(method, self.http_url + path, json=body, headers=headers)
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def is_healthy(self) -> bool:
        """Whether the whole house serves."""
        headers = {"x-api-key": self.credentials["api_key"]}
        try:
            return httpx2.get(f"{self.http_url}/api/v1/health", headers=headers).is_success
        except httpx2.HTTPError:
            return False

    def is_replaced(self, service: str, pid: int) -> bool:
        """Whether another process than this one does the service's work, in a house that serves."""
        return self.find(service) not in {None, pid} and self.is_healthy()

    def create_stream(self, **item: Any) -> dict[str, Any]:
        created: dict[str, Any] = self.call("POST", "/api/v1/streams", {"item": item})
        return created

    def sessions(self, stream_id: str) -> list[dict[str, Any]]:
        page = self.call("GET", "/api/v1/sessions")
        return [item for item in page["sessions"] if item["stream"] == stream_id]

    def segments(self, session_id: str) -> list[dict[str, Any]]:
        """Every row of the session's source rendition."""
        path = f"/api/v1/sessions/{session_id}/segments?limit={PAGE_SEGMENTS}"
        return self._every(path, "segments")

    def files(self, stream_id: str) -> list[dict[str, Any]]:
        """Every MP4 and JPEG of the stream, newest first."""
        return self._every(f"/api/v1/streams/{stream_id}/files?limit={PAGE_FILES}", "files")

    def _every(self, path: str, name: str) -> list[dict[str, Any]]:
        """What all pages of a list hold."""
        page = self.call("GET", path)
        found: list[dict[str, Any]] = page[name]
        while page["next_after"] is not None:
            page = self.call("GET", f"{path}&after={page['next_after']}")
            found += page[name]
        return found

    # --- the store ------------------------------------------------------------------

    def open_store(self) -> ObjectStore:
        """The object store that this Weir writes to; the caller closes it."""
        return open_store(self.store_url)


def _children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in found.split()]
    return []
