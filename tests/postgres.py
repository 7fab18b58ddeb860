"""A private Postgres for tests: its own data folder, its own port, gone afterwards."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.required import lacking
from tests.waiting import wait_until

USER = "postgres"
START_TIMEOUT_S = 30.0

_HOW_TO_GET_IT = (
    "Debian and Ubuntu: `apt-get install postgresql`; macOS: `brew install postgresql`; "
    "or name the folder of `initdb` in WEIR_POSTGRES_BIN."
)


@dataclass
class Postgres:
    folder: Path
    """Of the programs."""
    port: int
    process_id: int
    """Of the postmaster."""

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, *, template: str = "template1") -> None:
        """Make a database: a copy of `template`, which nobody may be connected to."""
        self._run("createdb", "--template", template, database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected."""
        self._run("dropdb", "--force", database)

    def _run(self, program: str, *arguments: str) -> None:
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", USER]
        subprocess.run([self.folder / program, *where, *arguments], check=True)

    def process_ids(self) -> list[int]:
        """The postmaster and its children, from /proc."""
        found = [self.process_id]
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.process_id:
                found.append(int(stat.parent.name))
        return found


def postgres_bin() -> Path | None:
    """The folder that holds `initdb` and `postgres`; the newest installed one."""
    named = os.environ.get("WEIR_POSTGRES_BIN")
    folders = [Path(named)] if named else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    folders += [Path(on_path).parent] if on_path else []
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running server that tests share, each with a database of its own."""
    yield from serve_postgres()


def serve_postgres() -> Iterator[Postgres]:
    """A running server, trusted from loopback. Skips loudly when there is no Postgres."""
    folder = postgres_bin()
    if folder is None:
        lacking("Postgres", _HOW_TO_GET_IT)
    with tempfile.TemporaryDirectory(prefix="weir-postgres-") as temporary:
        yield from _serve(folder, Path(temporary))


def _serve(folder: Path, home: Path) -> Iterator[Postgres]:
    data = home / "data"
    data.mkdir(mode=0o700)
    user = group = None
    if os.geteuid() == 0:
        # Postgres refuses to run as root.
        owner = pwd.getpwnam(USER)
        user, group = owner.pw_uid, owner.pw_gid
        for path in (home, data):
            os.chown(path, user, group)
    initdb: list[str | Path] = [
        folder / "initdb",
        "-D",
        data,
        "-U",
        USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
    ]
    subprocess.run(initdb, check=True, capture_output=True, cwd=home, user=user, group=group)
    port = free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(home),
        "max_connections": "60",
        # A test database need not outlive a power cut.
        "fsync": "off",
        "synchronous_commit": "off",
    }
    arguments: list[str | Path] = [folder / "postgres", "-D", data, "-p", str(port)]
    for name, value in settings.items():
        arguments += ["-c", f"{name}={value}"]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            arguments, stdout=log, stderr=log, cwd=home, user=user, group=group
        )
    try:
        _wait_for(folder, server, port, home / "log")
        yield Postgres(folder, port, server.pid)
    finally:
        # SIGQUIT is Postgres's "at once": the data folder is thrown away anyway.
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=20)


def _wait_for(folder: Path, server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ready = [str(folder / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]

    def is_ready() -> bool:
        assert server.poll() is None, f"Postgres ended at once:\n{log.read_text()}"
        return subprocess.run(ready, check=False).returncode == 0

    wait_until(is_ready, within_s=START_TIMEOUT_S, what=log.read_text)
