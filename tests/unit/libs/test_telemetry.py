"""Logs say what failed and where, never with what."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import structlog
from libs.settings import Settings
from libs.telemetry import set_up_logs
set_up_logs(Settings(), "example")
def push(url):
    raise ValueError("it broke")
try:
    push("rtmp://far/app/" + "k3" + "y")
except ValueError:
    structlog.get_logger().exception("push.crashed")
"""


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_log_of_a_crash_names_the_place_and_no_local_variable(
    log_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_LOG_FORMAT", log_format)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert "push.crashed" in done.stderr
    assert "in push" in done.stderr
    assert "it broke" in done.stderr
    assert "k3y" not in done.stderr


def test_a_log_on_a_full_disk_ends_nothing() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM + "print('went on', flush=True)"],
            stdout=subprocess.PIPE, stderr=full, text=True, check=False,
        )  # fmt: skip
    assert done.stdout == "went on\n"
