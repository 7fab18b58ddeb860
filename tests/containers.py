"""The third parties of the compose file in containers, for tests that must hold on the real images.

Which image stands in the environment (`MINIO_IMAGE`, `POSTGRES_IMAGE`, `NATS_IMAGE`); the default
is the compose file's own. Where no Docker engine answers, such tests are skipped, loudly.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from docker.errors import APIError, ImageNotFound  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer

from libs.bus import Bus
from tests.nats_server import TOKEN
from tests.ports import free_port
from tests.required import lacking
from tests.s3 import KEY, SECRET, S3Server
from tests.waiting import wait_until

DEPLOY = Path(__file__).parents[1] / "deploy"
START_S = 60.0
PASSWORD = "test-password"


def need_docker() -> str:
    """The Docker client's path; skips the test, or fails it where all is required."""
    docker = shutil.which("docker")
    answers = docker and subprocess.run([docker, "info"], capture_output=True, check=False)
    if docker is None or not answers or answers.returncode != 0:
        lacking("A Docker engine", "See the Docker documentation; `make up` needs none.")
    return docker


def image(variable: str) -> str:
    """What the variable says, else what the compose file does without it."""
    found = re.search(rf"\$\{{{variable}:-([^}}]+)\}}", (DEPLOY / "compose.yaml").read_text())
    assert found is not None, f"the compose file does not know {variable}"
    return os.environ.get(variable) or found[1]


@pytest.fixture(scope="session")
def s3_container() -> Iterator[S3Server]:
    need_docker()
    container = (
        DockerContainer(image("MINIO_IMAGE"))
        .with_command("server /data")
        .with_env("MINIO_ROOT_USER", KEY)
        .with_env("MINIO_ROOT_PASSWORD", SECRET)
        .with_exposed_ports(9000)
    )
    with _running(container):
        host, port = container.get_container_host_ip(), container.get_exposed_port(9000)
        _wait_for(lambda: httpx2.get(f"http://{host}:{port}/minio/health/live").is_success)
        yield S3Server(int(port), host)


@dataclass(frozen=True)
class ContainedPostgres:
    container: DockerContainer
    address: str
    """host:port"""

    def url(self, database: str) -> str:
        return f"postgresql://weir:{PASSWORD}@{self.address}/{database}"

    def create(self, database: str) -> None:
        """Make an empty database."""
        code, said = self.container.exec(["createdb", "-U", "weir", database])
        assert code == 0, said


@pytest.fixture(scope="session")
def postgres_container() -> Iterator[ContainedPostgres]:
    need_docker()
    container = (
        DockerContainer(image("POSTGRES_IMAGE"))
        .with_env("POSTGRES_USER", "weir")
        .with_env("POSTGRES_DB", "weir")
        .with_env("POSTGRES_PASSWORD", PASSWORD)
        .with_exposed_ports(5432)
    )
    with _running(container):
        # As in the compose file: over TCP, where the server that runs the first set-up is not.
        ready = ["pg_isready", "-U", "weir", "-d", "weir", "-h", "127.0.0.1"]
        _wait_for(lambda: container.exec(ready)[0] == 0)
        host, port = container.get_container_host_ip(), container.get_exposed_port(5432)
        yield ContainedPostgres(container, f"{host}:{port}")


class ContainedNATS:
    """The bus with the configuration that the compose file gives it; like `NATSServer`."""

    def __init__(self) -> None:
        self._port = free_port()
        self.container = (
            DockerContainer(image("NATS_IMAGE"))
            .with_command("--config /etc/nats/nats.conf")
            .with_env("WEIR_NATS_TOKEN", TOKEN)
            .with_volume_mapping(str(DEPLOY / "nats.conf"), "/etc/nats/nats.conf", "ro")
            # A fixed one: others are given anew at each start.
            .with_bind_ports(4222, self._port)
        )

    @property
    def url(self) -> str:
        return f"nats://{self.container.get_container_host_ip()}:{self._port}"

    def start(self) -> None:
        """Start again after `kill`."""
        self.container.get_wrapped_container().start()

    def kill(self) -> None:
        self.container.get_wrapped_container().kill()

    def bus(self, source: str, *, provisions: bool = False) -> Bus:
        """A connection to it that is not yet made; it waits until the server is there."""
        return Bus(self.url, source=source, token=TOKEN, provisions=provisions)


@pytest.fixture
def nats_container() -> Iterator[ContainedNATS]:
    """A server of the test's own, which it may kill."""
    need_docker()
    server = ContainedNATS()
    with _running(server.container):
        yield server


@contextmanager
def _running(container: DockerContainer) -> Iterator[None]:
    try:
        container.start()
    except (APIError, ImageNotFound) as error:
        lacking(f"A container of {container.image}", f"`docker pull` it, or name another: {error}")
    try:
        yield
    finally:
        container.stop()


def _wait_for(is_ready: Callable[[], bool]) -> None:
    def answers() -> bool:
        with suppress(httpx2.HTTPError):
            return is_ready()
        return False

    wait_until(answers, within_s=START_S, what="a container that is ready")
