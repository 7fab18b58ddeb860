"""S3 servers for tests, as processes: rclone's (real keys, plain files) and moto's."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from minio import Minio

from tests.ports import free_port
from tests.waiting import wait_until

KEY, SECRET = "WEIRKEY", "weir-secret-key"
START_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class S3Server:
    port: int
    host: str = "127.0.0.1"

    def url(self, bucket: str, *, port: int | None = None, secret: str = SECRET) -> str:
        """The bucket's WEIR_STORE_URL; by way of another port where a proxy stands before it."""
        return f"s3://{KEY}:{secret}@{self.host}:{port or self.port}/{bucket}?secure=false"

    def remove_bucket(self, bucket: str) -> None:
        """With all that is in it."""
        client = Minio(f"{self.host}:{self.port}", KEY, SECRET, secure=False, region="us-east-1")
        for item in client.list_objects(bucket, recursive=True):
            client.remove_object(bucket, item.object_name or "")
        client.remove_bucket(bucket)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Rclone's S3 server (SigV4, plain files on disk) that tests share, each with its bucket."""
    with serve_rclone(tmp_path_factory.mktemp("s3")) as server:
        yield server


@contextmanager
def serve_rclone(folder: Path) -> Iterator[S3Server]:
    port = free_port()
    argv: list[str | Path] = [
        Path(sys.executable).parent / "rclone", "serve", "s3", "--auth-key", f"{KEY},{SECRET}",
        "--addr", f"127.0.0.1:{port}", folder,
    ]  # fmt: skip
    with serving(argv, port):
        yield S3Server(port)


@pytest.fixture(scope="session")
def moto_s3() -> Iterator[S3Server]:
    """Moto's S3 server: no keys are checked, but it is another reading of the same protocol."""
    port = free_port()
    program = Path(sys.executable).parent / "moto_server"
    with serving([program, "-H", "127.0.0.1", "-p", str(port)], port):
        yield S3Server(port)


@contextmanager
def serving(argv: list[str | Path], port: int) -> Iterator[None]:
    """A program that speaks HTTP on `port` once it has started."""
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(process, f"http://127.0.0.1:{port}/")
        yield
    finally:
        process.terminate()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], url: str) -> None:
    def answers() -> bool:
        assert process.poll() is None, "the S3 server ended at once"
        try:
            httpx2.get(url, timeout=2)
        except httpx2.HTTPError:
            return False
        return True

    wait_until(answers, within_s=START_TIMEOUT_S, what="an answer of the S3 server")
