"""`docker compose up`, and a push and playback through the published ports."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from libs.launcher.nats_server import free_port
from libs.launcher.publisher import find_ffmpeg
from tests.media import encode, push
from tests.required import lacking

pytestmark = [pytest.mark.docker, pytest.mark.integration, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
UP_S = 120
SECRETS = (
    "WEIR_API_KEY", "WEIR_ADMIN_PASSWORD", "WEIR_PUSH_SECRET", "WEIR_INTERNAL_TOKEN",
    "WEIR_NATS_TOKEN", "WEIR_POSTGRES_PASSWORD", "WEIR_ACCESS_KEY_ID", "WEIR_SECRET_ACCESS_KEY",
)  # fmt: skip


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """The variables of a project that is up, and gone with its volumes afterwards."""
    docker = shutil.which("docker")
    if docker is None or not _answers(docker):
        lacking("A Docker engine", "See the Docker documentation, or use `make up` without one.")
    variables = {name: f"test{index}secret{index}" for index, name in enumerate(SECRETS)}
    variables |= {"WEIR_HTTP_PORT": str(free_port()), "WEIR_RTMP_PORT": str(free_port())}
    compose = [docker, "compose", "-p", "weirtest", "-f", str(ROOT / "deploy" / "compose.yaml")]
    whole = os.environ | variables
    subprocess.run([*compose, "up", "-d", "--build"], env=whole, check=True)
    yield variables
    subprocess.run([*compose, "down", "-v", "-t", "5"], env=whole, check=True)


def test_a_push_plays_through_the_published_ports(
    environment: dict[str, str], tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{environment['WEIR_HTTP_PORT']}"
    headers = {"x-api-key": environment["WEIR_API_KEY"]}
    deadline = time.monotonic() + UP_S
    while not _is_healthy(url, headers):
        assert time.monotonic() < deadline, "not healthy in time"
        time.sleep(0.5)
    stream = httpx2.post(f"{url}/api/v1/streams", json={"item": {}}, headers=headers).json()
    source = encode(tmp_path / "in.flv", seconds=24)
    publisher = push(source, stream["push"]["url"])
    while httpx2.get(f"{url}/{stream['id']}/source/video.m3u8").text.count("#EXTINF") < 2:
        assert publisher.poll() is None, "the push ended before there was a playlist"
        time.sleep(0.2)
    for name in ("live.flv", "live.m3u8", "manifest.mpd"):
        argv = [find_ffmpeg(), "-nostdin", "-v", "error", "-i", f"{url}/{stream['id']}/{name}"]
        argv += ["-t", "2", "-f", "null", "-"]
        played = subprocess.run(argv, check=False, timeout=30, capture_output=True, text=True)
        assert played.returncode == 0, f"{name}: {played.stderr}"
    assert publisher.wait(60) == 0
    sessions = httpx2.get(f"{url}/api/v1/sessions", headers=headers).json()["sessions"]
    assert sessions[0]["segments"] >= 10


def _is_healthy(url: str, headers: dict[str, str]) -> bool:
    try:
        return httpx2.get(f"{url}/api/v1/health", headers=headers, timeout=3).is_success
    except httpx2.HTTPError:
        return False


def _answers(docker: str) -> bool:
    return subprocess.run([docker, "info"], check=False, capture_output=True).returncode == 0
