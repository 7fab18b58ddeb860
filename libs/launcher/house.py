"""The whole house on one machine: a NATS server and the six services, each a process."""

import asyncio
import contextlib
import os
import socket
import sys
from functools import partial
from pathlib import Path

import httpx2

from libs.launcher.child import Child, Spawn, command
from libs.launcher.credentials import Credentials
from libs.launcher.data_dir import DataDirLock, kept_below
from libs.launcher.errors import HouseNotReady, PortTaken, ServiceRefused
from libs.launcher.forging import Forge
from libs.launcher.nats_health import watch_nats
from libs.launcher.nats_server import find_nats_server, free_port, write_nats_config
from libs.settings import EXIT_SETTINGS

SERVICES = ("catalog", "ingest", "packager", "transcoder", "relay", "gateway")
STOP_TIMEOUT_S = 4.2
NATS_STOP_TIMEOUT_S = 0.6


class House:
    """Started and stopped as one; a second one in the same data directory is refused."""

    def __init__(
        self,
        data_dir: Path,
        *,
        http_port: int,
        rtmp_port: int,
        rtmps_port: int | None = None,
        host: str = "0.0.0.0",  # noqa: S104
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.http_port = http_port
        self.rtmp_port = rtmp_port
        self.rtmps_port = rtmps_port
        """None: there is no certificate."""
        self.host = host
        self.credentials: Credentials
        self.children: dict[str, Child] = {}
        self._refusal: ServiceRefused | None = None
        self._lock: DataDirLock | None = None
        self._forge: Forge | None = None
        self._nats_watch: asyncio.Task[None] | None = None

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def public_urls(self) -> dict[str, str]:
        """By setting, what is printed: as the operator said, else where this machine is reached."""
        urls = {
            "WEIR_PUBLIC_URL": self.http_url,
            "WEIR_RTMP_PUBLIC_URL": f"rtmp://127.0.0.1:{self.rtmp_port}",
        }
        if self.rtmps_port is not None:
            urls["WEIR_RTMPS_PUBLIC_URL"] = f"rtmps://127.0.0.1:{self.rtmps_port}"
        return {name: os.environ.get(name, url).rstrip("/") for name, url in urls.items()}

    async def start(self) -> None:
        """Start everything; returns once the processes run (see `wait_ready`)."""
        self._lock = DataDirLock.take(self.data_dir)
        self.credentials = Credentials.load(self.data_dir).overridden_by(os.environ)
        _check_port("WEIR_HTTP_PORT", self.host, self.http_port)
        _check_port("WEIR_RTMP_PORT", self.host, self.rtmp_port)
        if self.rtmps_port is not None:
            _check_port("WEIR_RTMPS_PORT", self.host, self.rtmps_port)
        environment = self._environment(nats_port := free_port())
        config = self.data_dir / "nats" / "nats.conf"
        write_nats_config(
            config,
            port=nats_port,
            health_port=(health_port := free_port()),
            store=config.parent,
            token=self.credentials.nats_token,
        )
        nats = command([find_nats_server(), "--config", config], environment)
        await self._start_child("nats", nats)
        health_url = f"http://127.0.0.1:{health_port}"
        self._nats_watch = asyncio.create_task(
            watch_nats(health_url, config.parent, self.children["nats"].restart), name="nats-watch"
        )
        self._forge = Forge(environment)
        for name in SERVICES:
            await self._start_child(name, partial(self._forge.spawn, name))

    async def wait_ready(self, timeout_s: float = 60) -> None:
        """Return when `/api/v1/health` says that the whole house serves.

        Raises `ServiceRefused` as soon as a service says that its settings are wrong.
        """
        headers = {"x-api-key": self.credentials.api_key}
        last = "no answer yet"
        deadline = asyncio.get_running_loop().time() + timeout_s
        async with httpx2.AsyncClient(base_url=self.http_url, headers=headers) as client:
            while asyncio.get_running_loop().time() < deadline:
                if self._refusal is not None:
                    raise self._refusal
                try:
                    answer = await client.get("/api/v1/health", timeout=2)
                    if answer.status_code == httpx2.codes.OK:
                        return
                    last = answer.text
                except httpx2.HTTPError as error:
                    last = str(error) or type(error).__name__
                await asyncio.sleep(0.1)
        raise HouseNotReady(
            f"Weir is not ready after {timeout_s:.0f} s ({last[:300]}); "
            f"the logs are in {self.data_dir / 'logs'}."
        )

    async def stop(self) -> None:
        """Services first, all at once; then the bus, so that their last facts are said."""
        if self._nats_watch is not None:
            self._nats_watch.cancel()
        services = [child for name, child in self.children.items() if name != "nats"]
        await asyncio.gather(*(child.stop(STOP_TIMEOUT_S) for child in services))
        if self._forge is not None:
            await self._forge.stop()
        if "nats" in self.children:
            await self.children["nats"].stop(NATS_STOP_TIMEOUT_S)
        if self._lock is not None:
            self._lock.release()

    async def _start_child(self, name: str, spawn: Spawn) -> None:
        child = Child(
            name,
            spawn,
            log_path=self.data_dir / "logs" / f"{name}.log",
            on_ended=self._on_ended,
        )
        await child.start()
        self.children[name] = child

    def _on_ended(self, name: str, code: int, pause_s: float) -> None:
        log = self.data_dir / "logs" / f"{name}.log"
        if code == EXIT_SETTINGS:
            said = log.read_text(errors="replace").splitlines()
            self._refusal = ServiceRefused(said[-1].removeprefix("weir ") if said else name)
            return
        with contextlib.suppress(OSError):  # output to a full disk must not keep it from starting
            print(
                f"weir: {name} ended with code {code}; starting it again in {pause_s:g} s "
                f"(log: {log})",
                file=sys.stderr,
                flush=True,
            )

    def _environment(self, nats_port: int) -> dict[str, str]:
        """What the operator set wins over what embedded mode would choose."""
        defaults = {
            **kept_below(self.data_dir),
            "WEIR_HTTP_HOST": self.host,
            "WEIR_RTMP_HOST": self.host,
        }
        fixed = {
            "WEIR_DATA_DIR": str(self.data_dir),
            "WEIR_HTTP_PORT": str(self.http_port),
            "WEIR_RTMP_PORT": str(self.rtmp_port),
            "WEIR_NATS_URL": f"nats://127.0.0.1:{nats_port}",
        }
        return (
            defaults
            | dict(os.environ)
            | self.public_urls()
            | self.credentials.environment()
            | fixed
        )


def _check_port(variable: str, host: str, port: int) -> None:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise PortTaken(
            f"Port {port} cannot be opened ({error.strerror}); another program may hold it. "
            f"Choose another with {variable}=<port>."
        ) from None
