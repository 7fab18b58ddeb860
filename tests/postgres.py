"""A private Postgres for tests: its own data folder, its own port, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

USER = "postgres"
START_TIMEOUT_S = 30.0

_HOW_TO_GET_IT = (
    "Postgres is not installed, so tests against it are skipped. Debian and Ubuntu: "
    "`apt-get install postgresql`; macOS: `brew install postgresql`; "
    "or name the folder of `initdb` in WEIR_POSTGRES_BIN."
)


@dataclass
class Postgres:
    port: int
    process_id: int
    """Of the postmaster; its children are in its session."""

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"


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
    """A running server, trusted from loopback. Skipped loudly when there is no Postgres."""
    folder = postgres_bin()
    if folder is None:
        if os.environ.get("WEIR_REQUIRE_ALL") == "1":
            pytest.fail(_HOW_TO_GET_IT)
        pytest.skip(_HOW_TO_GET_IT)
    with tempfile.TemporaryDirectory(prefix="weir-postgres-") as temporary:
        yield from _serve(folder, Path(temporary))


def _serve(folder: Path, home: Path) -> Iterator[Postgres]:
    data = home / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        # Postgres refuses to run as root.
        owner = pwd.getpwnam(USER)
        for path in (home, data):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    initdb = [folder / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8"]
    subprocess.run(_as_owner(initdb), check=True, capture_output=True)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(home),
        "max_connections": "60",
        # A test database need not outlive a power cut.
        "fsync": "off",
        "synchronous_commit": "off",
    }
    arguments: list[object] = [folder / "postgres", "-D", data, "-p", str(port)]
    for name, value in settings.items():
        arguments += ["-c", f"{name}={value}"]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            _as_owner(arguments), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_for(folder, server, port, home / "log")
        yield Postgres(port, int((data / "postmaster.pid").read_text().split()[0]))
    finally:
        stop = [folder / "pg_ctl", "stop", "-D", data, "-m", "immediate", "-w"]
        subprocess.run(_as_owner(stop), check=True, capture_output=True)
        server.wait(timeout=10)


def _as_owner(arguments: Sequence[object]) -> list[str]:
    command = [str(argument) for argument in arguments]
    return ["runuser", "-u", USER, "--", *command] if os.geteuid() == 0 else command


def _wait_for(folder: Path, server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    ready = [str(folder / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    while subprocess.run(ready, check=False).returncode != 0:
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"Postgres did not start:\n{log.read_text()}")
        time.sleep(0.05)
