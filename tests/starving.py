"""Too little CPU for a process and its children."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.rungs import children_of

PERIOD_US = 100_000
V1, V2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")


@contextlib.contextmanager
def interrupted(worker: int) -> Iterator[None]:
    """Let the worker's ffmpegs run for a hundredth of the time: as a quota does, but smaller."""
    is_over = threading.Event()

    def send(number: signal.Signals) -> None:
        for child in children_of(worker):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)

    def starve() -> None:
        while not is_over.wait(0.5):
            send(signal.SIGCONT)
            time.sleep(0.005)
            send(signal.SIGSTOP)

    thread = threading.Thread(target=starve)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        send(signal.SIGCONT)


class NoQuota(Exception):
    """The kernel's groups cannot be written here."""


@contextlib.contextmanager
def quota(worker: int, share: float) -> Iterator[None]:
    """Let the worker and its children, those to come as well, have `share` of one core together.

    Raises `NoQuota`.
    """
    group = _open(share, f"weir-test-{worker}")
    home = _home(worker, group.parent)
    try:
        _move([worker], group)
        _move(children_of(worker), group)
        yield
    finally:
        # A process of the group may have begun another while it was moved.
        while left := [int(pid) for pid in (group / "cgroup.procs").read_text().split()]:
            _move(left, home)
        group.rmdir()


def _open(share: float, name: str) -> Path:
    allowed_us = round(share * PERIOD_US)
    is_v2 = (V2 / "cgroup.controllers").exists()
    group = (V2 if is_v2 else V1) / name
    try:
        if is_v2:
            (V2 / "cgroup.subtree_control").write_text("+cpu")
        group.mkdir()
        if is_v2:
            (group / "cpu.max").write_text(f"{allowed_us} {PERIOD_US}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(allowed_us))
    except OSError as error:
        raise NoQuota(str(error)) from error
    return group


def _home(pid: int, root: Path) -> Path:
    """Where a process is now, below `root`."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "cpu" in controllers.split(","):
            return root / path.lstrip("/")
    return root


def _move(pids: list[int], group: Path) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            (group / "cgroup.procs").write_text(str(pid))
