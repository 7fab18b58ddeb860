"""Weir as a user runs it: `weir up`, all of its processes on core 0 if not told otherwise."""

import json
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

import httpx2

from bench import processes
from bench.servers.server import READY_S, Server, Stream


class Weir(Server):
    name: ClassVar[str] = "weir"

    def __init__(
        self,
        environment: dict[str, str] | None = None,
        *,
        command: Path = Path(sys.executable).parent / "weir",
        core: int | None = processes.SERVER_CORE,
    ) -> None:
        super().__init__()
        self.environment = environment or {}
        self._command = command
        self._core = core
        self.credentials: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://{self.http[0]}:{self.http[1]}"

    def start(self) -> None:
        settings = {
            "WEIR_DATA_DIR": str(self.folder / "data"),
            "WEIR_HTTP_PORT": str(self.http[1]),
            "WEIR_RTMP_PORT": str(self.rtmp[1]),
            "WEIR_LOG_LEVEL": "error",
        }
        self.process = processes.start(
            [self._command, "up"],
            folder=self.folder,
            environment=settings | self.environment,
            core=self._core,
        )
        said = self.folder / "said.log"
        end = time.monotonic() + READY_S
        while "Weir is ready" not in said.read_text():
            if self.process.poll() is not None or time.monotonic() > end:
                logs = sorted((self.folder / "data" / "logs").glob("*.log"))
                tails = "\n".join(f"{log.name}: {log.read_text()[-800:]}" for log in logs)
                raise RuntimeError(f"Weir did not start:\n{said.read_text()[-2000:]}\n{tails}")
            time.sleep(0.05)
        self.credentials = json.loads((self.folder / "data" / "credentials.json").read_text())

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"x-api-key": self.credentials["api_key"]}
        answer = httpx2.request(method, self.url + path, json=body, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def pid_of(self, service: str) -> int:
        return next(pid for pid in self.pids() if processes.name_of(pid) == service)

    def counter(self, service: str, name: str) -> float:
        """A counter of a service's metrics."""
        url = f"http://127.0.0.1:{processes.listening_port(self.pid_of(service))}/metrics"
        token = self.credentials["internal_token"]
        answer = httpx2.get(url, headers={"authorization": f"Bearer {token}"})
        answer.raise_for_status()
        found = [line for line in answer.text.splitlines() if line.startswith(f"{name} ")]
        return float(found[0].split()[1])

    def new_stream(self, **item: Any) -> Stream:
        made = self.call("POST", "/api/v1/streams", {"item": {"name": "bench", **item}})
        return Stream(made["id"], push=made["push"]["stream_key"], flv=f"/{made['id']}/live.flv")
