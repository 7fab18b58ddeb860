"""Which nats-server embedded mode runs, and what it says when there is none that will do."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from libs.launcher import nats_server
from libs.launcher.errors import NATSServerMissing
from libs.launcher.nats_server import find_nats_server, free_port, write_nats_config


def server(path: Path, says: str) -> Path:
    """A program that answers `--version`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def nothing_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting, nothing beside this Python, nothing on PATH."""
    monkeypatch.delenv("WEIR_NATS_SERVER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))


def test_the_pinned_wheel_brings_one_that_is_new_enough() -> None:
    assert find_nats_server().parent == Path(sys.executable).parent


@pytest.mark.usefixtures("nothing_beside")
def test_setting_wins_over_the_wheel_and_the_wheel_over_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = server(tmp_path / "path" / "nats-server", "echo nats-server: v2.12.6")
    assert find_nats_server() == on_path
    beside = server(tmp_path / "venv" / "nats-server", "echo nats-server: v2.13.0")
    assert find_nats_server() == beside
    named = server(tmp_path / "mine", "echo nats-server: v3.0.0-dev")
    monkeypatch.setenv("WEIR_NATS_SERVER", str(named))
    assert find_nats_server() == named


@pytest.mark.usefixtures("nothing_beside")
def test_without_any_the_way_to_get_one_is_said() -> None:
    with pytest.raises(NATSServerMissing, match=r"There is no nats-server\. Install .* 2\.12\.6"):
        find_nats_server()


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ("echo nats-server: v2.12.5", "is version 2.12.5, which is too old"),
        ("echo nats-server: v2.9.25", "is version 2.9.25, which is too old"),
        ("echo hello", "does not say its version"),
        ("exit 1", "does not run"),
    ],
)
def test_one_that_will_not_do_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, reason: str
) -> None:
    monkeypatch.setenv("WEIR_NATS_SERVER", str(server(tmp_path / "nats-server", says)))
    with pytest.raises(NATSServerMissing, match=reason):
        find_nats_server()


def test_setting_that_names_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_NATS_SERVER", str(tmp_path / "nowhere"))
    with pytest.raises(NATSServerMissing, match="nowhere does not run"):
        find_nats_server()


def test_configuration_is_valid_private_and_survives_odd_names(tmp_path: Path) -> None:
    path = tmp_path / 'a "quoted" folder' / "nats.conf"
    write_nats_config(path, port=4222, health_port=8222, store=path.parent, token='pass"word')
    assert path.stat().st_mode & 0o777 == 0o600
    subprocess.run([find_nats_server(), "--config", path, "-t"], check=True, capture_output=True)


def test_a_second_start_keeps_the_configuration_private(tmp_path: Path) -> None:
    path = tmp_path / "nats.conf"
    path.touch(mode=0o644)
    write_nats_config(path, port=4222, store=tmp_path, token="secret")
    assert path.stat().st_mode & 0o777 == 0o600


def test_free_port_is_none_that_somebody_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    free = free_port()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(nats_server, "PORTS", (taken.getsockname()[1], free))
        assert {free_port() for _ in range(20)} == {free}


def test_free_port_is_below_those_of_outgoing_connections() -> None:
    lowest, _ = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert max(nats_server.PORTS) < lowest
