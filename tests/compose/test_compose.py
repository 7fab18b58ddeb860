"""`docker compose up`: what is up, what is published, and a push and playback through that."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.ffmpeg import find_ffmpeg
from tests.certificates import make_certificate
from tests.containers import need_docker
from tests.media import encode, push
from tests.ports import free_port
from tests.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.integration, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
UP_S = 120
PLAYLIST_S = 30
PROJECT = "weirtest"
SERVICES = {
    "catalog", "gateway", "ingest", "packager", "relay", "transcoder", "nats", "postgres", "store",
}  # fmt: skip
SECRETS = (
    "WEIR_API_KEY", "WEIR_ADMIN_PASSWORD", "WEIR_PUSH_SECRET", "WEIR_INTERNAL_TOKEN",
    "WEIR_NATS_TOKEN", "WEIR_POSTGRES_PASSWORD", "WEIR_ACCESS_KEY_ID", "WEIR_SECRET_ACCESS_KEY",
)  # fmt: skip


class Composed:
    """A project that is up; its edge is started by the test that wants one."""

    def __init__(self, tls: Path) -> None:
        self.variables = {name: f"test{index}secret{index}" for index, name in enumerate(SECRETS)}
        self.variables |= {"WEIR_HTTP_PORT": str(free_port()), "WEIR_RTMP_PORT": str(free_port())}
        self.certificate = make_certificate(tls)
        # Of this project alone: another one may run on this machine.
        subnet = f"10.213.{os.getpid() % 256}.0/24"
        self.variables |= {
            "WEIR_TLS_DIR": str(tls),
            "WEIR_HTTPS_PORT": str(free_port()),
            "WEIR_PRIVATE_SUBNET": subnet,
            "WEIR_TRUSTED_PROXIES": subnet,
        }
        self.https_url = f"https://127.0.0.1:{self.variables['WEIR_HTTPS_PORT']}"
        self.url = f"http://127.0.0.1:{self.variables['WEIR_HTTP_PORT']}"
        self.headers = {"x-api-key": self.variables["WEIR_API_KEY"]}

    def compose(self, *arguments: str) -> str:
        argv = ["docker", "compose", "-p", PROJECT, "-f", ROOT / "deploy" / "compose.yaml"]
        return _output([*argv, *arguments], os.environ | self.variables)

    def containers(self) -> dict[str, Any]:
        """What the engine knows of each service's container, those that ended included."""
        found = json.loads(_output(["docker", "inspect", *self.compose("ps", "-aq").split()]))
        return {item["Config"]["Labels"]["com.docker.compose.service"]: item for item in found}

    def logs(self) -> str:
        return self.compose("logs", "--tail", "20")

    def is_healthy(self) -> bool:
        try:
            answer = httpx2.get(f"{self.url}/api/v1/health", headers=self.headers, timeout=3)
        except httpx2.HTTPError:
            return False
        return answer.is_success


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composed]:
    """Serves; gone with its volumes afterwards."""
    need_docker()
    project = Composed(tmp_path_factory.mktemp("tls"))
    try:
        project.compose("up", "-d", "--build")
        wait_until(project.is_healthy, within_s=UP_S, what=project.logs)
        yield project
    finally:
        project.compose("--profile", "edge", "down", "-v", "-t", "5")


def test_every_container_is_healthy_and_init_has_ended(composed: Composed) -> None:
    assert composed.containers().keys() == SERVICES | {"init"}
    assert composed.containers()["init"]["State"]["ExitCode"] == 0

    def unhealthy() -> dict[str, str]:
        states = {name: item["State"] for name, item in composed.containers().items()}
        return {
            name: state["Health"]["Status"]
            for name, state in states.items()
            if name in SERVICES and state["Health"]["Status"] != "healthy"
        }

    wait_until(lambda: not unhealthy(), within_s=UP_S, what=lambda: str(unhealthy()))


def test_only_http_and_rtmp_are_published(composed: Composed) -> None:
    published = {
        (name, port)
        for name, item in composed.containers().items()
        for port, bindings in (item["NetworkSettings"]["Ports"] or {}).items()
        if bindings
    }
    assert published == {("gateway", "8080/tcp"), ("ingest", "1935/tcp")}
    (private,) = json.loads(_output(["docker", "network", "inspect", f"{PROJECT}_private"]))
    assert private["Internal"]
    inside = {name for name, item in composed.containers().items()
              if item["NetworkSettings"]["Networks"].keys() == {f"{PROJECT}_private"}}  # fmt: skip
    assert {"nats", "postgres", "store", "catalog", "packager", "transcoder"} <= inside


def test_a_push_plays_through_the_published_ports(composed: Composed, tmp_path: Path) -> None:
    created = httpx2.post(
        f"{composed.url}/api/v1/streams", json={"item": {}}, headers=composed.headers
    )
    stream = created.json()
    publisher = push(encode(tmp_path / "in.flv", seconds=30), stream["push"]["url"])
    playlist = f"{composed.url}/{stream['id']}/source/video.m3u8"
    wait_until(
        lambda: httpx2.get(playlist).text.count("#EXTINF") > 1, within_s=PLAYLIST_S, what=playlist
    )
    rtmp = f"rtmp://127.0.0.1:{composed.variables['WEIR_RTMP_PORT']}/live/{stream['id']}"
    for name in ("live.flv", "live.m3u8", "manifest.mpd"):
        _play(f"{composed.url}/{stream['id']}/{name}")
    _play(rtmp)
    assert publisher.wait(60) == 0
    sessions = f"{composed.url}/api/v1/sessions"
    (session,) = httpx2.get(sessions, headers=composed.headers).json()["sessions"]
    assert session["segments"] >= 10


def test_hls_plays_through_the_edge(composed: Composed, tmp_path: Path) -> None:
    """Over TLS and HTTP/2; the gateway believes what the edge says of viewers, and counts them."""
    composed.compose("--profile", "edge", "up", "-d", "edge")
    made = httpx2.post(
        f"{composed.url}/api/v1/streams", json={"item": {}}, headers=composed.headers
    )
    stream = made.json()
    publisher = push(encode(tmp_path / "in.flv", seconds=60), stream["push"]["url"])
    trusting = composed.certificate.trusting()
    base = f"{composed.https_url}/{stream['id']}"
    with httpx2.Client(verify=trusting, trust_env=False) as viewer:

        def has_segments() -> bool:
            try:
                return viewer.get(f"{base}/source/video.m3u8").text.count("#EXTINF") > 1
            except httpx2.TransportError:
                return False

        wait_until(has_segments, within_s=PLAYLIST_S, what=composed.logs)
        playlist = viewer.get(f"{base}/source/video.m3u8").text
        segments = [line for line in playlist.splitlines() if line.endswith(".video.m4s")]
        segment = f"{base}/source/{segments[-1]}"
        answers = [viewer.get(segment) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[1].headers["x-cache"] == "HIT"
    argv = [
        "curl",
        "-sS",
        "--http2",
        "--cacert",
        str(composed.certificate.chain),
        "-o",
        "/dev/null",
    ]
    spoken = _output([*argv, "-w", "%{http_version} %{http_code}", f"{base}/live.m3u8"])
    assert spoken == "2 200"
    for name in ("live.m3u8", "manifest.mpd", "live.flv"):
        _play(f"{base}/{name}")
    seen = httpx2.get(f"{composed.url}/api/v1/streams/{stream['id']}", headers=composed.headers)
    assert seen.json()["viewers"]["hls"] >= 1, "the edge asked for its viewers"
    publisher.kill()
    publisher.wait()


def _play(url: str) -> None:
    argv = [find_ffmpeg(), "-nostdin", "-v", "error", "-i", url, "-t", "2", "-f", "null", "-"]
    played = subprocess.run(argv, check=False, timeout=30, capture_output=True, text=True)
    assert played.returncode == 0, f"{url}: {played.stderr}"


def _output(argv: list[Any], environment: dict[str, str] | None = None) -> str:
    run = subprocess.run(argv, env=environment, check=False, capture_output=True, text=True)
    assert run.returncode == 0, f"{argv}\n{run.stdout[-2000:]}\n{run.stderr[-4000:]}"
    return run.stdout
