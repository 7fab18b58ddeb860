"""The command `weir` as somebody types it: what cannot work is one line and an exit code."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from libs.launcher.house import SERVICES
from tests.media import encode
from tests.ports import free_port
from tests.running import RunningWeir
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

REFUSED, FAILED = 2, 1
GIVES_UP_S = 30.0
"""A service must start and read its settings first: Python's imports on a busy machine."""


def weir(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    ports = {"WEIR_HTTP_PORT": str(free_port()), "WEIR_RTMP_PORT": str(free_port())}
    return subprocess.run(
        [Path(sys.executable).parent / "weir", *arguments],
        env=os.environ | ports | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=GIVES_UP_S,
        check=False,
    )


def the_line(run: subprocess.CompletedProcess[str], code: int) -> str:
    """What it said: one line, and no traceback."""
    assert run.returncode == code, run.stderr
    assert "Traceback" not in run.stderr
    *usage, line = run.stderr.strip().splitlines()
    assert all(item.startswith(("Usage:", "Try ")) or not item for item in usage), run.stderr
    return line


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("WEIR_LOG_LEVEL", "loud", "WEIR_LOG_LEVEL: Input should be 'debug', 'info'"),
        ("WEIR_DATABASE_URL", "mysql://u:hunter2@h/d", "catalog: WEIR_DATABASE_URL names 'mysql'"),
    ],
)
def test_setting_that_a_service_refuses_ends_the_start(
    tmp_path: Path, variable: str, value: str, reason: str
) -> None:
    line = the_line(weir("--data-dir", tmp_path, "up", **{variable: value}), REFUSED)
    assert reason in line
    assert "hunter2" not in line


@pytest.mark.parametrize("value", ["0", "65536", "http", "-1", ""])
def test_port_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    run = weir("--data-dir", tmp_path, "up", WEIR_HTTP_PORT=value)
    assert "WEIR_HTTP_PORT must be a port from 1 to 65535" in the_line(run, REFUSED)


@pytest.mark.parametrize("variable", ["WEIR_HTTP_PORT", "WEIR_RTMP_PORT"])
def test_busy_port_is_said_with_the_way_out(tmp_path: Path, variable: str) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = the_line(weir("--data-dir", tmp_path, "up", **{variable: port}), REFUSED)
    assert f"Port {port} cannot be opened" in line
    assert f"{variable}=<port>" in line


def test_missing_nats_server_is_said_with_the_way_to_get_it(tmp_path: Path) -> None:
    line = the_line(weir("--data-dir", tmp_path, "up", WEIR_NATS_SERVER="/nowhere"), FAILED)
    assert "/nowhere does not run" in line
    assert "2.12.6 or newer" in line


@pytest.mark.parametrize("name", ["file", "file/weir", "/proc/weir"])
def test_data_directory_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    line = the_line(weir("--data-dir", tmp_path / name, "up"), REFUSED)
    assert str(tmp_path / name) in line


def test_commands_that_need_a_weir_say_that_there_is_none(tmp_path: Path) -> None:
    line = the_line(weir("--data-dir", tmp_path, "streams"), REFUSED)
    assert "no Weir was started there" in line
    assert list(tmp_path.iterdir()) == []
    line = the_line(weir("--data-dir", tmp_path, "status", WEIR_API_KEY="x"), FAILED)
    assert "No Weir answers at http://127.0.0.1:" in line


def test_wrong_key_and_unknown_stream_are_said(weir_up: RunningWeir, tmp_path: Path) -> None:
    url = {"WEIR_PUBLIC_URL": weir_up.http_url}
    line = the_line(weir("streams", WEIR_API_KEY="wrong", **url), REFUSED)
    assert line.startswith("weir: 401:")
    film = tmp_path / "film.mp4"
    film.touch()
    run = weir("--data-dir", weir_up.data_dir, "publish", "--stream", "nobody", film, **url)
    assert "nobody" in the_line(run, REFUSED)


def test_publish_makes_a_stream_and_pushes_the_file_to_its_end(
    weir_up: RunningWeir, tmp_path: Path
) -> None:
    film = encode(tmp_path / "My film.flv", seconds=3)
    url = {"WEIR_PUBLIC_URL": weir_up.http_url}
    run = weir("--data-dir", weir_up.data_dir, "publish", film, **url)
    assert run.returncode == 0, run.stderr
    (stream,) = [
        stream
        for stream in weir_up.call("GET", "/api/v1/streams")["streams"]
        if stream["item"].get("name") == "My film"
    ]
    assert f"{weir_up.http_url}/{stream['id']}/live.m3u8" in run.stdout
    assert len(weir_up.sessions(stream["id"])) == 1


def test_status_says_that_every_service_is_ready(weir_up: RunningWeir) -> None:
    url = {"WEIR_PUBLIC_URL": weir_up.http_url}
    run = weir("--data-dir", weir_up.data_dir, "status", **url)
    assert run.returncode == 0, run.stderr
    services = json.loads(run.stdout)["services"]
    assert {service["kind"] for service in services if service["is_ready"]} >= set(SERVICES)


def test_init_may_be_run_again(tmp_path: Path) -> None:
    database = {"WEIR_DATABASE_URL": f"sqlite:///{tmp_path / 'catalog.sqlite'}"}
    said = [weir("--data-dir", tmp_path, "init", **database) for _ in range(2)]
    assert [run.returncode for run in said] == [0, 0], said
    assert all(run.stdout.endswith("The database is up to date.\n") for run in said)
    assert (tmp_path / "credentials.json").exists()
    assert (tmp_path / "catalog.sqlite").exists()


def test_second_weir_in_the_same_directory_is_refused(weir_up: RunningWeir) -> None:
    assert weir_up.process is not None
    line = the_line(weir("--data-dir", weir_up.data_dir, "up"), REFUSED)
    assert f"Weir runs already in {weir_up.data_dir} (process {weir_up.process.pid})" in line
    assert weir_up.call("GET", "/api/v1/health")


def test_key_set_by_hand_is_the_one_that_counts(own_weir: RunningWeir) -> None:
    own_weir.environment = {"WEIR_API_KEY": "by-hand"}
    own_weir.start()
    kept = own_weir.credentials["api_key"]
    for key, status in (("by-hand", 200), (kept, 401)):
        answer = httpx2.get(f"{own_weir.http_url}/api/v1/streams", headers={"x-api-key": key})
        assert answer.status_code == status
    assert "by-hand" in (own_weir.data_dir / "up.log").read_text()


def test_killed_service_is_said_and_started_again(own_weir: RunningWeir) -> None:
    own_weir.start()
    before = own_weir.pid("relay")
    own_weir.kill("relay")
    said = (own_weir.data_dir / "up.log").read_text
    announcement = "weir: relay ended with code -9; starting it again in"
    wait_until(lambda: announcement in said(), within_s=GIVES_UP_S, what=said)
    wait_until(lambda: _runs_again(own_weir, before), within_s=GIVES_UP_S, what="the relay is back")
    assert own_weir.stop() < 5
    assert own_weir.process is not None
    assert own_weir.process.returncode == 0


def test_launcher_that_is_killed_leaves_no_process_behind(own_weir: RunningWeir) -> None:
    own_weir.start()
    children = [own_weir.pid(name) for name in ("nats", "catalog", "ingest", "gateway")]
    assert own_weir.process is not None
    own_weir.process.send_signal(signal.SIGKILL)
    own_weir.process.wait()
    wait_until(
        lambda: not any(_is_running(pid) for pid in children),
        within_s=GIVES_UP_S,
        what="the launcher's children are gone",
    )


@pytest.fixture(name="weir_up")
def _weir_up(weir: RunningWeir) -> RunningWeir:
    """The Weir of all tests; here `weir` is the command."""
    return weir


def _runs_again(running: RunningWeir, before: int) -> bool:
    try:
        return running.pid("relay") != before
    except (AssertionError, OSError):
        return False


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
