"""A Postgres of the bench's own, on core 0."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import ClassVar

from bench import cache, processes
from bench.servers.server import Server

_USER = "postgres"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    # So that filling it is not held up; what is measured reads.
    "max_wal_size": "8GB",
}


class Postgres(Server):
    """As it is installed, but for its port and its folder."""

    name: ClassVar[str] = "Postgres"

    def start(self) -> None:
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        self._give_away(data)
        command: list[str | Path] = [
            _programs() / "initdb",
            "-D",
            data,
            "-U",
            _USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, user=self._owner)
        settings = _SETTINGS | {
            "unix_socket_directories": str(self.folder),
            "port": str(self.http[1]),
        }
        argv = [_programs() / "postgres", "-D", data]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        self.process = processes.start(argv, folder=self.folder, user=self._owner)
        self.await_port(self.http)
        while subprocess.run(
            [_programs() / "pg_isready", "-q", *self._where()], check=False
        ).returncode:
            time.sleep(0.1)  # it takes connections before it takes questions

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)  # at once: the folder is thrown away
        super().stop()

    def create(self, database: str) -> str:
        """A new database; its URL."""
        subprocess.run([_programs() / "createdb", *self._where(), database], check=True)
        return f"postgresql://{_USER}@{self.http[0]}:{self.http[1]}/{database}"

    def _where(self) -> list[str]:
        return ["-h", self.http[0], "-p", str(self.http[1]), "-U", _USER]

    @property
    def _owner(self) -> str | None:
        """Postgres refuses to run as root."""
        return _USER if os.geteuid() == 0 else None

    def _give_away(self, data: Path) -> None:
        if self._owner is not None:
            owner = pwd.getpwnam(self._owner)
            for path in (self.folder, data):
                os.chown(path, owner.pw_uid, owner.pw_gid)


def _programs() -> Path:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    folders += [Path(on_path).parent] if on_path else []
    for folder in folders:
        if (folder / "initdb").exists():
            return folder
    raise cache.PeerMissing("Postgres is missing: apt-get install postgresql")
