"""One service as a process of its own, as it runs in a container."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ENDS_S = 10.0


class ServiceProcess:
    """`python -m services.<kind>`: start it, kill it, read its log, start it again."""

    def __init__(
        self, kind: str, environment: Mapping[str, str], log: Path, *, module: str = ""
    ) -> None:
        self.log = log
        self._module = module or f"services.{kind}"
        self._environment = os.environ | environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was not started, or killed"
        return self._process

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Returns the exit code; a process that has ended already is fine, a stopped one ends."""
        if self._process is None:
            return 0
        self._process.send_signal(number)
        self._process.send_signal(signal.SIGCONT)
        try:
            code = self._process.wait(ENDS_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        self._process = None
        return code

    @property
    def has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def memory_bytes(self) -> int:
        """Resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def said(self) -> str:
        return self.log.read_text()

    def events(self, event: str | None = None) -> list[dict[str, Any]]:
        """Its log, an object a line; those of one event only, if named."""
        lines = [json.loads(line) for line in self.said().splitlines() if line.startswith("{")]
        return [line for line in lines if event is None or line["event"] == event]
