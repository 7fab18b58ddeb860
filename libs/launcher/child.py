"""One child process: started, watched, started again with back-off, stopped in time."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from libs.errors import Unavailable
from libs.launcher.forge import die_with_parent

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
STEADY_AFTER_S = 10.0
"""A process that lived this long is started again at once when it ends."""
LOG_BYTES = 16 * 1024 * 1024


class Process(Protocol):
    """As much of `asyncio.subprocess.Process` as is needed of a child."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    async def wait(self) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


Spawn = Callable[[BinaryIO], Awaitable[Process]]
"""Starts a process that writes what it says there. Raises a `WeirError`."""


def command(argv: Sequence[str | Path], environment: Mapping[str, str]) -> Spawn:
    """A program of its own."""

    async def spawn(log: BinaryIO) -> Process:
        return await asyncio.create_subprocess_exec(
            *map(str, argv),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C reaches the launcher alone, which then stops services before the bus.
            start_new_session=True,
            preexec_fn=die_with_parent,
        )

    return spawn


class Child:
    """A process that should always run. Its output goes to `log_path`."""

    def __init__(
        self,
        name: str,
        spawn: Spawn,
        *,
        log_path: Path,
        on_ended: Callable[[str, int, float], None],
    ) -> None:
        self.name = name
        self._spawn_process = spawn
        self._log_path = log_path
        self._on_ended = on_ended
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the process and keep it running until `stop`. Raises what starting it raises."""
        await self._spawn()
        self._task = asyncio.create_task(self._keep(), name=f"keep-{self.name}")

    async def stop(self, timeout_s: float) -> None:
        """SIGTERM, and SIGKILL for what is still there after `timeout_s`."""
        if self._task is not None:
            self._task.cancel()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), timeout_s)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def restart(self) -> None:
        """Ask the process to end; it is started again as after any end."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    async def _keep(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            assert self._process is not None
            started = time.monotonic()
            code = await self._process.wait()
            if time.monotonic() - started > STEADY_AFTER_S:
                pause_s = FIRST_PAUSE_S
            self._on_ended(self.name, code, pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            with contextlib.suppress(Unavailable):  # then the old one's end is told once more
                await self._spawn()

    async def _spawn(self) -> None:
        with self._open_log() as log:
            self._process = await self._spawn_process(log)

    def _open_log(self) -> BinaryIO:
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        try:
            if self._log_path.exists() and self._log_path.stat().st_size > LOG_BYTES:
                self._log_path.replace(self._log_path.with_suffix(".log.1"))
            return self._log_path.open("ab")
        except OSError:  # a full disk: better without a log than not at all
            return Path(os.devnull).open("ab")
